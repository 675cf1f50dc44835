#include "config/parameter_name.h"

#include <string.h>

#include "common/instance_id.h"
#include "config/arn.h"
#include "config/lexer.h"
#include "ssmenv/limits.h"

#define NAME_BYTES     2048 /* PSParameterName */
#define SELECTOR_BYTES 127  /* PSParameterSelector has 128, with its colon */
#define LEVELS         15
#define SECRETS        "/aws/reference/secretsmanager/"

#define ARN_EXPECTED "expected the ARN of a parameter, arn:aws:ssm:REGION:ACCOUNT:parameter/NAME"

static const struct name_mistake no_mistake = {NULL, 0};

static struct name_mistake mistake_at(size_t offset, const char *text)
{
    return (struct name_mistake){text, offset};
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static const char *describe_byte(int c)
{
    if (c == '"' || c == '\'')
        return "a quote inside a word: a quoted text stands alone, without anything glued to it";
    if (c == '*')
        return "* stands only at the end of an import, as in APP_* = /prod/app/*";
    if (c == '$')
        return "a variable stands only in double quotes, as in \"${DB_USER}\"";
    return "this byte cannot be part of a parameter's name; text goes into quotes";
}

static bool is_name_part(const char *name, size_t i, bool secret)
{
    int c = (unsigned char)name[i];

    if (is_name_byte(c) || c == '.' || c == '-' || c == '/')
        return true;
    if (c == '%' && (name[i + 1] == 'u' || name[i + 1] == 'i'))
        return true;
    return secret && c != '\0' && strchr("+=@", c) != NULL;
}

static struct name_mistake judge_bytes(const char *name, size_t length)
{
    bool secret = starts_with(name, SECRETS);

    for (size_t i = 0; i < length; i++) {
        if (!is_name_part(name, i, secret))
            return mistake_at(i, describe_byte((unsigned char)name[i]));
    }
    return no_mistake;
}

/* length bytes at path, which begins with '/'. */
static struct name_mistake judge_levels(const char *path, size_t length)
{
    size_t levels = 1;

    for (size_t i = 1; i < length; i++) {
        if (path[i] != '/')
            continue;
        if (path[i - 1] == '/')
            return mistake_at(i, "an empty level: two slashes in a row");
        levels++;
        if (levels > LEVELS && !starts_with(path, SECRETS))
            return mistake_at(i, "a path has at most 15 levels");
    }
    return no_mistake;
}

static struct name_mistake judge_plain(const char *name, size_t length)
{
    struct name_mistake mistake = judge_bytes(name, length);
    const char *slash = memchr(name, '/', length);

    if (mistake.text != NULL)
        return mistake;
    if (length == 0)
        return mistake_at(0, "expected the name of a parameter");
    if (slash == NULL)
        return no_mistake;
    if (slash != name)
        return mistake_at(0, "a path begins with /");
    if (name[length - 1] == '/')
        return mistake_at(length - 1, "a parameter's path does not end in /");
    return judge_levels(name, length);
}

static bool is_selector_byte(int c)
{
    return is_name_byte(c) || c == '.' || c == '-';
}

/* selector points behind the colon. A version is a number from 1, a label is a word. */
static struct name_mistake judge_selector(const char *selector)
{
    size_t length = strlen(selector);
    bool only_digits = true;

    for (size_t i = 0; i < length; i++) {
        if (!is_selector_byte((unsigned char)selector[i]))
            return mistake_at(i, "expected a version such as :3 or a label such as :prod");
        only_digits = only_digits && is_digit((unsigned char)selector[i]);
    }
    if (length == 0 || length > SELECTOR_BYTES)
        return mistake_at(0, "expected a version such as :3 or a label such as :prod");
    if (only_digits && selector[0] == '0')
        return mistake_at(0, "versions count from 1");
    return no_mistake;
}

/* A name, and behind a colon a selector. */
static struct name_mistake judge_with_selector(const char *name)
{
    size_t length = strcspn(name, ":");
    struct name_mistake mistake = judge_plain(name, length);

    if (mistake.text != NULL || name[length] == '\0')
        return mistake;
    mistake = judge_selector(name + length + 1);
    mistake.offset += length + 1;
    return mistake;
}

/* A parameter /prod/db has the resource parameter/prod/db, and DB_USER has parameter/DB_USER. */
static struct name_mistake judge_arn(const char *arn)
{
    struct name_mistake mistake;
    size_t offset;
    const char *at;

    if (!arn_find_resource(arn, "ssm", &offset) || !starts_with(arn + offset, "parameter/"))
        return mistake_at(offset, ARN_EXPECTED);
    at = arn + offset + strlen("parameter/");
    if (strchr(at, '/') != NULL && strchr(at, '/') < at + strcspn(at, ":"))
        at--;
    mistake = judge_with_selector(at);
    mistake.offset += (size_t)(at - arn);
    return mistake;
}

static size_t longest_length(const char *name)
{
    size_t length = strlen(name);

    for (name = strchr(name, '%'); name != NULL; name = strchr(name + 1, '%'))
        length += (size_t)(name[1] == 'u' ? LIMIT_USER_BYTES : INSTANCE_ID_BYTES) - 2;
    return length;
}

struct name_mistake parameter_name_judge(const char *name)
{
    if (arn_is_next(name)) {
        if (longest_length(name) > LIMIT_LOOKUP_NAME_BYTES)
            return mistake_at(0, "the ARN is too long");
        return judge_arn(name);
    }
    if (longest_length(name) > NAME_BYTES)
        return mistake_at(0, "the name is longer than 2048 bytes");
    return judge_with_selector(name);
}

struct name_mistake parameter_path_judge(const char *path)
{
    size_t length = strlen(path);
    const char *colon = strchr(path, ':');
    struct name_mistake mistake = judge_bytes(path, length);

    if (colon != NULL)
        return mistake_at((size_t)(colon - path), "an import takes no version or label");
    if (mistake.text != NULL)
        return mistake;
    if (longest_length(path) > NAME_BYTES)
        return mistake_at(0, "the path is longer than 2048 bytes");
    if (path[0] != '/')
        return mistake_at(0, "the path of an import begins with /");
    return length > 1 ? judge_levels(path, length - 1) : no_mistake;
}
