/*
 * The configuration as it was written: settings, constants and sections, nothing selected yet.
 * ssmenv.conf(5) is the language's reference.
 *
 * config_load() reads PATH and then the *.conf files of conf.d in PATH's folder, in byte order.
 * Every mistake of all files goes into diagnostics; one mistake makes it return false, and then
 * nothing of the configuration may be used. The struct owns all it points to; config_free() may be
 * called twice.
 */
#ifndef SSMENV_CONFIG_CONFIG_H
#define SSMENV_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/exchange.h"
#include "config/arena.h"
#include "config/diagnostics.h"

struct section; /* one [env …], config/section.h */

enum on_denied { ON_DENIED_PURGE, ON_DENIED_STALE };

struct cache_settings {
    uint64_t ttl_ms;
    uint64_t max_stale_ms;
    uint64_t retry_after_ms;
    enum on_denied on_denied;
};

struct config {
    struct identity *identities; /* their written keys: first [aws], then each [aws NAME] */
    size_t identity_count;
    struct cache_settings cache;
    struct section *sections; /* in the order of the files and of their lines */
    size_t section_count;
    struct arena arena; /* all that the above points to */
};

#define CONFIG_INIT ((struct config){0})

/* The files have to be regular, owned by root or owner, not writable by group or others and at most
 * LIMIT_CONFIG_BYTES long; the same owners and modes hold for the folder conf.d, which may be
 * missing. Names in conf.d that begin with a dot or do not end in .conf are ignored.
 *
 * missing_is_empty: a PATH that is not there configures nothing (the default path), while conf.d
 * still counts; else it is a mistake. owner: who, besides root, may own the files: the caller's uid
 * where the host is not root, else 0. Returns true when diagnostics holds no error. */
bool config_load(struct config *config, const char *path, bool missing_is_empty, uid_t owner,
                 struct diagnostics *diagnostics);

/* A file that is not in its place yet. It may belong to anybody and may be anything that can be
 * read: what will stand in its place is a copy. */
struct config_candidate {
    const char *path;
    const char *as; /* whose place it takes: a name in conf.d or that of PATH itself; any other name
                     * and NULL: none's, it is read last */
};

/* config_load() with candidates, in the place of files that are there or beside them. */
bool config_load_candidates(struct config *config, const char *path, bool missing_is_empty,
                            uid_t owner, const struct config_candidate *candidates, size_t count,
                            struct diagnostics *diagnostics);
void config_free(struct config *config);

#endif
