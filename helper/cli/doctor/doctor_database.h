/* The databases that variables lead to, and what comes of talking to one. */
#ifndef SSMENV_CLI_DOCTOR_DATABASE_H
#define SSMENV_CLI_DOCTOR_DATABASE_H

#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_target.h"

#define TARGETS_MAX 16

struct targets {
    struct target items[TARGETS_MAX];
    size_t count;
};

/* Those of the variables that logins get, as far as their values are known; what keeps a host from
 * being known is reported. (doctor_variables.c) */
void targets_find(struct doctor *doctor, struct targets *targets);

/* Connects, and reports. (doctor_dialogue.c) */
void target_examine(struct doctor *doctor, const struct target *target);

#endif
