#include "cli/login/variable_format.h"

#include <string.h>

#include "aws/json.h"

struct replacement {
    char byte;
    const char *text; /* NULL: the end of the table */
};

static void append_replaced(struct buffer *text, char byte, const struct replacement *replacements)
{
    while (replacements->text != NULL && replacements->byte != byte)
        replacements++;
    if (replacements->text != NULL)
        buffer_append_text(text, replacements->text);
    else
        buffer_append_char(text, byte);
}

static void append_all_replaced(struct buffer *text, const char *value,
                                const struct replacement *replacements)
{
    for (; *value != '\0'; value++)
        append_replaced(text, *value, replacements);
}

/* --- shell --- */

/* Between single quotes nothing is special but their end (POSIX.1-2017, XCU 2.2.2). */
static bool write_shell(const struct variable *variable, struct buffer *text, struct error *error)
{
    static const struct replacement replacements[] = {{'\'', "'\\''"}, {0}};

    (void)error;
    buffer_append_format(text, "export %s='", variable->name);
    append_all_replaced(text, variable->value, replacements);
    buffer_append_text(text, "'\n");
    return true;
}

/* --- dotenv --- */

static bool check_utf8(const struct variable *variable, const char *format, struct error *error)
{
    return json_is_utf8(variable->value) ||
           error_set(error,
                     "the value of %s is not UTF-8, which %s cannot hold: null and shell can",
                     variable->name, format);
}

/* Whatever the quotes, python-dotenv expands ${NAME} and takes a backslash at the end for a part
 * of the closing quote. It expands ${NAME:-DEFAULT} too, and the variable without a name is never
 * set, so a default can be what could not be written otherwise. */
static bool write_dotenv(const struct variable *variable, struct buffer *text, struct error *error)
{
    static const struct replacement replacements[] = {
        {'\\', "\\\\"}, {'"', "\\\""}, {'\n', "\\n"}, {'\r', "\\r"}, {0}};

    if (!check_utf8(variable, "dotenv", error))
        return false;
    buffer_append_format(text, "%s=\"", variable->name);
    for (const char *value = variable->value; *value != '\0'; value++) {
        if (value[0] == '$' && value[1] == '{')
            buffer_append_text(text, "${:-$}");
        else if (value[0] == '\\' && value[1] == '\0')
            buffer_append_text(text, "${:-\\\\}");
        else
            append_replaced(text, *value, replacements);
    }
    buffer_append_text(text, "\"\n");
    return true;
}

/* --- systemd --- */

/* systemd drops a variable with code points that are no characters (its src/basic/utf8.c,
 * unichar_is_valid). value is UTF-8. */
static bool systemd_can_hold(const char *value)
{
    for (const unsigned char *byte = (const unsigned char *)value; *byte != '\0'; byte++) {
        if (byte[0] == 0xef && byte[1] == 0xb7 && byte[2] >= 0x90 && byte[2] <= 0xaf)
            return false; /* U+FDD0 to U+FDEF */
        if (byte[0] == 0xef && byte[1] == 0xbf && byte[2] >= 0xbe)
            return false; /* U+FFFE, U+FFFF */
        if (byte[0] >= 0xf0 && (byte[1] & 0x0f) == 0x0f && byte[2] == 0xbf && byte[3] >= 0xbe)
            return false; /* the last two of each further plane */
    }
    return true;
}

/* A shell would read it too. */
static bool write_systemd(const struct variable *variable, struct buffer *text, struct error *error)
{
    static const struct replacement replacements[] = {
        {'\\', "\\\\"}, {'"', "\\\""}, {'$', "\\$"}, {'`', "\\`"}, {0}};

    if (!check_utf8(variable, "systemd", error))
        return false;
    if (!systemd_can_hold(variable->value))
        return error_set(
            error,
            "the value of %s has a code point that systemd allows in no variable: null, "
            "shell and json can hold it",
            variable->name);
    buffer_append_format(text, "%s=\"", variable->name);
    append_all_replaced(text, variable->value, replacements);
    buffer_append_text(text, "\"\n");
    return true;
}

/* --- json and null --- */

static bool write_json(const struct variable *variable, struct buffer *text, struct error *error)
{
    if (!check_utf8(variable, "json", error))
        return false;
    buffer_append_format(text, "\n  \"%s\": ", variable->name);
    json_quote(text, variable->value);
    return true;
}

static bool write_null(const struct variable *variable, struct buffer *text, struct error *error)
{
    (void)error;
    buffer_append_format(text, "%s=", variable->name);
    buffer_append(text, variable->value, strlen(variable->value) + 1);
    return true;
}

/* --- all of them --- */

static const struct format {
    const char *name;
    bool (*write)(const struct variable *variable, struct buffer *text, struct error *error);
    const char *before; /* all variables */
    const char *between;
    const char *after;
} formats[] = {
    {"shell", write_shell, "", "", ""},      {"dotenv", write_dotenv, "", "", ""},
    {"json", write_json, "{", ",", "\n}\n"}, {"null", write_null, "", "", ""},
    {"systemd", write_systemd, "", "", ""},
};

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    }
    return NULL;
}

bool variable_format_write(const char *name, const struct variable *variables, size_t count,
                           struct buffer *text, struct error *error)
{
    const struct format *format = find_format(name);

    if (format == NULL)
        return error_set(error, "there is no format %s", name);
    buffer_append_text(text, format->before);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_text(text, format->between);
        if (!format->write(&variables[i], text, error))
            return false;
    }
    buffer_append_text(text, format->after);
    return !buffer_failed(text) || error_set(error, "out of memory");
}
