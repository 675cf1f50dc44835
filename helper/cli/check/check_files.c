/* Files and folders: who can change them, who can read them, whether they are there. */
#include "cli/check/check.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "paths.h"

#define PROGRAM_MODE   0711
#define SET_IDS        (S_ISUID | S_ISGID)
#define OTHERS_READ    (S_IRGRP | S_IROTH)
#define DROP_IN_FOLDER "conf.d"

void check_switch(struct checking *checking)
{
    if (access(PATH_DISABLED, F_OK) == 0)
        findings_add(&checking->findings, FINDING_WARNING, in_file(PATH_DISABLED),
                     "pam_ssmenv is switched off, so no session gets variables: remove this file");
    else if (errno == EACCES)
        check_unseen(checking, PATH_DISABLED, errno);
}

/* FOLDER/NAME, or NULL when memory ends; the caller frees it. folder_length: of what is used. */
static char *join(const char *folder, size_t folder_length, const char *name)
{
    char *path = NULL;

    if (asprintf(&path, "%.*s%s%s", (int)folder_length, folder,
                 folder_length > 0 && folder[folder_length - 1] != '/' ? "/" : "", name) < 0)
        return NULL;
    return path;
}

static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
}

/* --- the configuration --- */

/* Owners and modes were judged when the configuration was read. */
static void check_readable(struct checking *checking, const char *path, bool folder)
{
    int code = helper_access(checking, path, folder ? R_OK | X_OK : R_OK);

    if (code == EACCES)
        findings_add(&checking->findings, FINDING_ERROR, in_file(path),
                     HELPER_USER " cannot read it, so no session gets variables: chgrp " HELPER_USER
                                 " %s; chmod %s %s; and let it enter the folders above",
                     path, folder ? "0750" : "0640", path);
}

static bool is_drop_in(const char *name)
{
    size_t length = strlen(name);

    return length > strlen(".conf") && strcmp(name + length - strlen(".conf"), ".conf") == 0;
}

static void check_drop_in(struct checking *checking, const char *folder, const char *name)
{
    char *path = join(folder, strlen(folder), name);

    if (path == NULL)
        checking->findings.failed = true;
    else if (is_drop_in(name))
        check_readable(checking, path, false);
    else
        findings_add(&checking->findings, FINDING_WARNING, in_file(path),
                     "is not read, since its name does not end in .conf: rename or remove it");
    free(path);
}

static void check_drop_ins(struct checking *checking, const char *folder)
{
    DIR *stream = opendir(folder);
    const struct dirent *entry;

    if (stream == NULL && errno != ENOENT)
        check_unseen(checking, folder, errno);
    if (stream == NULL)
        return;
    check_readable(checking, folder, true);
    while ((entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] != '.')
            check_drop_in(checking, folder, entry->d_name);
    }
    closedir(stream);
}

void check_configuration_files(struct checking *checking)
{
    const char *path = checking->settings.config;
    char *folder = strndup(path, folder_length(path));
    char *drop_ins = join(path, folder_length(path), DROP_IN_FOLDER);

    if (geteuid() != 0)
        findings_add(&checking->findings, FINDING_NOTE, (struct position){0},
                     "only root can try what " HELPER_USER " is able to read: run ssmenv check as "
                     "root to know");
    if (folder == NULL || drop_ins == NULL) {
        checking->findings.failed = true;
    } else {
        if (access(folder, F_OK) == 0 || errno != ENOENT)
            check_trust(checking, *folder != '\0' ? folder : ".", S_IFDIR, in_file(folder), NULL);
        if (access(path, F_OK) == 0)
            check_readable(checking, path, false);
        check_drop_ins(checking, drop_ins);
    }
    free(folder);
    free(drop_ins);
}

/* --- what the identities need --- */

static const struct file_setting {
    const char *key;
    const char *standard; /* where it is looked for when the key is not written; or NULL */
    mode_t forbidden;     /* as the fetcher has it */
    bool follows;         /* a symbolic link is as good */
} file_settings[] = {
    {"credentials_file", PATH_CREDENTIALS, 0027, false},
    {"config_file", PATH_AWS_CONFIG, 0022, false},
    {"web_identity_token_file", NULL, 0022, true},
    {"container_authorization_token_file", NULL, 0022, true},
    {"ca_bundle", NULL, 0022, true},
};

static void check_identity_file(struct checking *checking, const struct file_setting *setting,
                                const char *path, bool written)
{
    struct findings *findings = &checking->findings;
    struct stat status;

    if ((setting->follows ? stat : lstat)(path, &status) != 0) {
        if (errno != ENOENT)
            check_unseen(checking, path, errno);
        else if (written)
            findings_add(findings, FINDING_ERROR, in_file(path),
                         "is named by %s and is not there: put it there, or correct %s",
                         setting->key, setting->key);
        return;
    }
    if (!S_ISREG(status.st_mode))
        findings_add(findings, FINDING_ERROR, in_file(path), "is not a regular file%s",
                     S_ISLNK(status.st_mode) ? ": name the file that the link leads to" : "");
    else if (status.st_uid != 0 && status.st_uid != checking->owner)
        findings_add(findings, FINDING_ERROR, in_file(path),
                     "belongs to uid %u and will not be trusted: chown root:" HELPER_USER " %s",
                     (unsigned)status.st_uid, path);
    else if ((status.st_mode & setting->forbidden) != 0)
        findings_add(findings, FINDING_ERROR, in_file(path),
                     "has mode %04o, which lets others in: chown root:" HELPER_USER
                     " %s; chmod 0640 %s",
                     (unsigned)(status.st_mode & 07777), path, path);
    else if (helper_access(checking, path, R_OK) == EACCES)
        findings_add(findings, FINDING_ERROR, in_file(path),
                     HELPER_USER " cannot read it: chgrp " HELPER_USER
                                 " %s; chmod 0640 %s; and let "
                                 "it enter the folders above",
                     path, path);
}

