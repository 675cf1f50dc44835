#include "cli/migrate/migrate_shell.h"

#include <string.h>

#include "common/buffer.h"
#include "config/lexer.h"
#include "ssmenv/names.h"

#define OPENINGS_MAX 64
#define HEREDOCS_MAX 16

/* A compound command that has begun. */
struct opening {
    const char *name;
    const char *closing;
    const char *function; /* that it is the body of, or that it stands in */
};

struct heredoc {
    const char *delimiter;
    bool strips_tabs;
};

struct reader {
    struct shell_cursor cursor;
    struct shell_script *script;
    struct opening openings[OPENINGS_MAX];
    size_t opening_count;
    struct heredoc heredocs[HEREDOCS_MAX]; /* whose texts begin on the next line */
    size_t heredoc_count;
    const char *defining; /* a function's name was read, its body has not begun */
    enum shell_joint joint;
    unsigned list;
    bool after_compound; /* a compound command has just ended */
    bool list_goes_on;   /* && || or | was the last thing read */
    size_t counted;      /* newlines are counted up to here */
    unsigned line;
};

static bool break_off(struct reader *reader, const char *why)
{
    reader->cursor.broken = why;
    return false;
}

/* Offsets are asked for in rising order, but for a few bytes. */
static unsigned line_at(struct reader *reader, size_t offset)
{
    while (reader->counted < offset)
        reader->line += reader->cursor.text[reader->counted++] == '\n';
    while (reader->counted > offset)
        reader->line -= reader->cursor.text[--reader->counted] == '\n';
    return reader->line;
}

/* --- compound commands --- */

static const struct opening *innermost(const struct reader *reader)
{
    return reader->opening_count > 0 ? &reader->openings[reader->opening_count - 1] : NULL;
}

static void begin_list(struct reader *reader)
{
    reader->joint = SHELL_JOINT_NONE;
    reader->list++;
    reader->after_compound = false;
    reader->list_goes_on = false;
}

static bool open_compound(struct reader *reader, const char *name, const char *closing)
{
    const struct opening *outer = innermost(reader);

    if (reader->opening_count == OPENINGS_MAX)
        return break_off(reader, "this is nested too deeply");
    reader->openings[reader->opening_count++] = (struct opening){
        name, closing,
        reader->defining != NULL ? reader->defining : (outer != NULL ? outer->function : NULL)};
    reader->defining = NULL;
    begin_list(reader);
    return true;
}

static bool close_compound(struct reader *reader, const char *closing)
{
    const struct opening *opening = innermost(reader);

    if (opening == NULL || strcmp(opening->closing, closing) != 0)
        return break_off(reader, "this ends what did not begin");
    reader->opening_count--;
    begin_list(reader);
    reader->after_compound = true;
    return true;
}

struct keyword {
    const char *word;
    const char *closing; /* of what it begins; NULL: it begins nothing */
    bool ends;           /* it ends what is open */
    bool takes_words;    /* words that are no command follow: for X in …, case X in */
};

static const struct keyword keywords[] = {
    {"if", "fi", false, false},   {"while", "done", false, false}, {"until", "done", false, false},
    {"for", "done", false, true}, {"select", "done", false, true}, {"case", "esac", false, true},
    {"{", "}", false, false},     {"then", NULL, false, false},    {"else", NULL, false, false},
    {"elif", NULL, false, false}, {"do", NULL, false, false},      {"!", NULL, false, false},
    {"time", NULL, false, false}, {"fi", NULL, true, false},       {"done", NULL, true, false},
    {"esac", NULL, true, false},  {"}", NULL, true, false},
};

static const struct keyword *find_keyword(const struct shell_word *word)
{
    const char *text = shell_word_bare(word);

    for (size_t i = 0; text != NULL && i < sizeof keywords / sizeof *keywords; i++) {
        if (strcmp(keywords[i].word, text) == 0)
            return &keywords[i];
    }
    return NULL;
}

/* --- redirections and here-documents --- */

