/*
 * What the parts of ssmenv doctor share.
 *
 * The doctor examines the host, then each identity ([aws], [aws NAME]) that lines of the
 * configuration are fetched under, each step of it with a time limit of its own, and then the
 * databases that the variables lead to. What a step finds out is kept for those behind it; what a
 * step needs and did not get is the reason why it is not tried.
 */
#ifndef SSMENV_CLI_DOCTOR_H
#define SSMENV_CLI_DOCTOR_H

#include "aws/answers.h"
#include "aws/client.h"
#include "cli/command.h"
#include "cli/doctor/doctor_report.h"
#include "config/config.h"
#include "config/section.h"
#include "login_identities.h"

/* A parameter, secret or import of the configuration, once for each identity, and how it went. */
struct wanted_lookup {
    struct lookup lookup; /* borrowed from the configuration, or from the doctor's arena */
    const char *variable; /* that wants it first */
    struct position position;
    bool has_alternative; /* in some line */
    bool is_list;         /* its variable is used with |lines */
    bool lacks_user;      /* its name holds %u, and no --user was given */
    bool told;            /* in another line of the report */
    size_t others;        /* of how many others the line about this one speaks */
    bool asked;           /* its answer is there */
    struct answer_detail detail;
};

/* An identity on its way through the steps. */
struct subject {
    const char *section;    /* "aws", "aws central" */
    size_t identity;        /* its place in the configuration */
    struct request request; /* one identity, and its lookups: the arrays are owned, nothing else */
    size_t *wanted;         /* of each lookup of the request: its place in the doctor's */
    struct clients clients; /* one account */
    struct account *account;
    struct http *http;             /* for the calls */
    struct http *http_credentials; /* see account_connect() */
    bool unusable;                 /* what is written in the section is broken */
    bool reached;                  /* an endpoint answered, and TLS vouched for it */
    bool sts_unreachable;
    char date[HTTP_HEADER_BYTES]; /* of that answer; "" */
    int64_t date_taken;           /* this machine's time then, in seconds */
    struct caller caller;
};

struct doctor {
    const char *user;    /* NULL: any */
    const char *service; /* NULL: any */
    const char *config_path;
    const char *database; /* HOST:PORT; NULL: those that the variables lead to */
    const char *timeout;
    bool json;

    int64_t timeout_ms; /* of each step */
    uid_t owner;        /* see become_helper_user() */
    struct report report;
    bool configured; /* config may be used */
    bool *selected;  /* for each section, whether it is looked at */
    struct config config;
    struct identities identities;
    struct arena arena;
    struct wanted_lookup *wanted;
    size_t wanted_count;
    struct result answers; /* one answer for each that is wanted */
    struct subject *subjects;
    size_t subject_count;
};

struct deadline doctor_deadline(const struct doctor *doctor);

/* Fills doctor->selected: the sections for the logins that --user and --service name.
 * (doctor_selection.c) */
void doctor_select(struct doctor *doctor);
/* Fills doctor->wanted from them. (doctor_wanted.c) */
void doctor_collect(struct doctor *doctor);
/* The place of the one for this lookup of a plan; wanted_count when there is none. */
size_t doctor_find(const struct doctor *doctor, const struct lookup *lookup);
/* Whether every line that wants it has a value all the same, now that the answers are there. */
bool doctor_may_be_absent(struct doctor *doctor, size_t place);

/* Makes the subjects of what is wanted, and examines each. (doctor_identity.c) */
bool doctor_examine_identities(struct doctor *doctor);
void doctor_free_identities(struct doctor *doctor);

/* Steps of a subject. (doctor_network.c, doctor_parameters.c) */
void doctor_reach_endpoints(struct doctor *doctor, struct subject *subject);
void doctor_compare_clock(struct doctor *doctor, struct subject *subject);
void doctor_ask_parameters(struct doctor *doctor, struct subject *subject);

/* (doctor_database.c) */
bool doctor_database_is_legal(const char *text);
void doctor_examine_databases(struct doctor *doctor);

/* Advises how to make a parameter or secret that does not exist. (doctor_missing.c) */
void doctor_advise_missing(struct doctor *doctor, const struct wanted_lookup *wanted,
                           const struct client *client);

/* Advises which inbound rule the database lacks. host, port: the database's; service: what the
 * console calls the rule's type. (doctor_security_group.c) */
void doctor_advise_rule(struct doctor *doctor, const char *host, unsigned port,
                        const char *rule_type);

/* Appends a word for a shell: as it is, or in quotes where it needs them. */
void shell_quote(struct buffer *text, const char *word);

#endif
