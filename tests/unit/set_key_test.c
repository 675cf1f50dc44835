#include "cache/set_key.h"

#include "tap.h"

static struct lookup lookups[] = {
    {LOOKUP_PARAMETER, 3, (char[]){"/prod/db"}, (char[]){""}},
    {LOOKUP_SECRET, 3, (char[]){"rds!db-1?stage=AWSCURRENT"}, (char[]){"/user name"}},
    {LOOKUP_SUBTREE, 3, (char[]){"/prod/app/"}, (char[]){""}},
};

static void write_key(const char *identity, size_t count, struct buffer *key)
{
    *key = BUFFER_INIT;
    set_key_write(identity, lookups, count, key);
}

static void what_is_written_is_read(void)
{
    struct buffer text;
    struct set_key key;

    write_key("region=us-east-2\n7:x=1 2:3\n", 3, &text);
    if (CHECK(set_key_read(buffer_text(&text), &key))) {
        CHECK_TEXT(key.identity, "region=us-east-2\n7:x=1 2:3\n");
        CHECK_INT((long long)key.count, 3);
        for (size_t i = 0; i < key.count; i++) {
            CHECK_INT(key.lookups[i].kind, lookups[i].kind);
            CHECK_TEXT(key.lookups[i].name, lookups[i].name);
            CHECK_TEXT(key.lookups[i].member, lookups[i].member);
        }
    }
    set_key_free(&key);
    set_key_free(&key);
    buffer_free(&text);
}

static void the_empty_identity_is_one(void)
{
    struct buffer text;
    struct set_key key;

    write_key("", 1, &text);
    if (CHECK(set_key_read(buffer_text(&text), &key)))
        CHECK_TEXT(key.identity, "");
    set_key_free(&key);
    buffer_free(&text);
}

/* A cut at the end of a lookup is another set's key. */
static void no_cut_of_a_key_is_read_as_the_whole(void)
{
    struct buffer text;
    struct set_key key;

    write_key("identity", 3, &text);
    for (size_t length = 0; length < text.length; length++) {
        char *cut = text_copy_bytes(text.data, length);

        if (set_key_read(cut, &key))
            CHECK(key.count < 3);
        set_key_free(&key);
        text_free(cut);
    }
    buffer_free(&text);
}

static void no_other_text_is_a_key(void)
{
    static const char *const texts[] = {
        "",
        "x",
        "8identity\n1 1:a 0:",
        "9:identity\n1 1:a 0:",
        "99999999999999999999:x\n1 1:a 0:",
        "-1:x\n1 1:a 0:",
        "8:identity",
        "8:identity\n",
        "8:identity\n0 1:a 0:",
        "8:identity\n5 1:a 0:",
        "8:identity\n1 1:a",
        "8:identity\n1 1:a 0:x",
        "8:identity\n1 1:a 1:",
        "8:identity 1 1:a 0:",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct set_key key;

        if (!CHECK(!set_key_read(texts[i], &key)))
            printf("# %s\n", texts[i]);
        CHECK(key.identity == NULL && key.lookups == NULL && key.count == 0);
    }
}

static const struct tap_test tests[] = {
    {"what is written is read", what_is_written_is_read},
    {"the empty identity is one", the_empty_identity_is_one},
    {"no cut of a key is read as the whole", no_cut_of_a_key_is_read_as_the_whole},
    {"no other text is a key", no_other_text_is_a_key},
};

TAP_MAIN(tests)