static const char *const operators[] = {"<<<", "<<-", "<<", "<>", "<&", "&>>",
                                        "&>",  ">>",  ">&", ">|", "<",  ">"};

static const char *operator_at(const struct shell_cursor *cursor)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (shell_next_is(cursor, operators[i]))
            return operators[i];
    }
    return NULL;
}

/* A number glued to < or > is the descriptor. */
static size_t descriptor_length(const struct shell_cursor *cursor)
{
    size_t length = 0;
    int next;

    while (length < 3 && is_digit(shell_peek(cursor, length)))
        length++;
    next = shell_peek(cursor, length);
    return next == '<' || next == '>' ? length : 0;
}

static bool is_redirection(const struct shell_cursor *cursor)
{
    return operator_at(cursor) != NULL || descriptor_length(cursor) > 0;
}

/* The delimiter without its quotes. */
static const char *plain_text(const struct shell_word *word, struct arena *arena)
{
    struct buffer text = BUFFER_INIT;
    const char *copy;

    for (size_t i = 0; i < word->count; i++)
        buffer_append_text(&text, word->pieces[i].text);
    copy = arena_copy(arena, buffer_text(&text));
    buffer_free(&text);
    return copy;
}

static bool remember_heredoc(struct reader *reader, const struct shell_redirection *redirection)
{
    if (strcmp(redirection->operator, "<<") != 0 && strcmp(redirection->operator, "<<-") != 0)
        return true;
    if (reader->heredoc_count == HEREDOCS_MAX)
        return break_off(reader, "too many here-documents begin on one line");
    reader->heredocs[reader->heredoc_count++] =
        (struct heredoc){plain_text(&redirection->target, reader->cursor.arena),
                         strcmp(redirection->operator, "<<-") == 0};
    return true;
}

static bool read_redirection(struct reader *reader, struct shell_command *command)
{
    struct shell_cursor *cursor = &reader->cursor;
    struct shell_redirection redirection = {.descriptor = -1};

    for (size_t length = descriptor_length(cursor); length > 0; length--, cursor->at++) {
        int digit = shell_peek(cursor, 0) - '0';

        redirection.descriptor =
            redirection.descriptor < 0 ? digit : redirection.descriptor * 10 + digit;
    }
    redirection.operator= operator_at(cursor);
    cursor->at += strlen(redirection.operator);
    shell_skip_blanks(cursor);
    if (shell_next_is(cursor, "<(") || shell_next_is(cursor, ">(")) {
        cursor->at += 2;
        if (!shell_skip_parentheses(cursor))
            return false;
    } else if (!shell_word_read(cursor, &redirection.target)) {
        return false;
    }
    command->redirections = arena_grow(cursor->arena, command->redirections,
                                       command->redirection_count, sizeof redirection);
    command->redirections[command->redirection_count++] = redirection;
    return remember_heredoc(reader, &redirection);
}

static bool line_is(const struct shell_cursor *cursor, const struct heredoc *heredoc)
{
    size_t at = cursor->at;
    size_t length = strlen(heredoc->delimiter);

    while (heredoc->strips_tabs && at < cursor->length && cursor->text[at] == '\t')
        at++;
    return cursor->length - at >= length &&
           memcmp(cursor->text + at, heredoc->delimiter, length) == 0 &&
           (at + length == cursor->length || cursor->text[at + length] == '\n');
}

/* The cursor stands at the start of a line. */
static bool skip_heredocs(struct reader *reader)
{
    struct shell_cursor *cursor = &reader->cursor;

    for (size_t i = 0; i < reader->heredoc_count; i++) {
        bool last = false;

        while (!last) {
            if (cursor->at == cursor->length)
                return break_off(reader, "a here-document does not end");
            last = line_is(cursor, &reader->heredocs[i]);
            shell_skip_line(cursor);
            cursor->at += cursor->at < cursor->length;
        }
    }
    reader->heredoc_count = 0;
    return true;
}

/* --- simple commands --- */

