#include "cli/migrate/migrate_lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/migrate/migrate_statements.h"
#include "common/buffer.h"
#include "ssmenv/names.h"

#define CANDIDATES_MAX (2 * LIMIT_VARIABLES) /* a login cannot have as many */
#define ROUNDS_MAX     16                    /* see judge_candidates() */

struct sorting {
    struct statements statements;
    struct migrate_file *file;
    struct arena *arena;
    size_t length;
    bool *can_go; /* each command, with all that && and || join to it; as of this round's begin */
};

static const struct shell_command *command_of(const struct sorting *sorting, size_t index)
{
    return &sorting->statements.script.commands[index];
}

static void refuse(struct sorting *sorting, struct candidate *candidate, const struct error *why)
{
    candidate->why = arena_copy(sorting->arena, why->text);
}

/* --- does the variable always get this value, and does everybody see it? --- */

static bool is_exported(const struct sorting *sorting, const char *name)
{
    for (size_t i = 0; i < sorting->statements.part_count; i++) {
        const struct part *part = &sorting->statements.parts[i];

        if (part->exports && strcmp(part->name, name) == 0)
            return true;
    }
    return false;
}

static bool name_is_usable(const char *name, struct error *why)
{
    if (name_is_denied(name, strlen(name)))
        return error_set(why, "ssmenv never sets a variable of this name");
    return true;
}

static bool judge_place(const struct sorting *sorting, const struct part *part, struct error *why)
{
    const struct statements *statements = &sorting->statements;

    if (statements->aws_is_redefined)
        return error_set(why, "aws is a function or an alias here");
    if (statements->ended_by < part->command)
        return error_set(why, "line %u ends the file before it",
                         command_of(sorting, statements->ended_by)->line);
    if (!is_exported(sorting, part->name))
        return error_set(why, "it is not exported, as everything is that ssmenv sets: write export "
                              "in front of it");
    return true;
}

static bool sets_and_stays(const struct statements *statements, const struct part *part)
{
    return part->kind == PART_ASSIGNMENT ||
           (part->kind == PART_CANDIDATE && statements->candidates[part->candidate].why != NULL);
}

/* An assignment that stays and comes before would win over what the login brings. */
static bool judge_others(const struct sorting *sorting, const struct part *part, struct error *why)
{
    const struct statements *statements = &sorting->statements;
    const struct shell_variable *variable = shell_variables_find(statements->variables, part->name);

    if (variable != NULL && variable->kept_at != NULL)
        return error_set(why, "%s sets it too, stays, and would win", variable->kept_at);

    for (size_t i = 0; i < statements->part_count; i++) {
        const struct part *other = &statements->parts[i];
        bool stays =
            other->kind == PART_ASSIGNMENT ||
            (other->kind == PART_CANDIDATE && statements->candidates[other->candidate].why != NULL);

        if (!stays || strcmp(other->name, part->name) != 0)
            continue;
        if (other->command < part->command)
            return error_set(why, "line %u sets it too, stays, and would win",
                             command_of(sorting, other->command)->line);
        if (other->refers_itself)
            return error_set(why, "line %u changes it again",
                             command_of(sorting, other->command)->line);
    }
    return true;
}

/* --- can the lines go? --- */

