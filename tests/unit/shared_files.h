/*
 * A folder with a credentials file and a config file for one test, and the settings of [aws] that
 * lead to them.
 */
#ifndef SSMENV_TESTS_UNIT_SHARED_FILES_H
#define SSMENV_TESTS_UNIT_SHARED_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/exchange.h"

#define SHARED_SETTINGS_MAX 8

struct shared_files {
    char folder[64];
    char credentials[96];
    char config[96];
    char uid[16];
    struct setting settings[SHARED_SETTINGS_MAX];
    struct identity identity;
};

static inline void shared_files_set(struct shared_files *files, const char *key, const char *value)
{
    files->settings[files->identity.count++] =
        (struct setting){.key = (char *)(uintptr_t)key, .value = (char *)(uintptr_t)value};
    files->identity.settings = files->settings;
}

static inline void shared_files_write(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    if (file != NULL && text != NULL) {
        fputs(text, file);
        fclose(file);
        chmod(path, mode);
    }
}

/* A file whose text is NULL does not exist. */
static inline void shared_files_make(struct shared_files *files, const char *credentials,
                                     const char *config)
{
    *files = (struct shared_files){.folder = "/tmp/shared_files.XXXXXX"};
    if (mkdtemp(files->folder) == NULL)
        perror(files->folder);
    snprintf(files->credentials, sizeof files->credentials, "%s/credentials", files->folder);
    snprintf(files->config, sizeof files->config, "%s/config", files->folder);
    snprintf(files->uid, sizeof files->uid, "%u", (unsigned)geteuid());
    if (credentials != NULL)
        shared_files_write(files->credentials, credentials, 0640);
    if (config != NULL)
        shared_files_write(files->config, config, 0644);
    shared_files_set(files, "credentials_file", files->credentials);
    shared_files_set(files, "config_file", files->config);
    shared_files_set(files, "trust_uid", files->uid);
}

static inline void shared_files_remove(struct shared_files *files)
{
    unlink(files->credentials);
    unlink(files->config);
    rmdir(files->folder);
}

#endif
