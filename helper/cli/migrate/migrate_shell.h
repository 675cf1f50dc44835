/*
 * A shell start-up file as a list of its simple commands, in the order of the file (POSIX, Shell
 * Command Language, 2.9 and 2.10; and what bash adds to it). Every command knows what it stands
 * inside of and what joins it to the one before, so that whoever uses the list can tell a command
 * that always runs from one that may not.
 *
 * A file that cannot be read to its end gives the commands before, and says where and why it ended.
 * The text is borrowed; all else belongs to the arena.
 */
#ifndef SSMENV_CLI_MIGRATE_SHELL_H
#define SSMENV_CLI_MIGRATE_SHELL_H

#include "cli/migrate/migrate_words.h"

enum shell_joint {
    SHELL_JOINT_NONE, /* begins a list: it follows a line end, ; & or what a compound begins with */
    SHELL_JOINT_AND,
    SHELL_JOINT_OR,
    SHELL_JOINT_PIPE,
    SHELL_JOINT_AFTER, /* as the first of its list: what stands before && || | is no such command */
};

struct shell_redirection {
    const char *operator; /* ">", ">>", "<", ">&", "&>", "<<", "<<<" … */
    int descriptor;       /* -1: the operator's own */
    struct shell_word target;
};

struct shell_command {
    struct shell_word *words; /* none: only redirections, of a compound command that ended */
    size_t word_count;
    struct shell_redirection *redirections;
    size_t redirection_count;
    enum shell_joint joint;
    unsigned list;        /* commands that && || and | join have the same number */
    bool goes_on;         /* && || or | follows */
    bool background;      /* an & follows */
    const char *inside;   /* "if", "case", "{" …: the innermost compound command; NULL: none */
    const char *function; /* the function whose body it stands in, or whose definition begins */
    size_t begin;         /* of its source */
    size_t end;
    unsigned line; /* from 1 */
    unsigned last_line;
};

struct shell_script {
    struct shell_command *commands;
    size_t count;
    const char *broken; /* why it could not be read to its end; NULL: it could */
    unsigned broken_line;
};

void shell_read(struct shell_script *script, const char *text, size_t length, struct arena *arena);

#endif
