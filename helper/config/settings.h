/*
 * The keys of [aws] and [cache]. Sections of all files merge by key; the later file wins, and a key
 * twice in one file is a mistake.
 */
#ifndef SSMENV_CONFIG_SETTINGS_H
#define SSMENV_CONFIG_SETTINGS_H

#include "config/arena.h"
#include "config/config.h"
#include "config/diagnostics.h"

#define SETTING_KEYS_MAX 32

struct settings_section; /* the table of a section's keys */

extern const struct settings_section settings_of_aws;
extern const struct settings_section settings_of_cache;

struct written_setting {
    const char *value; /* NULL: not written */
    struct position position;
};

/* What was written, in the order of the section's table. */
struct settings {
    struct written_setting written[SETTING_KEYS_MAX];
};

/* The key's place in the section's table, or -1 after reporting an unknown key. */
int settings_find(const struct settings_section *section, const char *key, struct position position,
                  struct diagnostics *diagnostics);

/* Checks the value against the key's type and keeps it. */
void settings_put(const struct settings_section *section, struct settings *settings, int key,
                  struct written_setting setting, struct position value_position,
                  struct diagnostics *diagnostics);

/* The identity that [aws] describes: its written keys. */
void settings_to_identity(const struct settings *settings, struct arena *arena,
                          struct identity *identity, struct diagnostics *diagnostics);
/* The settings of [cache], defaults included. */
void settings_to_cache(const struct settings *settings, struct cache_settings *cache);

#endif