static void begin_command(struct reader *reader, struct shell_command *command)
{
    const struct opening *opening = innermost(reader);

    *command = (struct shell_command){
        .joint = reader->joint,
        .list = reader->list,
        .begin = reader->cursor.at,
        .inside = opening != NULL ? opening->name : NULL,
        .function = opening != NULL ? opening->function : NULL,
    };
}

static void end_command(struct reader *reader, struct shell_command *command)
{
    struct shell_script *script = reader->script;

    if (command->word_count == 0 && command->redirection_count == 0)
        return;
    command->end = reader->cursor.at;
    while (command->end > command->begin && is_blank(reader->cursor.text[command->end - 1]))
        command->end--;
    command->line = line_at(reader, command->begin);
    command->last_line = line_at(reader, command->end);
    script->commands =
        arena_grow(reader->cursor.arena, script->commands, script->count, sizeof *command);
    script->commands[script->count++] = *command;
    reader->after_compound = false;
    reader->list_goes_on = false;
}

static void add_word(struct reader *reader, struct shell_command *command, struct shell_word word)
{
    command->words =
        arena_grow(reader->cursor.arena, command->words, command->word_count, sizeof word);
    command->words[command->word_count++] = word;
}

/* [[ … ]] and (( … )) have a grammar of their own; no command is inside but in $(…). */
static bool skip_test(struct reader *reader)
{
    struct shell_cursor *cursor = &reader->cursor;
    struct shell_word word;

    while (!shell_next_is(cursor, "]]")) {
        size_t at = cursor->at;

        if (shell_peek(cursor, 0) < 0)
            return break_off(reader, "[[ is not closed");
        if (!shell_word_read(cursor, &word))
            return false;
        cursor->at += cursor->at == at;
    }
    cursor->at += 2;
    return true;
}

/* A ( inside a word: NAME=(…), a pattern such as @(a|b), <(…). The word's value is not known. */
static bool skip_glued_parentheses(struct reader *reader, struct shell_word *word)
{
    struct shell_cursor *cursor = &reader->cursor;
    struct shell_word rest;
    size_t begin = word->begin;

    cursor->at++;
    if (!shell_skip_parentheses(cursor) || !shell_word_read(cursor, &rest))
        return false;
    *word = (struct shell_word){.pieces = arena_alloc(cursor->arena, sizeof *word->pieces),
                                .count = 1,
                                .begin = begin,
                                .end = cursor->at};
    word->pieces[0] = (struct shell_piece){
        SHELL_OTHER, arena_copy_bytes(cursor->arena, cursor->text + begin, cursor->at - begin),
        false};
    return true;
}

static bool begins_glued_parentheses(const struct shell_cursor *cursor,
                                     const struct shell_word *word)
{
    if (shell_peek(cursor, 0) != '(' || word->end == word->begin)
        return false;
    return strchr("=?*+@!$", cursor->text[word->end - 1]) != NULL;
}

static bool ends_command(const struct shell_cursor *cursor)
{
    int c = shell_peek(cursor, 0);

    return c < 0 || c == '\n' || c == ';' || c == ')' || c == '|' || c == '(' ||
           (c == '&' && shell_peek(cursor, 1) != '>');
}

/* What follows the first word, or a for. */
static bool read_rest(struct reader *reader, struct shell_command *command)
{
    struct shell_cursor *cursor = &reader->cursor;
    struct shell_word word;

    for (shell_skip_blanks(cursor); !ends_command(cursor); shell_skip_blanks(cursor)) {
        if (shell_peek(cursor, 0) == '#') {
            shell_skip_line(cursor);
        } else if (shell_next_is(cursor, "<(") || shell_next_is(cursor, ">(")) {
            word = (struct shell_word){.begin = cursor->at++};
            if (!skip_glued_parentheses(reader, &word))
                return false;
            add_word(reader, command, word);
        } else if (is_redirection(cursor)) {
            if (!read_redirection(reader, command))
                return false;
        } else {
            if (!shell_word_read(cursor, &word) ||
                (begins_glued_parentheses(cursor, &word) && !skip_glued_parentheses(reader, &word)))
                return false;
            add_word(reader, command, word);
        }
    }
    return true;
}