static bool is_taken_over(const struct sorting *sorting, const char *name)
{
    const struct statements *statements = &sorting->statements;

    for (size_t i = 0; i < statements->candidate_count; i++) {
        if (statements->candidates[i].why == NULL &&
            strcmp(statements->candidates[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool part_can_go(const struct sorting *sorting, const struct part *part)
{
    switch (part->kind) {
    case PART_CANDIDATE:
        return sorting->statements.candidates[part->candidate].why == NULL;
    case PART_EXPORT:
        return is_taken_over(sorting, part->name);
    case PART_NOTHING:
        return true;
    case PART_ASSIGNMENT:
    case PART_OTHER:
        break;
    }
    return false;
}

static bool redirects_errors_only(const struct shell_command *command)
{
    for (size_t i = 0; i < command->redirection_count; i++) {
        if (command->redirections[i].descriptor != 2)
            return false;
    }
    return true;
}

/* Behind && or || may only stand what can go as well; export itself never fails. */
static bool joint_can_go(const struct shell_command *command, const struct part *parts)
{
    switch (command->joint) {
    case SHELL_JOINT_NONE:
    case SHELL_JOINT_AND:
        return true;
    case SHELL_JOINT_OR:
        return parts[0].kind == PART_NOTHING;
    case SHELL_JOINT_PIPE:
    case SHELL_JOINT_AFTER:
        break;
    }
    return false;
}

static bool command_can_go(const struct sorting *sorting, size_t index)
{
    const struct shell_command *command = command_of(sorting, index);
    size_t count;
    const struct part *parts = statements_parts(&sorting->statements, index, &count);

    if (command->inside != NULL || command->background || count == 0 ||
        !redirects_errors_only(command) || !joint_can_go(command, parts))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!part_can_go(sorting, &parts[i]))
            return false;
    }
    return true;
}

/* From one command on, those that && || and | join to it. */
static size_t list_length(const struct sorting *sorting, size_t first)
{
    size_t next = first + 1;

    while (next < sorting->statements.script.count &&
           command_of(sorting, next)->list == command_of(sorting, first)->list)
        next++;
    return next - first;
}

static bool list_can_go(const struct sorting *sorting, size_t first, size_t length)
{
    for (size_t i = first; i < first + length; i++) {
        if (!command_can_go(sorting, i))
            return false;
    }
    return command_of(sorting, first)->joint == SHELL_JOINT_NONE &&
           !command_of(sorting, first + length - 1)->goes_on;
}

/* All that is joined goes together. */
static void mark_commands(struct sorting *sorting)
{
    for (size_t first = 0; first < sorting->statements.script.count;) {
        size_t length = list_length(sorting, first);
        bool can_go = list_can_go(sorting, first, length);

        for (; length > 0; length--)
            sorting->can_go[first++] = can_go;
    }
}

static size_t line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

/* Where the command that covers this byte ends; at itself when none does, or one that stays. near
 * is a command that ends before, and moves on. */
static size_t behind_command(const struct sorting *sorting, size_t *near, size_t at)
{
    size_t count = sorting->statements.script.count;

    while (*near < count && command_of(sorting, *near)->end <= at)
        (*near)++;
    if (*near < count && command_of(sorting, *near)->begin <= at && sorting->can_go[*near])
        return command_of(sorting, *near)->end;
    return at;
}

/* The lines of the command hold nothing but what can go, separators and comments. */
static bool lines_can_go(const struct sorting *sorting, size_t index)
{
    const char *text = sorting->statements.text;
    size_t length = sorting->length;
    size_t at = line_start(text, command_of(sorting, index)->begin);
    size_t near = index;

    while (near > 0 && command_of(sorting, near)->end > at)
        near--;
    while (at < length && (text[at] != '\n' || at < command_of(sorting, index)->end)) {
        size_t end = behind_command(sorting, &near, at);

        if (end > at) {
            at = end;
        } else if (text[at] == '#') {
            while (at < length && text[at] != '\n')
                at++;
        } else if (strchr(" \t\r;&|\n", text[at]) != NULL) {
            at++;
        } else if (text[at] == '\\' && at + 1 < length && text[at + 1] == '\n') {
            at += 2;
        } else {
            return false;
        }
    }
    return true;
}

static bool judge_lines(const struct sorting *sorting, const struct part *part, struct error *why)
{
    const struct shell_command *command = command_of(sorting, part->command);

    if (command->inside != NULL)
        return error_set(why, "it is set under a condition only");
    if (!sorting->can_go[part->command])
        return error_set(why, "it shares a command, or && and ||, with what has to stay");
    if (!lines_can_go(sorting, part->command))
        return error_set(why, "its line holds other commands too: give it a line of its own");
    return true;
}

/* --- all together --- */

static bool judge(const struct sorting *sorting, const struct part *part, struct error *why)
{
    return name_is_usable(part->name, why) && judge_place(sorting, part, why) &&
           judge_others(sorting, part, why) && judge_lines(sorting, part, why);
}

/* True when one was refused. */
static bool judge_round(struct sorting *sorting, const char *refusal)
{
    struct statements *statements = &sorting->statements;
    bool changed = false;

    mark_commands(sorting);
    for (size_t i = 0; i < statements->part_count; i++) {
        const struct part *part = &statements->parts[i];
        struct error why = ERROR_INIT;

        if (part->kind != PART_CANDIDATE || statements->candidates[part->candidate].why != NULL)
            continue;
        if (refusal != NULL)
            error_set(&why, "%s", refusal);
        else if (judge(sorting, part, &why))
            continue;
        refuse(sorting, &statements->candidates[part->candidate], &why);
        changed = true;
    }
    return changed;
}

/* Refusing one may keep a line that another one needs gone, so this goes on until all agree; a file
 * that somebody made for this to take long is given up. */
static void judge_candidates(struct sorting *sorting)
{
    unsigned round = 0;

    if (sorting->statements.candidate_count > CANDIDATES_MAX)
        judge_round(sorting, "there are more of them here than a login can have");
    while (judge_round(sorting, NULL)) {
        if (++round == ROUNDS_MAX)
            judge_round(sorting, "its line is entangled with too many others");
    }
}

static void add_problem(struct sorting *sorting, unsigned line, const char *name, const char *why)
{
    struct migrate_file *file = sorting->file;
    struct error text = ERROR_INIT;

    error_set(&text, "%s%s%s", name != NULL ? name : "", name != NULL ? ": " : "", why);
    file->problems =
        arena_grow(sorting->arena, file->problems, file->problem_count, sizeof *file->problems);
    file->problems[file->problem_count++] =
        (struct migrate_problem){line, arena_copy(sorting->arena, text.text)};
}

/* The last one counts, as in the shell. */
static void add_variable(struct sorting *sorting, const struct candidate *candidate, unsigned line)
{
    struct migrate_file *file = sorting->file;
    size_t at = 0;

    while (at < file->variable_count && strcmp(file->variables[at].name, candidate->name) != 0)
        at++;
    if (at == file->variable_count) {
        file->variables = arena_grow(sorting->arena, file->variables, file->variable_count,
                                     sizeof *file->variables);
        file->variable_count++;
    }
    file->variables[at] = (struct migrate_variable){candidate->name, candidate->value, line};
}

static void add_range(struct sorting *sorting, const struct shell_command *command)
{
    struct migrate_file *file = sorting->file;
    struct migrate_range *last =
        file->range_count > 0 ? &file->ranges[file->range_count - 1] : NULL;

    if (last != NULL && command->line <= last->last) {
        last->last = command->last_line > last->last ? command->last_line : last->last;
        return;
    }
    file->ranges =
        arena_grow(sorting->arena, file->ranges, file->range_count, sizeof *file->ranges);
    file->ranges[file->range_count++] = (struct migrate_range){command->line, command->last_line};
}

static const char *problem_of(const struct shell_command *command, const char *source,
                              size_t length)
{
    if (command->function != NULL)
        return "a function asks AWS: write export NAME=$(aws ...) at each place that calls it";
    if (command->inside != NULL)
        return "AWS is asked inside a compound command, so only under a condition";
    if (memmem(source, length, "get-parameters-by-path", 22) != NULL)
        return "get-parameters-by-path brings many: write an import such as APP_* = /path/* under "
               "[env]";
    return "AWS is asked, but not as in export NAME=$(aws ...)";
}

/* What speaks of parameters and is no candidate. */
static void report_command(struct sorting *sorting, size_t index)
{
    const struct shell_command *command = command_of(sorting, index);
    const char *source = sorting->statements.text + command->begin;
    size_t length = command->end - command->begin;
    size_t count;
    const struct part *parts = statements_parts(&sorting->statements, index, &count);

    for (size_t i = 0; i < count; i++) {
        if (parts[i].kind == PART_CANDIDATE)
            return;
    }
    if (aws_is_mentioned(source, length))
        add_problem(sorting, command->line, NULL, problem_of(command, source, length));
}

static void report_rest(struct sorting *sorting, const char *text, size_t length)
{
    const struct shell_script *script = &sorting->statements.script;
    struct error why = ERROR_INIT;
    size_t from = 0;
    unsigned line = 1;

    while (from < length && line < script->broken_line)
        line += text[from++] == '\n';
    if (!aws_is_mentioned(text + from, length - from))
        return;
    error_set(&why, "nothing is read from here on: %s", script->broken);
    add_problem(sorting, script->broken_line, NULL, why.text);
}

static void report_command_parts(struct sorting *sorting, size_t index)
{
    size_t count;
    const struct part *parts = statements_parts(&sorting->statements, index, &count);
    const struct shell_command *command = command_of(sorting, index);

    for (size_t i = 0; i < count; i++) {
        const struct candidate *candidate =
            parts[i].kind == PART_CANDIDATE ? &sorting->statements.candidates[parts[i].candidate]
                                            : NULL;

        if (candidate != NULL && candidate->why != NULL)
            add_problem(sorting, command->line, candidate->name, candidate->why);
        else if (candidate != NULL)
            add_variable(sorting, candidate, command->line);
    }
    if (count > 0 && sorting->can_go[index] && parts[0].kind != PART_NOTHING)
        add_range(sorting, command);
}

/* For the files that come after this one. */
static void remember_what_stays(const struct sorting *sorting)
{
    const struct statements *statements = &sorting->statements;

    for (size_t i = 0; i < statements->part_count; i++) {
        const struct part *part = &statements->parts[i];
        struct error place = ERROR_INIT;

        if (!sets_and_stays(statements, part))
            continue;
        error_set(&place, "%s:%u", sorting->file->path, command_of(sorting, part->command)->line);
        shell_variables_open(statements->variables, part->name)->kept_at =
            arena_copy(sorting->arena, place.text);
    }
}

void migrate_read(struct migrate_file *file, const char *path, const char *text, size_t length,
                  struct shell_variables *variables, const struct aws_defaults *defaults)
{
    struct sorting sorting = {.file = file, .arena = variables->arena, .length = length};

    *file = (struct migrate_file){.path = path};
    statements_read(&sorting.statements, text, length, variables, defaults);
    sorting.can_go =
        arena_alloc(sorting.arena, sorting.statements.script.count * sizeof *sorting.can_go + 1);
    judge_candidates(&sorting);
    for (size_t i = 0; i < sorting.statements.script.count; i++) {
        report_command_parts(&sorting, i);
        report_command(&sorting, i);
    }
    if (sorting.statements.script.broken != NULL)
        report_rest(&sorting, text, length);
    if (sorting.statements.sources_first != SIZE_MAX)
        file->source_line = command_of(&sorting, sorting.statements.sources_first)->line;
    remember_what_stays(&sorting);
}

void migrate_comment_out(const struct migrate_file *file, const char *text, size_t length,
                         struct buffer *changed)
{
    size_t range = 0;
    unsigned line = 1;

    for (size_t at = 0; at < length; line++) {
        const char *newline = memchr(text + at, '\n', length - at);
        size_t next = newline != NULL ? (size_t)(newline - text) + 1 : length;

        while (range < file->range_count && file->ranges[range].last < line)
            range++;
        if (range < file->range_count && file->ranges[range].first <= line)
            buffer_append_text(changed, "# ");
        buffer_append(changed, text + at, next - at);
        at = next;
    }
}
