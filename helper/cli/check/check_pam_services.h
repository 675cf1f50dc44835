/*
 * The PAM services of a machine and the stacks that libpam makes of them.
 *
 * A service is a file in /etc/pam.d, else in /usr/lib/pam.d or /usr/etc/pam.d; where none of these
 * folders is there, the lines of /etc/pam.conf. Files are read once and kept. pam_services_free()
 * may be called twice.
 */
#ifndef SSMENV_CLI_CHECK_PAM_SERVICES_H
#define SSMENV_CLI_CHECK_PAM_SERVICES_H

#include "cli/check/check_pam_file.h"

struct pam_service {
    const char *name;
    const char *path;
    bool included; /* by another file: may be no service of its own */
};

struct pam_services {
    bool loaded;
    bool in_one_file; /* /etc/pam.conf */
    struct pam_file **files;
    size_t file_count;
    struct pam_service *services; /* in the order of their names */
    size_t service_count;
    const char **unseen; /* files and folders that are there and cannot be read */
    size_t unseen_count;
    struct arena arena;
};

/* A line of a stack, with the file that it stands in. */
struct pam_entry {
    const struct pam_file *file;
    const struct pam_line *line;
    unsigned substack; /* 0: of the service itself; jumps do not leave their own */
};

struct pam_stack {
    struct pam_entry *entries; /* of modules only, in their order; owned by the services' arena */
    size_t count;
};

/* Reads everything, once. */
void pam_services_load(struct pam_services *services);
void pam_services_free(struct pam_services *services);

const struct pam_service *pam_services_find(const struct pam_services *services, const char *name);

/* The lines of this type, with all that is included. */
struct pam_stack pam_services_stack(struct pam_services *services,
                                    const struct pam_service *service, enum pam_type type);

/* Whether its session stack has a line of pam_ssmenv. */
bool pam_service_uses_module(struct pam_services *services, const struct pam_service *service);

/* Whether an entry is of pam_ssmenv: by the name of its module. */
bool pam_line_is_ours(const struct pam_line *line);

/* Whether a module's file has this name, in whatever folder. */
bool pam_line_has_module(const struct pam_line *line, const char *file_name);

#endif
