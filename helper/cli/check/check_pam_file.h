/*
 * One file of PAM's configuration, read the way libpam reads it: pam.conf(5), with Debian's
 * @include.
 *
 *     [SERVICE] [-]TYPE CONTROL MODULE [ARGUMENT...]
 *
 * SERVICE stands in /etc/pam.conf only. A # ends a line, wherever it stands; a backslash at the end
 * continues one that has none. A word in [ ] may hold blanks, and \] in it is a ]. Lines that
 * libpam could not use are kept, marked as PAM_BROKEN, since libpam makes them fail.
 *
 * Everything belongs to the arena that is passed in.
 */
#ifndef SSMENV_CLI_CHECK_PAM_FILE_H
#define SSMENV_CLI_CHECK_PAM_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/arena.h"

enum pam_type {
    PAM_TYPE_AUTH,
    PAM_TYPE_ACCOUNT,
    PAM_TYPE_PASSWORD,
    PAM_TYPE_SESSION,
    PAM_TYPE_ANY, /* of @include */
    PAM_TYPE_UNKNOWN,
};

enum pam_line_kind {
    PAM_MODULE,
    PAM_INCLUDE,  /* include, and @include */
    PAM_SUBSTACK, /* its jumps and its end stay inside it */
    PAM_BROKEN,   /* a word is missing, or the type is unknown */
};

/* What libpam does with what a module answers. */
enum pam_action {
    PAM_ACTION_IGNORE,
    PAM_ACTION_OK,
    PAM_ACTION_DONE,
    PAM_ACTION_BAD,
    PAM_ACTION_DIE,
    PAM_ACTION_RESET,
    PAM_ACTION_JUMP,
    PAM_ACTION_UNKNOWN, /* libpam does not know the control either, and takes it for BAD */
};

struct pam_line {
    unsigned number;     /* of its first line in the file, from 1 */
    const char *service; /* of pam.conf; else NULL */
    bool silent;         /* the type begins with a dash: no log line where the module is missing */
    enum pam_type type;
    const char *type_text;
    enum pam_line_kind kind;
    const char *control; /* one word, or what stands between [ and ]; "" where it is missing */
    const char *module;  /* the module or the file included; "" where it is missing */
    const char **arguments;
    size_t argument_count;
};

struct pam_file {
    const char *path;
    struct pam_line *lines;
    size_t count;
};

/* names_services: the file is pam.conf. Never fails; path and text are copied. */
void pam_file_read(struct pam_file *file, struct arena *arena, const char *path, const char *text,
                   size_t length, bool names_services);

/* What becomes of an answer, by its name in a control, as in "success" or "session_err". For a jump
 * stores over how many lines. */
enum pam_action pam_control_action(const char *control, const char *answer, unsigned *jump);

#endif
