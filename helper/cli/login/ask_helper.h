/*
 * What a login would get, for a command: ssmenv-helper is started as pam_ssmenv.so starts it, with
 * the same arguments, in a session of its own, and its one reply is checked in the same way. So
 * commands and logins share the cache, and a command that stays root reads neither configuration
 * nor anything that came from the network.
 */
#ifndef SSMENV_CLI_ASK_HELPER_H
#define SSMENV_CLI_ASK_HELPER_H

#include <stdint.h>

#include "common/buffer.h"
#include "common/error.h"
#include "ssmenv/checked_reply.h"

struct helper_question {
    const char *user;
    const char *service;
    const char *config;
    int64_t timeout_ms; /* for everything */
};

struct helper_answer {
    struct checked_reply reply; /* its texts lie in payload */
    struct buffer payload;      /* secrets */
};

/* True: an answer came, and it may say that there are no variables, or not all of them. Only for
 * root. The caller frees the answer in both cases. */
bool helper_ask(const struct helper_question *question, struct helper_answer *answer,
                struct error *error);
void helper_answer_free(struct helper_answer *answer);

#endif
