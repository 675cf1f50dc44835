#include "aws/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "aws/landlock.h"
#include "aws/name_service.h"
#include "aws/system_calls.h"

/* NPROC counts the processes of all logins at once, AS and DATA end an AddressSanitizer build: they
 * stay as they are. */
static const struct {
    __rlimit_resource_t resource;
    rlim_t most;
} limits[] = {
    {RLIMIT_CORE, 0}, {RLIMIT_FSIZE, 0},   {RLIMIT_NOFILE, 128},
    {RLIMIT_CPU, 60}, {RLIMIT_MEMLOCK, 0},
};

static bool lower_limits(struct error *error)
{
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;

        if (getrlimit(limits[i].resource, &limit) != 0)
            return error_set(error, "getrlimit: %s", strerror(errno));
        if (limit.rlim_max > limits[i].most)
            limit.rlim_max = limits[i].most;
        if (limit.rlim_cur > limit.rlim_max)
            limit.rlim_cur = limit.rlim_max;
        if (setrlimit(limits[i].resource, &limit) != 0)
            return error_set(error, "setrlimit: %s", strerror(errno));
    }
    return true;
}

bool sandbox_close(const uint16_t *ports, size_t count, struct sandbox_layers *layers,
                   struct error *error)
{
    name_service_load();
    /* The limit on file sizes must give an error, not a signal. */
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || !lower_limits(error))
        return false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_set(error, "no_new_privs: %s", strerror(errno));
    layers->landlock = landlock_restrict(ports, count);
    layers->seccomp = system_calls_restrict();
    return true;
}
