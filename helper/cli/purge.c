/* ssmenv purge: forgets all that was fetched. */
#include "cache/cache.h"
#include "cache/folder.h"
#include "cli/become.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "paths.h"

#define WAIT_MS 5000 /* for logins that are fetching at this moment */

struct settings {
    bool verbose;
};

static bool purge(const struct command *command, bool verbose, struct error *error)
{
    struct cache_policy policy = {0};
    struct cache cache;
    size_t count = 0;
    bool ok;

    cache_open(&cache, PATH_RUNDIR, &policy);
    *error = cache.problem;
    ok = cache.folder >= 0 && folder_empty(cache.folder, deadline_in(WAIT_MS), &count, error);
    cache_close(&cache);
    if (ok && verbose)
        complain(command, "%zu set%s forgotten", count, count == 1 ? "" : "s");
    return ok;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {0};
    struct operands operands;
    struct error error = ERROR_INIT;
    uid_t owner;
    int code;

    if (!options_parse(command, argc, argv, &settings, &operands, &code))
        return code;
    if (become_helper_user(&owner, &error) && purge(command, settings.verbose, &error))
        return EXIT_OK;
    complain(command, "%s", error.text);
    return EXIT_FAILED;
}

static const struct option options[] = {
    {"--verbose", NULL, "say how many sets there were", offsetof(struct settings, verbose)},
};

const struct command command_purge = {
    .name = "purge",
    .summary = "forget all values and credentials that were fetched",
    .text = "Empties " PATH_RUNDIR ". The next login fetches anew; while AWS is away it gets\n"
            "nothing. To have new values, ssmenv refresh is better: it keeps the old ones until\n"
            "then.\n",
    .examples = "  ssmenv purge                    before an image is made of this machine\n",
    .options = options,
    .option_count = OPTION_COUNT(options),
    .run = run,
};
