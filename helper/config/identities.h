/*
 * The identities that a configuration describes: [aws], which is always there, and each [aws NAME],
 * which takes nothing over from [aws]. Sections of one name merge like all others, by key.
 */
#ifndef SSMENV_CONFIG_IDENTITIES_H
#define SSMENV_CONFIG_IDENTITIES_H

#include "config/section.h"
#include "config/settings.h"

struct written_identity {
    const char *name; /* NULL: [aws] */
    struct position position;
    struct settings settings;
};

struct written_identities {
    struct written_identity *items; /* the first is [aws] */
    size_t count;
};

void identities_init(struct written_identities *identities, struct arena *arena);

/* The index of the identity that a section [aws] or [aws NAME] describes, added if it is new. */
size_t identities_open(struct written_identities *identities, struct arena *arena,
                       const struct section *section);

/* Puts all into config and tells each of its sections the index of its own; reports sections that
 * name one that is not there. */
void identities_finish(const struct written_identities *identities, struct config *config,
                       struct diagnostics *diagnostics);

#endif
