/*
 * What is known of the shell's variables while a start-up file is read: literal values, and that a
 * variable was set to something that is not known. A word is put together from it only where it can
 * have one text and no other.
 *
 * Everything belongs to the arena, which outlives the struct.
 */
#ifndef SSMENV_CLI_MIGRATE_VARIABLES_H
#define SSMENV_CLI_MIGRATE_VARIABLES_H

#include "cli/migrate/migrate_words.h"
#include "common/error.h"
#include "config/name_table.h"

struct shell_variable {
    const char *name;
    const char *value; /* NULL: not known */
    bool exported;
    const char *kept_at; /* FILE:LINE of an assignment that stays in the files; NULL: none */
};

struct shell_variables {
    struct shell_variable *items;
    size_t count;
    struct name_table names; /* where each is */
    struct arena *arena;
    const struct shell_variables *outer; /* where those are that are not here; NULL: nowhere */
};

/* NULL: never mentioned. */
struct shell_variable *shell_variables_find(const struct shell_variables *variables,
                                            const char *name);
/* Adds the variable, with no known value, where it is not among these themselves. */
struct shell_variable *shell_variables_open(struct shell_variables *variables, const char *name);

/* A copy that may go its own way. */
struct shell_variables shell_variables_copy(const struct shell_variables *variables);

/* The word's one text. False: it depends on something that is not known, and why says on what. */
bool shell_word_text(const struct shell_variables *variables, const struct shell_word *word,
                     const char **text, struct error *why);

/* As before, but $USER and $LOGNAME give %u, as a name in ssmenv.conf has it. */
bool shell_word_name(const struct shell_variables *variables, const struct shell_word *word,
                     const char **text, struct error *why);

/* Appends the texts of a word as an argument: an unquoted variable with blanks makes several. */
bool shell_word_split(const struct shell_variables *variables, const struct shell_word *word,
                      const char ***texts, size_t *count, struct error *why);

/* NAME=VALUE: returns NAME and the rest of the word as value; NULL when it is none. */
const char *shell_word_assigns(const struct shell_word *word, struct arena *arena,
                               struct shell_word *value);

#endif
