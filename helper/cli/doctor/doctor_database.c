/* Which databases are looked at. */
#include "cli/doctor/doctor_database.h"

#include <string.h>

bool doctor_database_is_legal(const char *text)
{
    struct target target = {0};

    return target_of_host(&target, text) && target.port != 0;
}

void doctor_examine_databases(struct doctor *doctor)
{
    struct targets targets = {.count = 0};

    if (doctor->database != NULL) {
        targets.items[0] = (struct target){.source = "--db"};
        targets.count = target_of_host(&targets.items[0], doctor->database) ? 1 : 0;
        targets.items[0].protocol = target_protocol_of_port(targets.items[0].port);
    } else if (doctor->configured) {
        targets_find(doctor, &targets);
    } else {
        report_add(&doctor->report, MARK_SKIPPED, "database", "the configuration cannot be used");
        return;
    }
    for (size_t i = 0; i < targets.count; i++)
        target_examine(doctor, &targets.items[i]);
}
