#include "common/exchange.h"

#include <stdlib.h>

#include "ssmenv/wire.h"
#include "tap.h"

static struct setting settings[] = {{(char[]){"region"}, (char[]){"us-east-2"}}};
static struct identity identities[] = {{.settings = settings,
                                        .count = 1,
                                        .section = (char[]){"aws central"},
                                        .kept = {.life = 3600,
                                                 .origin = (char[]){"0123"},
                                                 .access_key_id = (char[]){"ASIA"},
                                                 .secret_access_key = (char[]){"secret"},
                                                 .instance_id = (char[]){"i-0123"}}}};
static struct lookup lookups[] = {
    {LOOKUP_PARAMETER, 0, (char[]){"/prod/db:3"}, (char[]){"/username"}},
    {LOOKUP_SUBTREE, 0, (char[]){"/prod/app/"}, (char[]){""}},
};
static const struct request request = {.deadline = {INT64_C(7000000000)},
                                       .identities = identities,
                                       .identity_count = 1,
                                       .lookups = lookups,
                                       .lookup_count = 2};

static void a_request_survives_the_journey(void)
{
    struct buffer frame = BUFFER_INIT;
    struct request arrived;
    struct error error = ERROR_INIT;

    request_encode(&request, &frame);
    if (!CHECK(request_decode(&arrived, frame.data + WIRE_HEADER_BYTES,
                              frame.length - WIRE_HEADER_BYTES, &error)))
        return;
    CHECK_INT(arrived.deadline.at, INT64_C(7000000000));
    CHECK_TEXT(arrived.identities[0].settings[0].key, "region");
    CHECK_TEXT(arrived.identities[0].settings[0].value, "us-east-2");
    CHECK_TEXT(arrived.identities[0].section, "aws central");
    CHECK_INT(arrived.identities[0].kept.life, 3600);
    CHECK_TEXT(arrived.identities[0].kept.secret_access_key, "secret");
    CHECK_TEXT(arrived.identities[0].kept.session_token, NULL);
    CHECK_TEXT(arrived.identities[0].kept.instance_id, "i-0123");
    CHECK_INT((long long)arrived.lookup_count, 2);
    CHECK_TEXT(arrived.lookups[0].name, "/prod/db:3");
    CHECK_TEXT(arrived.lookups[0].member, "/username");
    CHECK_INT(arrived.lookups[1].kind, LOOKUP_SUBTREE);
    request_free(&arrived);
    request_free(&arrived);
    buffer_free(&frame);
}

static void make_result(struct result *result)
{
    *result = (struct result){.answers = calloc(2, sizeof(struct answer)), .answer_count = 2};
    answer_set(&result->answers[0], ANSWER_FOUND, "");
    answer_add(&result->answers[0], "/prod/db", "p\nw");
    answer_set(&result->answers[1], ANSWER_DENIED, "AccessDeniedException");
    result_warn(result, "run ssmenv policy");
    result->learnt = calloc(2, sizeof *result->learnt);
    result->learnt_count = 2;
    result->learnt[0].lesson = LESSON_KEEP;
    CHECK(keepsake_copy(&result->learnt[0].keepsake, &identities[0].kept));
    result->learnt[1].lesson = LESSON_FORGET;
}

