/*
 * What a login would get at this moment, as far as it can be told without asking anybody: the plan
 * that the login itself would make, and what the cache holds for it. The cache is only looked at:
 * no lock is taken and no use is recorded.
 *
 * The struct owns all but user, service and config. outlook_free() may be called twice.
 */
#ifndef SSMENV_CLI_PLAN_OUTLOOK_H
#define SSMENV_CLI_PLAN_OUTLOOK_H

#include "config/groups.h"
#include "config/plan.h"
#include "config/selection.h"
#include "login_identities.h"

enum set_outlook_kind {
    SET_CONSTANT, /* nothing of it is fetched */
    SET_FRESH,    /* the login takes it from the cache */
    SET_STALE,    /* the last fetch failed a moment ago; the login takes what was there before */
    SET_WITHOUT,  /* likewise, and nothing was there before, or too long ago */
    SET_DUE,      /* the login fetches it; what is there is used where AWS is away */
    SET_UNKNOWN,  /* the login fetches it, and nothing is there */
};

struct set_outlook {
    enum set_outlook_kind kind;
    uint64_t age_ms;  /* of what is there */
    uint64_t wait_ms; /* until a login fetches it */
    char *reason;     /* why the last fetch failed, or "" */
    bool open;        /* what it brings is known after a fetch, its own or that of another set */
};

struct outlook {
    const struct config *config;
    struct groups groups;
    struct login login;
    struct plan plan;
    struct identities identities;
    struct answer *answers; /* of the plan's lookups */
    struct set_outlook *sets;
    struct environment environment; /* of the sets that are known */
    struct diagnostics planning;    /* what is wrong before anything is fetched */
    struct diagnostics resolving;   /* what is wrong with what was fetched; also of open sets */
    struct error cache_problem;
};

#define OUTLOOK_INIT ((struct outlook){0})

/* owner: as in config_load(). False when the login cannot be, or memory ended. */
bool outlook_make(struct outlook *outlook, const struct config *config, const char *user,
                  const char *service, uid_t owner, struct error *error);
void outlook_free(struct outlook *outlook);

enum line_state {
    LINE_SET,        /* of an import: it brings at least one variable */
    LINE_UNSET,      /* may be absent, and is; of an import: others have what it brings */
    LINE_FAILED,     /* its set is left out */
    LINE_OPEN,       /* known after the fetch */
    LINE_OVERRIDDEN, /* another line has the name */
};

enum line_state outlook_line(const struct outlook *outlook, size_t line);

/* The next variable that this line brings, from *next on, which moves behind it; or NULL. */
const struct variable *outlook_next(const struct outlook *outlook, size_t line, size_t *next);

/* Whether a diagnostic of resolving is about what is known already. */
bool outlook_is_certain(const struct outlook *outlook, const struct diagnostic *diagnostic);

/* What a key is set to in the section's identity; NULL: not written. */
const char *outlook_setting(const struct outlook *outlook, const struct section *section,
                            const char *key);

#endif
