/*
 * What the fetcher gives up before it talks to the network. After sandbox_close() whoever takes
 * over this process can read the machine's public files, talk to a few TCP ports and use what is in
 * memory already; it cannot write a file, start a program, look into other processes or map memory
 * as code.
 *
 * Three layers, each of which stands without the others:
 *   limits     no core, no byte written to a file, few descriptors, a minute of CPU;
 *   Landlock   files read-only below the folders that DNS and TLS need, TCP connections to the
 *              endpoint's ports, DNS and the metadata service only, no signal and no abstract
 *              socket beyond this process (https://docs.kernel.org/userspace-api/landlock.html);
 *   seccomp    a list of the system calls that libcurl, OpenSSL and the resolver make; any other
 *              fails with EPERM (https://docs.kernel.org/userspace-api/seccomp_filter.html).
 * A refused call is an error return, never a kill: name service modules run in this process and try
 * things that they can do without.
 *
 * Kernels differ. Each layer takes what the kernel has; only where neither Landlock nor seccomp can
 * be had is there something to report. Call before any thread is started; all files that matter
 * must have been read.
 */
#ifndef SSMENV_AWS_SANDBOX_H
#define SSMENV_AWS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct sandbox_layers {
    bool landlock;
    bool seccomp;
};

/* ports: TCP ports to reach, besides 53, 80 and 443. False when the process could not give up
 * gaining privileges or a limit could not be set: then it must not go on. */
bool sandbox_close(const uint16_t *ports, size_t count, struct sandbox_layers *layers,
                   struct error *error);

#endif
