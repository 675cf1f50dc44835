#include "config/secret_name.h"

#include <string.h>

#include "common/instance_id.h"
#include "config/arn.h"
#include "config/lexer.h"
#include "ssmenv/limits.h"

#define NAME_BYTES       512 /* NameType */
#define ARN_SUFFIX_BYTES 7   /* -AbCdEf, which AWS puts behind a name */

#define ARN_EXPECTED                                                                               \
    "expected the ARN of a secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"
#define SELECTOR_EXPECTED "expected ?stage=STAGE or ?version=VERSION"

static const struct name_mistake no_mistake = {NULL, 0};

static struct name_mistake mistake_at(size_t offset, const char *text)
{
    return (struct name_mistake){text, offset};
}

struct selector {
    const char *written;
    const char *more; /* the bytes it may have beside letters, digits and _ */
    size_t least;
    size_t most;
    const char *expected;
};

/* SecretVersionStageType and SecretVersionIdType. */
static const struct selector selectors[] = {
    {"?stage=", "+=.@/-", 1, 256, "a stage has 1 to 256 letters, digits or any of _ + = . @ / -"},
    {"?version=", "-", 32, 64, "a version is the id that AWS gave it, of 32 to 64 bytes"},
};

static struct name_mistake judge_selected(const struct selector *selector, const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if (!is_name_byte((unsigned char)text[i]) && strchr(selector->more, text[i]) == NULL)
            return mistake_at(i, selector->expected);
    }
    if (length < selector->least || length > selector->most)
        return mistake_at(0, selector->expected);
    return no_mistake;
}

/* text begins with the ?. */
static struct name_mistake judge_selector(const char *text)
{
    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        size_t length = strlen(selectors[i].written);
        struct name_mistake mistake;

        if (strncmp(text, selectors[i].written, length) != 0)
            continue;
        mistake = judge_selected(&selectors[i], text + length);
        mistake.offset += length;
        return mistake;
    }
    return mistake_at(0, SELECTOR_EXPECTED);
}

static bool is_secret_byte(const char *at)
{
    int c = (unsigned char)*at;

    return is_name_byte(c) || strchr("/+=.@-!", c) != NULL ||
           (c == '%' && (at[1] == 'u' || at[1] == 'i'));
}

/* most: bytes that the name may have when %u and %i were put in. */
static struct name_mistake judge_plain(const char *name, size_t length, size_t most)
{
    size_t longest = length;

    for (size_t i = 0; i < length; i++) {
        if (!is_secret_byte(name + i))
            return mistake_at(i, "this byte cannot be part of a secret's name");
        if (name[i] == '%')
            longest += (size_t)(name[i + 1] == 'u' ? LIMIT_USER_BYTES : INSTANCE_ID_BYTES) - 2;
    }
    if (length == 0)
        return mistake_at(0, "expected the name of a secret, as in secret:prod/db");
    if (longest > most)
        return mistake_at(0, "the secret's name is longer than 512 bytes");
    return no_mistake;
}

static struct name_mistake judge_id(const char *name, size_t length)
{
    static const char kind[] = "secret:";
    struct name_mistake mistake;
    size_t offset;

    if (!arn_is_next(name))
        return judge_plain(name, length, NAME_BYTES);
    if (!arn_find_resource(name, "secretsmanager", &offset) || offset > length ||
        strncmp(name + offset, kind, strlen(kind)) != 0)
        return mistake_at(offset, ARN_EXPECTED);
    offset += strlen(kind);
    mistake = judge_plain(name + offset, length - offset, NAME_BYTES + ARN_SUFFIX_BYTES);
    mistake.offset += offset;
    return mistake;
}

struct name_mistake secret_name_judge(const char *name)
{
    size_t length = strcspn(name, "?");
    struct name_mistake mistake = judge_id(name, length);

    if (mistake.text != NULL || name[length] == '\0')
        return mistake;
    mistake = judge_selector(name + length);
    mistake.offset += length;
    return mistake;
}
