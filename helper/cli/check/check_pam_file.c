#include "cli/check/check_pam_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \n\t" /* what libpam's own tokenizer takes for a blank */

static const char *const types[] = {
    [PAM_TYPE_AUTH] = "auth",
    [PAM_TYPE_ACCOUNT] = "account",
    [PAM_TYPE_PASSWORD] = "password",
    [PAM_TYPE_SESSION] = "session",
};

#define TYPES (sizeof types / sizeof types[0])

/* The lines of one text, put together where a backslash continues them. */
struct lines {
    const char *next;
    const char *end;
    unsigned number; /* of the line at next */
};

/* Without its end and without a comment. *continued: a backslash was its last byte. */
static size_t measure_line(const char *line, size_t length, bool *continued)
{
    const char *comment = memchr(line, '#', length);

    *continued = false;
    if (comment != NULL)
        return (size_t)(comment - line);
    while (length > 0 && strchr(BLANKS, line[length - 1]) != NULL && line[length - 1] != '\0')
        length--;
    *continued = length > 0 && line[length - 1] == '\\';
    return length - *continued;
}

/* The end of the line at text, its line break included, or that of the text. */
static const char *end_of_line(const char *text, const char *end)
{
    const char *found = memchr(text, '\n', (size_t)(end - text));

    return found != NULL ? found + 1 : end;
}

/* How many bytes the next line has, with those that continue it. */
static size_t measure(const struct lines *lines)
{
    const char *at = lines->next;
    bool continued = true;

    while (continued && at != lines->end) {
        const char *end = end_of_line(at, lines->end);

        measure_line(at, (size_t)(end - at), &continued);
        at = end;
    }
    return (size_t)(at - lines->next);
}

/* The next line, continued ones as one with blanks between, or NULL. */
static char *take_line(struct lines *lines, struct arena *arena, unsigned *number)
{
    const char *stop = lines->next + measure(lines);
    char *text;
    size_t used = 0;

    if (lines->next == stop)
        return NULL;
    text = arena_alloc(arena, (size_t)(stop - lines->next) + 1);
    *number = lines->number;
    while (lines->next != stop) {
        const char *end = end_of_line(lines->next, stop);
        bool continued;
        size_t kept = measure_line(lines->next, (size_t)(end - lines->next), &continued);

        memcpy(text + used, lines->next, kept);
        used += kept;
        if (continued)
            text[used++] = ' ';
        lines->next = end;
        lines->number++;
    }
    return text;
}

/* Cuts the next word off *rest; NULL at the end. */
static char *take_word(char **rest)
{
    char *word = *rest + strspn(*rest, BLANKS);
    char *end;
    char *to;

    if (*word == '\0')
        return NULL;
    if (*word != '[') {
        end = word + strcspn(word, BLANKS);
        *rest = *end != '\0' ? end + 1 : end;
        *end = '\0';
        return word;
    }
    to = ++word;
    for (end = word; *end != '\0' && *end != ']'; end++) {
        if (end[0] == '\\' && end[1] == ']')
            end++;
        *to++ = *end;
    }
    *rest = *end != '\0' ? end + 1 : end;
    *to = '\0';
    return word;
}

static enum pam_type find_type(const char *word)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (strcasecmp(types[i], word) == 0)
            return (enum pam_type)i;
    }
    return PAM_TYPE_UNKNOWN;
}

static enum pam_line_kind find_kind(const struct pam_line *line)
{
    if (line->type == PAM_TYPE_UNKNOWN || *line->control == '\0' || *line->module == '\0')
        return PAM_BROKEN;
    if (strcasecmp(line->control, "include") == 0)
        return PAM_INCLUDE;
    return strcasecmp(line->control, "substack") == 0 ? PAM_SUBSTACK : PAM_MODULE;
}

static const char *or_empty(const char *word)
{
    return word != NULL ? word : "";
}

static void read_arguments(struct pam_line *line, struct arena *arena, char *rest)
{
    const char *word;

    while ((word = take_word(&rest)) != NULL) {
        line->arguments =
            arena_grow(arena, line->arguments, line->argument_count, sizeof *line->arguments);
        line->arguments[line->argument_count++] = word;
    }
}

