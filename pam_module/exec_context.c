#include "exec_context.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CONTEXT_FILE "/proc/thread-self/attr/exec"

/* The kernel takes an empty line for "no context" (security/selinux/hooks.c, setprocattr). */
static const char no_context[] = "\n";

static bool write_context(int descriptor, const char *bytes, size_t length)
{
    ssize_t written = pwrite(descriptor, bytes, length, 0);

    if (written >= 0)
        errno = EIO; /* in case it was not all */
    return written == (ssize_t)length;
}

bool exec_context_clear(struct exec_context *context, struct fault *fault)
{
    ssize_t length;

    /* Whoever cannot read its own context has no module that could have set one. */
    context->descriptor = open(CONTEXT_FILE, O_RDWR | O_CLOEXEC);
    if (context->descriptor < 0)
        return true;
    length = pread(context->descriptor, context->bytes, sizeof context->bytes, 0);
    if (length > 0 && (size_t)length < sizeof context->bytes &&
        write_context(context->descriptor, no_context, sizeof no_context - 1)) {
        context->length = (size_t)length;
        return true;
    }
    if (length > 0)
        fault_set(fault, "the security context for the session's programs cannot be set aside: %s",
                  (size_t)length < sizeof context->bytes ? fault_reason(errno) : "it is too long");
    close(context->descriptor);
    context->descriptor = -1;
    return length <= 0;
}

bool exec_context_restore(struct exec_context *context, struct fault *fault)
{
    bool restored;

    if (context->descriptor < 0)
        return true;
    restored = write_context(context->descriptor, context->bytes, context->length);
    if (!restored)
        fault_set(fault,
                  "the security context for the session's programs cannot be restored (%s), and "
                  "they must not run in another one",
                  fault_reason(errno));
    close(context->descriptor);
    context->descriptor = -1;
    return restored;
}