static void a_result_survives_the_journey(void)
{
    struct buffer frame = BUFFER_INIT;
    struct result result;
    struct result arrived;
    struct error error = ERROR_INIT;

    make_result(&result);
    result_encode(&result, &frame);
    if (!CHECK(result_decode(&arrived, frame.data + WIRE_HEADER_BYTES,
                             frame.length - WIRE_HEADER_BYTES, &error)))
        return;
    CHECK_INT((long long)arrived.answer_count, 2);
    CHECK_INT(arrived.answers[0].state, ANSWER_FOUND);
    CHECK_TEXT(arrived.answers[0].entries[0].name, "/prod/db");
    CHECK_TEXT(arrived.answers[0].entries[0].value, "p\nw");
    CHECK_INT(arrived.answers[1].state, ANSWER_DENIED);
    CHECK_TEXT(arrived.answers[1].error, "AccessDeniedException");
    CHECK_TEXT(arrived.warnings[0], "run ssmenv policy");
    CHECK_INT((long long)arrived.learnt_count, 2);
    CHECK_INT(arrived.learnt[0].lesson, LESSON_KEEP);
    CHECK_TEXT(arrived.learnt[0].keepsake.access_key_id, "ASIA");
    CHECK_INT(arrived.learnt[1].lesson, LESSON_FORGET);
    result_free(&arrived);
    result_free(&result);
    buffer_free(&frame);
}

/* Each prefix and each single changed byte: decoded or refused, never more than that. */
static void damage_is_refused_or_harmless(void)
{
    struct buffer frame = BUFFER_INIT;
    struct result result;
    const char *payload;
    size_t length;

    make_result(&result);
    result_encode(&result, &frame);
    payload = frame.data + WIRE_HEADER_BYTES;
    length = frame.length - WIRE_HEADER_BYTES;
    for (size_t cut = 0; cut < length; cut++) {
        struct result arrived;
        struct error error = ERROR_INIT;
        char *exact = malloc(cut + 1); /* so that a read past the end is seen */

        memcpy(exact, payload, cut);
        CHECK(!result_decode(&arrived, exact, cut, &error));
        CHECK_TEXT(error.text, "the result is damaged");
        free(exact);
    }
    for (size_t i = 0; i < length; i++) {
        for (int change = 1; change < 256; change += 7) {
            struct result arrived;
            struct error error = ERROR_INIT;
            char *copy = malloc(length);

            memcpy(copy, payload, length);
            copy[i] = (char)(copy[i] ^ change);
            if (result_decode(&arrived, copy, length, &error))
                result_free(&arrived);
            free(copy);
        }
    }
    result_free(&result);
    buffer_free(&frame);
}

/* A fetcher that says so little would have its result thrown away else. */
static void what_cannot_be_kept_is_not_sent(void)
{
    struct buffer frame = BUFFER_INIT;
    struct result result;
    struct result arrived;
    struct error error = ERROR_INIT;

    make_result(&result);
    result.learnt[0].keepsake.life = KEEPSAKE_LIFE_MIN_S - 1;
    result_encode(&result, &frame);
    if (CHECK(result_decode(&arrived, frame.data + WIRE_HEADER_BYTES,
                            frame.length - WIRE_HEADER_BYTES, &error)))
        CHECK_INT(arrived.learnt[0].lesson, LESSON_NONE);
    result_free(&arrived);
    result_free(&result);
    buffer_free(&frame);
}

static void a_lookup_of_an_identity_that_is_not_there_is_refused(void)
{
    struct lookup wrong = {LOOKUP_PARAMETER, 1, (char[]){"/a"}, (char[]){""}};
    struct request bad = request;
    struct buffer frame = BUFFER_INIT;
    struct request arrived;
    struct error error = ERROR_INIT;

    bad.lookups = &wrong;
    bad.lookup_count = 1;
    request_encode(&bad, &frame);
    CHECK(!request_decode(&arrived, frame.data + WIRE_HEADER_BYTES,
                          frame.length - WIRE_HEADER_BYTES, &error));
    CHECK_TEXT(error.text, "the request is damaged");
    buffer_free(&frame);
}

static const struct tap_test tests[] = {
    {"a request survives the journey", a_request_survives_the_journey},
    {"a result survives the journey", a_result_survives_the_journey},
    {"a damaged result is refused or harmless", damage_is_refused_or_harmless},
    {"what cannot be kept is not sent", what_cannot_be_kept_is_not_sent},
    {"a lookup of an identity that is not there is refused",
     a_lookup_of_an_identity_that_is_not_there_is_refused},
};

TAP_MAIN(tests)
