/*
 * The identities of a configuration, made ready for one login: their settings as the fetcher gets
 * them, and what binds stored values to each of them.
 *
 * Borrows from the configuration, which must outlive it. identities_free() may be called twice.
 */
#ifndef SSMENV_LOGIN_IDENTITIES_H
#define SSMENV_LOGIN_IDENTITIES_H

#include "common/exchange.h"
#include "config/config.h"

struct ready_identity {
    struct identity settings; /* as written, and whose files may be trusted */
    char *session_name;       /* of role_session_name, with the user in it; or NULL */
    bool names_user;          /* role_session_name does, by %u: each user's values are their own */
    char owner[16];           /* of trust_uid */
    struct buffer key;
};

struct identities {
    struct ready_identity *items;
    size_t count;
    const char *user; /* borrowed: whom they were made for */
};

/* user: the login's. owner: whose files may be trusted besides root's; 0: nobody's. False when
 * memory ends. */
bool identities_make(struct identities *identities, const struct config *config, const char *user,
                     uid_t owner);
void identities_free(struct identities *identities);

/* Everything but the lookups that decides what a name means under this identity: its settings, and
 * which files hold its credentials or the tokens for them. A changed file is another identity: new
 * keys are used at once. */
const char *identities_key(const struct identities *identities, size_t index);

/* Stores the identities that the lookups are made under, LIMIT_IDENTITIES at most, once each, with
 * the index of each in picked, and points the lookups at them; returns how many. An identity that
 * nobody asks under costs nothing, and cannot fail. */
size_t identities_pick(const struct identities *identities, struct lookup *lookups, size_t count,
                       struct identity *used, size_t *picked);

#endif
