/*
 * ssmenv check, from the inside: each check is a function that looks at one thing and adds what it
 * finds; check.c has the table of them. They run in the table's order and may use what earlier ones
 * have read.
 *
 * Nothing is changed, nothing is sent. What cannot be seen becomes a note, never a guess.
 */
#ifndef SSMENV_CLI_CHECK_H
#define SSMENV_CLI_CHECK_H

#include <sys/stat.h>
#include <sys/types.h>

#include "cli/check/check_findings.h"
#include "cli/check/check_pam_services.h"
#include "cli/command.h"
#include "config/config.h"

enum known {
    KNOWN_YES,
    KNOWN_NO,
    KNOWN_UNSURE, /* who would know cannot be asked */
};

struct account {
    enum known known;
    uid_t uid;
    gid_t gid;
    char shell[LIMIT_PATH_BYTES];
};

struct check_settings {
    const char *config;
    const char *as;   /* whose place the one FILE takes; or NULL */
    const char *root; /* the image to look at; NULL: this machine */
    bool strict;
    bool json;
};

struct checking {
    const struct command *command;
    struct check_settings settings;
    char **files; /* to be judged as drop-ins; none: everything is judged */
    size_t file_count;
    uid_t owner; /* who may own files besides root; 0: nobody */
    struct findings findings;
    struct config config;
    bool config_good;
    struct account helper;
    struct pam_services pam;
};

/* Reads the configuration, with the files in their places; the others use it only when it is good.
 */
void check_configuration(struct checking *checking);
void check_criteria(struct checking *checking);
void check_overrides(struct checking *checking);

void check_account(struct checking *checking);
void check_switch(struct checking *checking);
void check_configuration_files(struct checking *checking);
void check_identity_files(struct checking *checking);
void check_programs(struct checking *checking);
void check_run_folder(struct checking *checking);

void check_pam_lines(struct checking *checking);
void check_pam_stacks(struct checking *checking);
void check_sshd(struct checking *checking);

/* --- what several of them ask (check_accounts.c, check_trust.c) --- */

/* In an image only the image's own files are asked, else the name service. */
struct account account_find(const struct checking *checking, const char *name);
enum known group_is_known(const struct checking *checking, const char *name);

/* Whether the helper's account may do this (R_OK, X_OK) with a file or folder, on the whole way to
 * it. Only root can try; 0, EACCES …, or -1 where it cannot be told. */
int helper_access(const struct checking *checking, const char *path, int mode);

/* Adds an error unless path leads to something of this type (S_IFREG, S_IFDIR) that nobody but root
 * can replace: it and every folder above it, symbolic links resolved. status may be NULL. */
bool check_trust(struct checking *checking, const char *path, mode_t type, struct position place,
                 struct stat *status);

/* Adds a note that this could not be looked at, and why. */
void check_unseen(struct checking *checking, const char *path, int code);

#endif
