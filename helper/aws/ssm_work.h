/*
 * The work that ssm_answer() does: parameters and imports without a verdict yet, and the tasks that
 * will bring one. Only ssm*.c include this.
 *
 * A task is a call and what it is about. Tasks that have not started stand in a stack: what follows
 * from an answer is asked before anything else, because it may teach how to ask the rest.
 */
#ifndef SSMENV_AWS_SSM_WORK_H
#define SSMENV_AWS_SSM_WORK_H

#include "aws/call.h"
#include "aws/client.h"
#include "aws/ssm_message.h"
#include "common/exchange.h"

/* How names are asked. */
enum manner {
    TOGETHER, /* GetParameters, several names */
    ALONE,    /* GetParameters, one name */
    SINGLE,   /* GetParameter */
    MANNERS,
};

/* One name under one client, asked once however many lookups want it. */
struct parameter {
    const char *name; /* borrowed from the request */
    struct client *client;
    enum answer_state state; /* 0 while there is no verdict */
    char *error;             /* the reason of a verdict other than found */
    char *full_name;         /* as AWS calls it */
    struct buffer value;
    bool denied[MANNERS]; /* the manners in which it was denied */
};

/* An import on its way: its answer grows page by page. */
struct import {
    const struct lookup *lookup;
    struct client *client;
    struct answer *answer;
    struct buffer token; /* of the page that is asked next */
    size_t pages;
};

struct task {
    struct call call; /* stands first, so that a call is its task */
    struct client *client;
    enum manner manner;
    struct parameter *parameters[SSM_BATCH_MAX];
    size_t count;
    struct import *import; /* NULL: the task is about parameters */
    struct task *next;
};

struct work {
    struct task *tasks;
    struct result *result; /* takes warnings */
    bool out_of_memory;
};

/* Puts a task on the stack; NULL when memory ended, which is noted. */
struct task *work_push(struct work *work, struct client *client);
void task_free(struct task *task);

/* Writes the call's operation and body. */
void names_prepare(struct work *work, struct task *task);
void import_prepare(struct work *work, struct task *task);

/* Draws the conclusions from a call that is over: verdicts and further tasks. */
void names_finished(struct work *work, struct task *task);
void import_finished(struct work *work, struct task *task);

/* Verdicts. A verdict is given once: later ones are ignored. */
void parameter_decide(struct work *work, struct parameter *parameter, enum answer_state state,
                      const char *error);
void import_decide(struct work *work, struct import *import, enum answer_state state,
                   const char *error);
/* FAILED for everything that the task is about. */
void task_fail(struct work *work, struct task *task, const char *error);

/* Asks the names of a task one by one in this manner. */
void names_split(struct work *work, const struct task *task, enum manner manner);

/* What the call says about its client as a whole: that nobody will be answered through it. Fails
 * the task and returns true when that is so. */
bool client_is_refused(struct work *work, struct task *task);

/* The ARN with which a policy allows the name or path; it begins with "arn:". */
void policy_resource(const struct client *client, const char *name, struct buffer *arn);

#endif
