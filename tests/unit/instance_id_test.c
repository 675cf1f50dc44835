#include "common/instance_id.h"

#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

static void an_id_is_i_and_hexadecimal_digits(void)
{
    static const char *const legal[] = {"i-0", "i-1234abcd", "i-0123456789abcdef0"};
    static const char *const illegal[] = {
        "",
        "i-",
        "i",
        "i-A1",
        "i-0g",
        "j-01",
        "i-0/../x",
        "i-01\n",
        "I-01",
        " i-01",
        "i-0123456789abcdef0123456789abcdef0123456789",
    };

    for (size_t i = 0; i < COUNT(legal); i++)
        CHECK(instance_id_is_legal(legal[i]));
    for (size_t i = 0; i < COUNT(illegal); i++) {
        if (!CHECK(!instance_id_is_legal(illegal[i])))
            printf("# %s\n", illegal[i]);
    }
}

static void every_marker_is_replaced(void)
{
    static const char *const cases[][2] = {
        {"/a/%i/b", "/a/i-01/b"}, {"%i", "i-01"}, {"%i%i-x", "i-01i-01-x"},
        {"none", "none"},         {"%", "%"},     {"", ""}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer expanded = BUFFER_INIT;

        instance_id_put(&expanded, cases[i][0], "i-01");
        CHECK_TEXT(buffer_text(&expanded), cases[i][1]);
        buffer_free(&expanded);
    }
}

static void a_path_matches_with_one_id_for_all_its_markers(void)
{
    static const struct {
        const char *path;
        const char *name;
        const char *rest; /* NULL: the name does not lie below the path */
    } cases[] = {
        {"/a/", "/a/b", "b"},
        {"/a/", "/ab/c", NULL},
        {"/%i/", "/i-01/x/y", "x/y"},
        {"/a/%i/", "/a/i-0123456789abcdef0/log", "log"},
        {"/a-%iabc/", "/a-i-12abc/x", "x"},
        {"/a-%iabc/", "/a-i-12ab/x", NULL},
        {"/%i/%i/", "/i-01/i-01/x", "x"},
        {"/%i/%i/", "/i-01/i-02/x", NULL},
        {"/%i%i/", "/i-1i-1/x", "x"},
        {"/%i/", "/i-/x", NULL},
        {"/%i/", "/%i/x", NULL},
        {"/%i/", "/j-01/x", NULL},
        {"/%i/", "/i-0", NULL},
        {"/%i/", "/", NULL},
        {"/%i/", "", NULL},
        {"/a/b/%i/", "/a", NULL},
        {"/%i/", "/i-0123456789abcdef0123456789abcdef0/x", NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t length = instance_id_match_path(cases[i].path, cases[i].name);

        CHECK_TEXT(length != 0 ? cases[i].name + length : NULL, cases[i].rest);
    }
}

static const struct tap_test tests[] = {
    {"an id is i- and hexadecimal digits", an_id_is_i_and_hexadecimal_digits},
    {"every marker is replaced", every_marker_is_replaced},
    {"a path matches with one id for all its markers",
     a_path_matches_with_one_id_for_all_its_markers},
};

TAP_MAIN(tests)
