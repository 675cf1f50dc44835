#include "common/list.h"

#include <stdlib.h>

#include "tap.h"

static void a_list_keeps_its_elements_as_it_grows(void)
{
    size_t *list = NULL;

    for (size_t i = 0; i < 1000; i++) {
        size_t *grown = list_grow(list, i, sizeof *list);

        if (!CHECK(grown != NULL))
            break;
        list = grown;
        list[i] = i;
    }
    for (size_t i = 0; i < 1000; i++)
        CHECK_INT((long long)list[i], (long long)i);
    free(list);
}

static void a_list_that_lost_elements_grows_again(void)
{
    char *list = NULL;

    for (size_t i = 0; i < 40; i++) {
        list = list_grow(list, i, 1);
        list[i] = 'a';
    }
    for (size_t i = 16; i < 70; i++) {
        list = list_grow(list, i, 1);
        list[i] = 'b';
    }
    CHECK_INT(list[15], 'a');
    CHECK_INT(list[69], 'b');
    free(list);
}

static const struct tap_test tests[] = {
    {"a list keeps its elements as it grows", a_list_keeps_its_elements_as_it_grows},
    {"a list that lost elements grows again", a_list_that_lost_elements_grows_again},
};

TAP_MAIN(tests)