/* NAME () begins a function; the cursor stands on the parenthesis. */
static bool read_function(struct reader *reader, struct shell_command *command)
{
    struct shell_cursor *cursor = &reader->cursor;
    const char *name = command->word_count == 1 ? shell_word_bare(&command->words[0]) : NULL;

    cursor->at++;
    shell_skip_blanks(cursor);
    if (name == NULL || shell_peek(cursor, 0) != ')')
        return break_off(reader, "this parenthesis is not understood");
    cursor->at++;
    command->function = reader->defining = name;
    end_command(reader, command);
    begin_list(reader);
    return true;
}

/* function NAME [()] */
static bool read_function_keyword(struct reader *reader, struct shell_command *command)
{
    struct shell_cursor *cursor = &reader->cursor;
    struct shell_word name;

    shell_skip_blanks(cursor);
    if (!shell_word_read(cursor, &name))
        return false;
    command->word_count = 0;
    add_word(reader, command, name);
    shell_skip_blanks(cursor);
    if (shell_peek(cursor, 0) == '(')
        return read_function(reader, command);
    if (shell_word_bare(&name) == NULL)
        return break_off(reader, "this function has no name");
    command->function = reader->defining = shell_word_bare(&name);
    end_command(reader, command);
    begin_list(reader);
    return true;
}

static bool read_simple(struct reader *reader, struct shell_command *command)
{
    if (!read_rest(reader, command))
        return false;
    if (shell_peek(&reader->cursor, 0) == '(')
        return read_function(reader, command);
    end_command(reader, command);
    return true;
}

/* case WORD in: what follows are patterns and commands. */
static bool read_case_head(struct reader *reader)
{
    struct shell_cursor *cursor = &reader->cursor;
    struct shell_word word;

    for (int i = 0; i < 2; i++) {
        shell_skip_blanks(cursor);
        while (shell_peek(cursor, 0) == '\n')
            cursor->at++;
        if (!shell_word_read(cursor, &word))
            return false;
    }
    return true;
}

static bool read_keyword(struct reader *reader, const struct keyword *keyword)
{
    struct shell_cursor *cursor = &reader->cursor;
    struct shell_command head;

    if (keyword->ends)
        return close_compound(reader, keyword->word);
    if (keyword->closing == NULL)
        return true;
    if (!open_compound(reader, keyword->word, keyword->closing))
        return false;
    if (strcmp(keyword->word, "case") == 0)
        return read_case_head(reader);
    if (!keyword->takes_words)
        return true;
    shell_skip_blanks(cursor);
    begin_command(reader, &head);
    if (shell_next_is(cursor, "((")) {
        cursor->at += 1;
        return shell_skip_parentheses(cursor);
    }
    return read_simple(reader, &head);
}

/* The first word of a command decides what it is. */
static bool read_command(struct reader *reader)
{
    struct shell_cursor *cursor = &reader->cursor;
    struct shell_command command;
    struct shell_word word;
    const struct keyword *keyword;

    begin_command(reader, &command);
    if (is_redirection(cursor))
        return read_simple(reader, &command);
    if (!shell_word_read(cursor, &word))
        return false;
    keyword = find_keyword(&word);
    if (keyword != NULL)
        return read_keyword(reader, keyword);
    if (begins_glued_parentheses(cursor, &word) && !skip_glued_parentheses(reader, &word))
        return false;
    add_word(reader, &command, word);
    if (shell_word_bare(&word) != NULL && strcmp(shell_word_bare(&word), "[[") == 0 &&
        !skip_test(reader))
        return false;
    if (shell_word_bare(&word) != NULL && strcmp(shell_word_bare(&word), "function") == 0)
        return read_function_keyword(reader, &command);
    return read_simple(reader, &command);
}