/* False for an empty line. */
static bool read_line(struct pam_line *line, struct arena *arena, char *text, bool names_services)
{
    const char *word = take_word(&text);

    if (word == NULL)
        return false;
    if (names_services) {
        line->service = word;
        word = take_word(&text);
    } else if (strcasecmp(word, "@include") == 0) {
        line->type = PAM_TYPE_ANY;
        line->type_text = word;
        line->control = "include";
        line->module = or_empty(take_word(&text));
        line->kind = *line->module != '\0' ? PAM_INCLUDE : PAM_BROKEN;
        return true;
    }
    line->type_text = or_empty(word);
    line->silent = line->type_text[0] == '-';
    line->type_text += line->silent;
    line->type = find_type(line->type_text);
    line->control = or_empty(take_word(&text));
    line->module = or_empty(take_word(&text));
    line->kind = find_kind(line);
    read_arguments(line, arena, text);
    return true;
}

void pam_file_read(struct pam_file *file, struct arena *arena, const char *path, const char *text,
                   size_t length, bool names_services)
{
    struct lines lines = {.next = text, .end = text + length, .number = 1};
    struct pam_line line = {0};
    char *content;

    *file = (struct pam_file){.path = arena_copy(arena, path)};
    while ((content = take_line(&lines, arena, &line.number)) != NULL) {
        if (read_line(&line, arena, content, names_services)) {
            file->lines = arena_grow(arena, file->lines, file->count, sizeof line);
            file->lines[file->count++] = line;
        }
        line = (struct pam_line){0};
    }
}

/* --- controls --- */

static const struct {
    const char *word;
    enum pam_action of_success;
    enum pam_action otherwise; /* but for "ignore" under the first two, which is ignored */
} words[] = {
    {"required", PAM_ACTION_OK, PAM_ACTION_BAD},
    {"requisite", PAM_ACTION_OK, PAM_ACTION_DIE},
    {"optional", PAM_ACTION_OK, PAM_ACTION_IGNORE},
    {"sufficient", PAM_ACTION_DONE, PAM_ACTION_IGNORE},
};

static const struct {
    const char *word;
    enum pam_action action;
} actions[] = {
    {"ignore", PAM_ACTION_IGNORE}, {"ok", PAM_ACTION_OK},   {"done", PAM_ACTION_DONE},
    {"bad", PAM_ACTION_BAD},       {"die", PAM_ACTION_DIE}, {"reset", PAM_ACTION_RESET},
};

static enum pam_action read_action(const char *word, size_t length, unsigned *jump)
{
    unsigned long number;
    char *end;

    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strlen(actions[i].word) == length && strncmp(actions[i].word, word, length) == 0)
            return actions[i].action;
    }
    if (length == 0 || length > 9 || strspn(word, "0123456789") < length)
        return PAM_ACTION_UNKNOWN;
    number = strtoul(word, &end, 10);
    *jump = (unsigned)number;
    return number > 0 ? PAM_ACTION_JUMP : PAM_ACTION_IGNORE;
}

/* Looks for name=ACTION among the pairs of a control in brackets. */
static bool find_pair(const char *control, const char *name, enum pam_action *action,
                      unsigned *jump)
{
    while (*(control += strspn(control, BLANKS)) != '\0') {
        size_t name_length = strcspn(control, "=" BLANKS);
        const char *value = control + name_length + strspn(control + name_length, "=" BLANKS);
        size_t length = strcspn(value, BLANKS);

        if (strlen(name) == name_length && strncmp(control, name, name_length) == 0) {
            *action = read_action(value, length, jump);
            return true;
        }
        control = value + length;
    }
    return false;
}

enum pam_action pam_control_action(const char *control, const char *answer, unsigned *jump)
{
    enum pam_action action = PAM_ACTION_BAD;

    *jump = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(words[i].word, control) != 0)
            continue;
        if (strcmp(answer, "success") == 0)
            return words[i].of_success;
        return strcmp(answer, "ignore") == 0 ? PAM_ACTION_IGNORE : words[i].otherwise;
    }
    if (strchr(control, '=') == NULL)
        return PAM_ACTION_UNKNOWN;
    if (!find_pair(control, answer, &action, jump))
        find_pair(control, "default", &action, jump);
    return action;
}
