#include "common/keepsake.h"

#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

static char origin[] = "0123abcd";
static char access_key_id[] = "ASIA";
static char secret_access_key[] = "secret/+=";
static char session_token[] = "token";
static char region[] = "us-east-2";
static char instance_id[] = "i-0123";

/* Everything that can be in one. */
static const struct keepsake whole = {.life = 3600,
                                      .origin = origin,
                                      .access_key_id = access_key_id,
                                      .secret_access_key = secret_access_key,
                                      .session_token = session_token,
                                      .region = region,
                                      .instance_id = instance_id};

static void everything_survives_the_journey(void)
{
    struct keepsake keepsake = whole;
    struct keepsake arrived;
    struct buffer bytes = BUFFER_INIT;
    struct wire_reader reader;

    keepsake_put(&keepsake, &bytes);
    wire_reader_init(&reader, bytes.data, bytes.length);
    CHECK(keepsake_take(&arrived, &reader) && wire_reader_done(&reader));
    CHECK_INT(arrived.life, 3600);
    CHECK_TEXT(arrived.origin, "0123abcd");
    CHECK_TEXT(arrived.access_key_id, "ASIA");
    CHECK_TEXT(arrived.secret_access_key, "secret/+=");
    CHECK_TEXT(arrived.session_token, "token");
    CHECK_TEXT(arrived.region, "us-east-2");
    CHECK_TEXT(arrived.instance_id, "i-0123");
    keepsake_free(&arrived);
    keepsake_free(&arrived);
    buffer_free(&bytes);
}

static void nothing_is_four_bytes(void)
{
    struct keepsake keepsake = {0};
    struct keepsake arrived;
    struct buffer bytes = BUFFER_INIT;
    struct wire_reader reader;

    keepsake_put(&keepsake, &bytes);
    CHECK_INT((long long)bytes.length, 4);
    wire_reader_init(&reader, bytes.data, bytes.length);
    CHECK(keepsake_take(&arrived, &reader) && wire_reader_done(&reader));
    CHECK_INT(arrived.life, 0);
    buffer_free(&bytes);
}

struct change {
    const char *what;
    void (*make)(struct keepsake *keepsake);
};

static void live_briefly(struct keepsake *keepsake)
{
    keepsake->life = KEEPSAKE_LIFE_MIN_S - 1;
}

static void live_long(struct keepsake *keepsake)
{
    keepsake->life = KEEPSAKE_LIFE_MAX_S + 1;
}

static void lack_origin(struct keepsake *keepsake)
{
    keepsake->origin = NULL;
}

static void lack_secret(struct keepsake *keepsake)
{
    keepsake->secret_access_key = NULL;
}

static void lack_key(struct keepsake *keepsake)
{
    keepsake->access_key_id = NULL;
}

static void have_token_only(struct keepsake *keepsake)
{
    keepsake->access_key_id = NULL;
    keepsake->secret_access_key = NULL;
}

static void have_line_break(struct keepsake *keepsake)
{
    static char header[] = "a\r\nX-Evil: b";

    keepsake->session_token = header;
}

static void have_blank_region(struct keepsake *keepsake)
{
    static char blank[] = "us east";

    keepsake->region = blank;
}

static void have_path_as_id(struct keepsake *keepsake)
{
    static char path[] = "i-../x";

    keepsake->instance_id = path;
}

static void have_long_region(struct keepsake *keepsake)
{
    static char letters[65];

    memset(letters, 'a', sizeof letters - 1);
    keepsake->region = letters;
}

static const struct change changes[] = {
    {"a short life", live_briefly},
    {"a long life", live_long},
    {"no origin", lack_origin},
    {"a key without its secret", lack_secret},
    {"a secret without its key", lack_key},
    {"a token alone", have_token_only},
    {"a token that would be a header", have_line_break},
    {"a region with a blank", have_blank_region},
    {"a region that is too long", have_long_region},
    {"an instance id that would be a path", have_path_as_id},
};

static void what_is_illegal_is_not_put(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct keepsake keepsake = whole;
        struct buffer bytes = BUFFER_INIT;

        changes[i].make(&keepsake);
        if (!CHECK(!keepsake_is_legal(&keepsake)))
            printf("# %s\n", changes[i].what);
        keepsake_put(&keepsake, &bytes);
        CHECK_INT((long long)bytes.length, 4);
        buffer_free(&bytes);
    }
}

/* The same bytes with one in the place of another: what keepsake_put() never writes. */
static bool is_taken(const char *from, const char *to)
{
    struct keepsake keepsake = whole;
    struct keepsake arrived;
    struct buffer bytes = BUFFER_INIT;
    struct wire_reader reader;
    char *at;
    bool taken;

    keepsake_put(&keepsake, &bytes);
    at = memmem(bytes.data, bytes.length, from, strlen(from));
    memcpy(at, to, strlen(from));
    wire_reader_init(&reader, bytes.data, bytes.length);
    taken = keepsake_take(&arrived, &reader);
    keepsake_free(&arrived);
    buffer_free(&bytes);
    return taken;
}

static void what_is_illegal_is_not_taken(void)
{
    CHECK(is_taken("token", "nekot"));
    CHECK(!is_taken("token", "to\nen"));
    CHECK(!is_taken("i-0123", "i-01/3"));
    CHECK(!is_taken("us-east-2", "us east-2"));
    CHECK(!is_taken("ASIA", "\0\0\0\0"));
}

static const struct tap_test tests[] = {
    {"everything survives the journey", everything_survives_the_journey},
    {"nothing is four bytes", nothing_is_four_bytes},
    {"what is illegal is not put", what_is_illegal_is_not_put},
    {"what is illegal is not taken", what_is_illegal_is_not_taken},
};

TAP_MAIN(tests)
