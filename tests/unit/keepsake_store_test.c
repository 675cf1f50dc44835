#include "cache/keepsake_store.h"

#include <fcntl.h>
#include <unistd.h>

#include "scratch_folder.h"
#include "tap.h"

/* Paper time, in milliseconds. */
static uint64_t paper_now;

static uint64_t paper_clock(void)
{
    return paper_now;
}

static char origin[] = "0123";
static char region[] = "us-east-2";
static const struct keepsake keepsake = {.life = 3600, .origin = origin, .region = region};

static enum store_load load(int folder, const char *key, uint32_t *life)
{
    struct keepsake loaded;
    struct error error = ERROR_INIT;
    enum store_load result = keepsake_load(&loaded, folder, key, paper_clock, &error);

    *life = loaded.life;
    CHECK_INT(error_is_set(&error), result == STORE_DAMAGED);
    if (result == STORE_LOADED)
        CHECK_TEXT(loaded.region, "us-east-2");
    keepsake_free(&loaded);
    return result;
}

static int save(struct scratch *scratch)
{
    struct error error = ERROR_INIT;
    int folder;

    *scratch = scratch_new();
    folder = open(scratch->folder, O_RDONLY | O_DIRECTORY);
    paper_now = 1000000;
    CHECK(keepsake_save(&keepsake, folder, "key", paper_clock, &error));
    return folder;
}

static void its_life_shrinks_with_time(void)
{
    static const struct {
        uint64_t age_ms;
        uint32_t life;
    } cases[] = {{0, 3600}, {1, 3599}, {1000, 3599}, {1001, 3598}, {3300000, 300}};
    struct scratch scratch;
    int folder = save(&scratch);
    uint32_t life;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        paper_now = 1000000 + cases[i].age_ms;
        CHECK_INT(load(folder, "key", &life), STORE_LOADED);
        CHECK_INT(life, cases[i].life);
    }
    close(folder);
    scratch_end(&scratch);
}

static void with_less_than_five_minutes_left_there_is_nothing(void)
{
    struct scratch scratch;
    int folder = save(&scratch);
    uint32_t life;

    paper_now = 1000000 + 3300001;
    CHECK_INT(load(folder, "key", &life), STORE_ABSENT);
    CHECK_INT(life, 0);
    paper_now = UINT64_MAX;
    CHECK_INT(load(folder, "key", &life), STORE_ABSENT);
    close(folder);
    scratch_end(&scratch);
}

static void one_of_the_future_is_damage_and_is_removed(void)
{
    struct scratch scratch;
    int folder = save(&scratch);
    uint32_t life;

    paper_now = 999999;
    CHECK_INT(load(folder, "key", &life), STORE_DAMAGED);
    CHECK_INT(load(folder, "key", &life), STORE_ABSENT);
    close(folder);
    scratch_end(&scratch);
}

static void another_key_finds_nothing(void)
{
    struct scratch scratch;
    int folder = save(&scratch);
    char name[STORE_NAME_BYTES];
    char other[STORE_NAME_BYTES];
    char from[64];
    char to[64];
    uint32_t life;

    CHECK_INT(load(folder, "other", &life), STORE_ABSENT);
    store_name("key", name);
    store_name("other", other);
    snprintf(from, sizeof from, "%s" KEEPSAKE_SUFFIX, name);
    snprintf(to, sizeof to, "%s" KEEPSAKE_SUFFIX, other);
    CHECK_INT(renameat(folder, from, folder, to), 0);
    CHECK_INT(load(folder, "other", &life), STORE_ABSENT); /* as if their hashes were the same */
    close(folder);
    scratch_end(&scratch);
}

static void what_is_forgotten_is_gone(void)
{
    struct scratch scratch;
    int folder = save(&scratch);
    uint32_t life;

    keepsake_forget(folder, "other");
    CHECK_INT(load(folder, "key", &life), STORE_LOADED);
    keepsake_forget(folder, "key");
    CHECK_INT(load(folder, "key", &life), STORE_ABSENT);
    close(folder);
    scratch_end(&scratch);
}

static const struct tap_test tests[] = {
    {"its life shrinks with time, rounded down", its_life_shrinks_with_time},
    {"with less than five minutes left there is nothing",
     with_less_than_five_minutes_left_there_is_nothing},
    {"one of the future is damage, and is removed", one_of_the_future_is_damage_and_is_removed},
    {"another key finds nothing, even under the same name", another_key_finds_nothing},
    {"what is forgotten is gone", what_is_forgotten_is_gone},
};

TAP_MAIN(tests)