/* --- what stands between commands --- */

static bool read_opening_parenthesis(struct reader *reader)
{
    struct shell_cursor *cursor = &reader->cursor;

    cursor->at++;
    if (shell_peek(cursor, 0) == '(') {
        reader->after_compound = true;
        return shell_skip_parentheses(cursor);
    }
    return open_compound(reader, "(", ")");
}

/* In a case a ) ends a pattern. */
static bool read_closing_parenthesis(struct reader *reader)
{
    const struct opening *opening = innermost(reader);

    reader->cursor.at++;
    if (opening != NULL && strcmp(opening->name, "case") == 0) {
        begin_list(reader);
        return true;
    }
    return close_compound(reader, ")");
}

struct separator {
    const char *text;
    enum shell_joint joint;
};

static const struct separator separators[] = {
    {"&&", SHELL_JOINT_AND},  {"||", SHELL_JOINT_OR},    {"|&", SHELL_JOINT_PIPE},
    {"|", SHELL_JOINT_PIPE},  {";;&", SHELL_JOINT_NONE}, {";&", SHELL_JOINT_NONE},
    {";;", SHELL_JOINT_NONE}, {";", SHELL_JOINT_NONE},   {"&", SHELL_JOINT_NONE},
    {"\n", SHELL_JOINT_NONE},
};

static const struct separator *separator_at(const struct shell_cursor *cursor)
{
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
        if (shell_next_is(cursor, separators[i].text))
            return &separators[i];
    }
    return NULL;
}

static bool read_separator(struct reader *reader, const struct separator *separator)
{
    struct shell_script *script = reader->script;
    bool after_compound = reader->after_compound;

    reader->cursor.at += strlen(separator->text);
    if (strcmp(separator->text, "&") == 0 && script->count > 0 && !after_compound)
        script->commands[script->count - 1].background = true;
    if (strcmp(separator->text, "\n") == 0 && !skip_heredocs(reader))
        return false;
    if (strcmp(separator->text, "\n") == 0 && reader->list_goes_on)
        return true;
    if (separator->joint == SHELL_JOINT_NONE) {
        begin_list(reader);
        return true;
    }
    if (script->count > 0 && !after_compound)
        script->commands[script->count - 1].goes_on = true;
    reader->joint = after_compound ? SHELL_JOINT_AFTER : separator->joint;
    reader->list_goes_on = true;
    return true;
}

static bool read_next(struct reader *reader)
{
    struct shell_cursor *cursor = &reader->cursor;
    const struct separator *separator = separator_at(cursor);

    if (separator != NULL && !shell_next_is(cursor, "&>"))
        return read_separator(reader, separator);
    if (shell_peek(cursor, 0) == '#') {
        shell_skip_line(cursor);
        return true;
    }
    if (shell_peek(cursor, 0) == '(')
        return read_opening_parenthesis(reader);
    if (shell_peek(cursor, 0) == ')')
        return read_closing_parenthesis(reader);
    return read_command(reader);
}

void shell_read(struct shell_script *script, const char *text, size_t length, struct arena *arena)
{
    struct reader reader = {
        .cursor = {.text = text, .length = length, .arena = arena}, .script = script, .line = 1};
    size_t begin = 0; /* of what is being read */
    bool ok = true;

    *script = (struct shell_script){0};
    if (memchr(text, '\0', length) != NULL)
        ok = break_off(&reader, "this is no text: it holds a NUL byte");
    for (shell_skip_blanks(&reader.cursor); ok && reader.cursor.at < length;
         shell_skip_blanks(&reader.cursor)) {
        begin = reader.cursor.at;
        ok = read_next(&reader);
    }
    if (ok && (reader.opening_count > 0 || reader.heredoc_count > 0)) {
        begin = length;
        ok = break_off(&reader, "what began above does not end");
    }
    script->broken = reader.cursor.broken;
    script->broken_line = ok ? 0 : line_at(&reader, begin);
}