static const char *written_value(const struct identity *identity, const char *key)
{
    for (size_t i = 0; i < identity->count; i++) {
        if (strcmp(identity->settings[i].key, key) == 0)
            return identity->settings[i].value;
    }
    return NULL;
}

void check_identity_files(struct checking *checking)
{
    const struct config *config = &checking->config;

    for (size_t i = 0; checking->config_good && i < config->identity_count; i++) {
        for (size_t j = 0; j < sizeof file_settings / sizeof file_settings[0]; j++) {
            const struct file_setting *setting = &file_settings[j];
            const char *written = written_value(&config->identities[i], setting->key);
            const char *path = written != NULL ? written : setting->standard;

            if (path != NULL)
                check_identity_file(checking, setting, path, written != NULL);
        }
    }
}

/* --- the programs --- */

static void check_program_mode(struct checking *checking, const char *path, mode_t mode)
{
    struct findings *findings = &checking->findings;

    if ((mode & SET_IDS) != 0)
        findings_add(findings, FINDING_ERROR, in_file(path),
                     "has mode %04o: whoever starts it gets rights that the helpers must not have: "
                     "chmod 0711 %s",
                     (unsigned)(mode & 07777), path);
    else if (getxattr(path, "security.capability", NULL, 0) > 0)
        findings_add(findings, FINDING_ERROR, in_file(path),
                     "has file capabilities, which the helpers must not have: setcap -r %s", path);
    else if ((mode & OTHERS_READ) != 0)
        findings_add(findings, FINDING_WARNING, in_file(path),
                     "has mode %04o: a program that can be read lets processes of " HELPER_USER
                     " look into its memory: chmod 0711 %s",
                     (unsigned)(mode & 07777), path);
    else if ((mode & 07777) != PROGRAM_MODE && helper_access(checking, path, X_OK) == EACCES)
        findings_add(findings, FINDING_ERROR, in_file(path),
                     "has mode %04o, and " HELPER_USER " cannot start it: chmod 0711 %s",
                     (unsigned)(mode & 07777), path);
}

static void check_program(struct checking *checking, const char *path)
{
    struct stat status;

    if (check_trust(checking, path, S_IFREG, in_file(path), &status))
        check_program_mode(checking, path, status.st_mode);
}

void check_programs(struct checking *checking)
{
    static const char *const companions[] = {"ssmenv-groups", "ssmenv-fetch"};

    check_program(checking, PATH_HELPER);
    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++) {
        char *path = join(PATH_HELPER, folder_length(PATH_HELPER), companions[i]);

        if (path != NULL)
            check_program(checking, path);
        else
            checking->findings.failed = true;
        free(path);
    }
}

/* --- the cache's folder --- */

static bool is_in_memory(const char *path)
{
    struct statfs status;

    return statfs(path, &status) != 0 || status.f_type == TMPFS_MAGIC ||
           status.f_type == RAMFS_MAGIC;
}

static bool is_empty(const char *folder)
{
    DIR *stream = opendir(folder);
    const struct dirent *entry;
    bool empty = true;

    while (stream != NULL && (entry = readdir(stream)) != NULL)
        empty = empty && entry->d_name[0] == '.';
    if (stream != NULL)
        closedir(stream);
    return empty;
}

void check_run_folder(struct checking *checking)
{
    struct findings *findings = &checking->findings;
    const struct account *helper = &checking->helper;
    struct stat status;

    if (lstat(PATH_RUNDIR, &status) != 0) {
        if (errno != ENOENT)
            check_unseen(checking, PATH_RUNDIR, errno);
        return;
    }
    if (!S_ISDIR(status.st_mode))
        findings_add(findings, FINDING_ERROR, in_file(PATH_RUNDIR),
                     "is not a folder, so nothing is kept: remove it");
    else if (helper->known == KNOWN_YES && status.st_uid != helper->uid && status.st_uid != 0)
        findings_add(findings, FINDING_ERROR, in_file(PATH_RUNDIR),
                     "belongs to uid %u, so nothing is kept: remove it; the next login makes it "
                     "anew",
                     (unsigned)status.st_uid);
    else if (status.st_uid != 0 && (status.st_mode & 0077) != 0)
        findings_add(
            findings, FINDING_WARNING, in_file(PATH_RUNDIR),
            "has mode %04o until the next login of root's mends it: chmod 0700 " PATH_RUNDIR,
            (unsigned)(status.st_mode & 07777));
    else if (checking->settings.root != NULL && !is_empty(PATH_RUNDIR))
        findings_add(findings, FINDING_ERROR, in_file(PATH_RUNDIR),
                     "holds fetched values, and whoever gets the image gets them: empty it, and "
                     "build images where nobody logs in");
    else if (checking->settings.root == NULL && !is_in_memory(PATH_RUNDIR))
        findings_add(findings, FINDING_WARNING, in_file(PATH_RUNDIR),
                     "lies on a disk, and so do fetched values: mount a tmpfs there");
}
