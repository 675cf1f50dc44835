/*
 * The work that answers_fetch() does: parameters, secrets and imports without a verdict yet, and
 * the tasks that will bring one. Only the sources of values include this.
 *
 * A task is a call and what it is about; its kind says how the call is written and what follows
 * from its end. Tasks that have not started stand in a stack: what follows from an answer is asked
 * before anything else, because it may teach how to ask the rest.
 */
#ifndef SSMENV_AWS_WORK_H
#define SSMENV_AWS_WORK_H

#include "aws/answers.h"
#include "aws/call.h"
#include "aws/client.h"
#include "aws/ssm_message.h"
#include "common/exchange.h"

/* How parameters are asked. */
enum manner {
    TOGETHER, /* GetParameters, several names */
    ALONE,    /* GetParameters, one name */
    SINGLE,   /* GetParameter */
    MANNERS,
};

/* One parameter or secret under one client, asked once however many lookups want it. */
struct item {
    const char *name; /* borrowed from the request */
    struct client *client;
    enum answer_state state; /* 0 while there is no verdict */
    char *error;             /* the reason of a verdict other than found */
    char *full_name;         /* as AWS calls it */
    struct buffer value;
    struct answer_detail detail;
    bool denied[MANNERS]; /* the manners in which it was denied */
};

/* An import on its way: its answer grows page by page. */
struct import {
    const struct lookup *lookup;
    const char *path; /* borrowed: of the lookup, with the id of the instance in it */
    struct client *client;
    struct answer *answer;
    struct buffer token; /* of the page that is asked next */
    size_t pages;
};

struct work;
struct task;

struct task_kind {
    void (*prepare)(struct work *work, struct task *task);  /* writes operation and body */
    void (*finished)(struct work *work, struct task *task); /* verdicts and further tasks */
};

struct task {
    struct call call; /* stands first, so that a call is its task */
    const struct task_kind *kind;
    struct client *client;
    enum manner manner;
    struct item *items[SSM_BATCH_MAX];
    size_t count;
    struct import *import; /* NULL: the task is about items */
    struct task *next;
};

struct work {
    struct task *tasks;
    struct result *result; /* takes warnings */
    bool out_of_memory;
};

extern const struct task_kind task_parameters; /* of Parameter Store */
extern const struct task_kind task_import;
extern const struct task_kind task_secret; /* of Secrets Manager */

/* Puts a task on the stack; NULL when memory ended, which is noted. */
struct task *work_push(struct work *work, const struct task_kind *kind, struct client *client);
void task_free(struct task *task);

/* Verdicts. A verdict is given once: later ones are ignored. */
void item_decide(struct work *work, struct item *item, enum answer_state state, const char *error);
/* The same with "NAME: " before the error. */
void item_decide_with(struct work *work, struct item *item, enum answer_state state,
                      const struct error *error);
void import_decide(struct work *work, struct import *import, enum answer_state state,
                   const char *error);
/* FAILED for everything that the task is about. */
void task_fail(struct work *work, struct task *task, const char *error);

/* Asks the names of a task one by one in this manner. */
void parameters_split(struct work *work, const struct task *task, enum manner manner);

/* Keeps a word of the answer: nothing but letters, digits and '-', or nothing. */
void detail_keep(char *detail, size_t size, const struct buffer *word);

/* The ARN with which a policy allows the parameter or path; it begins with "arn:". */
void parameter_resource(const struct client *client, const char *name, struct buffer *arn);

#endif
