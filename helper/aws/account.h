/*
 * An identity of a request, made ready: as whom calls are signed, in which region, trusting which
 * certificates.
 *
 * account_open() reads files and may start a process, so it comes before the sandbox closes;
 * account_connect() asks over the network for what the files did not hold, so it comes after. What
 * fails in either is kept in error, for those who would have used the account.
 *
 * What was kept of the identity (common/keepsake.h) saves the asking: its credentials are used
 * until AWS refuses them, and its region and instance id are believed. account_learn() says what is
 * to be kept from now on.
 */
#ifndef SSMENV_AWS_ACCOUNT_H
#define SSMENV_AWS_ACCOUNT_H

#include "aws/call.h"
#include "aws/clock.h"
#include "aws/credentials.h"
#include "aws/metadata.h"
#include "aws/sts.h"
#include "common/exchange.h"

struct account {
    const struct identity *settings; /* borrowed */
    struct credentials credentials;
    struct credential_source source;
    struct metadata_service metadata;
    struct buffer ca_bundle; /* empty: the system's certificates */
    char *region;            /* NULL: nowhere configured */
    bool wants_region;       /* of the metadata service, since none is written anywhere */
    char *instance_id;       /* NULL: not asked for, or not to be had */
    bool wants_instance_id;  /* a name of a lookup or session holds %i */
    unsigned max_attempts;
    bool renewed;        /* the credentials were asked for a second time: there is no third */
    bool renewal_helped; /* … and there were some */
    char origin[KEEPSAKE_ORIGIN_BYTES + 1]; /* of what is asked, see aws/kept.h */
    bool kept_fits;                         /* what was kept is of this origin */
    bool uses_kept;                         /* the credentials are those that were kept */
    bool has_news;                          /* something was asked for that can be kept */
    bool kept_refused;           /* AWS does not take what was kept, and there is nothing better */
    struct http *http;           /* borrowed; where credentials are asked for */
    struct clock *clock;         /* borrowed */
    struct deadline deadline;    /* of the request */
    struct error error;          /* why it cannot be used; not set when it can */
    struct error region_error;   /* why region is NULL */
    struct error instance_error; /* why instance_id is NULL */
};

void account_open(struct account *account, const struct identity *settings,
                  struct deadline deadline);

/* The two halves of account_open(), for whoever tells a person about each: the settings with the
 * region, where it is written, and then where credentials come from. */
void account_configure(struct account *account, const struct identity *settings,
                       struct deadline deadline);
void account_prepare(struct account *account);

/* http, clock: must outlive the account. Nobody else may use http meanwhile, nor later. */
void account_connect(struct account *account, struct http *http, struct clock *clock);
/* The first half of that: the region, if the metadata service has to be asked for it. */
void account_find_region(struct account *account, struct http *http);
void account_free(struct account *account);

/* Whom AWS takes the connected account for, asked until its deadline. */
bool account_identify(struct account *account, struct caller *caller, struct error *error);

/* Whether account_connect() has to ask anybody. */
bool account_must_ask(const struct account *account);

/* Obtains the credentials once more, if others may help against this refusal; whether there are
 * any. context is the account: it is a struct service's renew. */
bool account_renew(void *context, const struct service_error *refusal);

/* What is to be kept of the identity, after its last call. Free learnt->keepsake in any case. */
void account_learn(const struct account *account, struct learnt *learnt);

/* Appends what credentials_name() says of the account's. */
void account_name_key(const struct account *account, struct buffer *text);

/* The TCP ports of all that account_connect() and the account's calls may ask; returns how many, at
 * most max. */
size_t account_ports(const struct account *account, uint16_t *ports, size_t max);

#endif
