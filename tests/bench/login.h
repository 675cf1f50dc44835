/*
 * A measured login: one pam_open_session through libpam, which counts only when it delivered what
 * was asked for.
 *
 * What a login delivers is known by number: variable 1 is BENCH_001, its value "value of
 * BENCH_001", and so on. Looking at the variables is not part of the time that is measured.
 */
#ifndef SSMENV_BENCH_LOGIN_H
#define SSMENV_BENCH_LOGIN_H

#include <errno.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VARIABLE_NAME_BYTES  16
#define VARIABLE_VALUE_BYTES 32

struct login {
    const char *folder; /* of service files */
    const char *service;
    unsigned variables; /* how many it must deliver */
    pam_handle_t *handle;
};

static inline void give_up(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(1);
}

static inline int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void variable_make(unsigned number, char name[VARIABLE_NAME_BYTES],
                                 char value[VARIABLE_VALUE_BYTES])
{
    snprintf(name, VARIABLE_NAME_BYTES, "BENCH_%03u", number);
    snprintf(value, VARIABLE_VALUE_BYTES, "value of %s", name);
}

static inline int login_converse(int count, const struct pam_message **messages,
                                 struct pam_response **responses, void *data)
{
    (void)messages;
    (void)data;
    *responses = calloc((size_t)count, sizeof **responses);
    return *responses != NULL ? PAM_SUCCESS : PAM_CONV_ERR;
}

static inline void login_begin(struct login *login)
{
    struct pam_conv conversation = {.conv = login_converse};

    if (pam_start_confdir(login->service, "root", &conversation, login->folder, &login->handle) !=
        PAM_SUCCESS)
        give_up("pam_start_confdir");
}

/* Nanoseconds of pam_open_session. */
static inline int64_t login_open(struct login *login)
{
    int64_t started = now_ns();
    int result = pam_open_session(login->handle, 0);
    int64_t elapsed = now_ns() - started;

    if (result != PAM_SUCCESS) {
        fprintf(stderr, "pam_open_session: %s\n", pam_strerror(login->handle, result));
        exit(1);
    }
    return elapsed;
}

static inline bool login_delivered(const struct login *login)
{
    char name[VARIABLE_NAME_BYTES];
    char value[VARIABLE_VALUE_BYTES];

    for (unsigned i = 1; i <= login->variables; i++) {
        const char *found;

        variable_make(i, name, value);
        found = pam_getenv(login->handle, name);
        if (found == NULL || strcmp(found, value) != 0)
            return false;
    }
    return true;
}

static inline void login_end(struct login *login)
{
    pam_close_session(login->handle, 0);
    pam_end(login->handle, PAM_SUCCESS);
}

/* All of it; a login that did not deliver ends the program. */
static inline int64_t login_once(struct login *login)
{
    int64_t elapsed;

    login_begin(login);
    elapsed = login_open(login);
    if (!login_delivered(login)) {
        fprintf(stderr, "a login for %s did not deliver its %u variables\n", login->service,
                login->variables);
        exit(1);
    }
    login_end(login);
    return elapsed;
}

#endif
