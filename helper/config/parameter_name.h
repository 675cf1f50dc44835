/*
 * What a parameter's name may look like (Systems Manager API reference, PutParameter and
 * GetParameter): letters, digits and _ . - in a plain name or in the levels of a /path, at most
 * fifteen of them; behind a colon a version or label; or the ARN of a parameter. Names below
 * /aws/reference/secretsmanager/ may hold what a secret's name may.
 *
 * AWS refuses a whole call for one malformed name, so names are judged before any is sent.
 */
#ifndef SSMENV_CONFIG_PARAMETER_NAME_H
#define SSMENV_CONFIG_PARAMETER_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* A mistake in a name: NULL for none, and the offset of the byte that it is about. */
struct name_mistake {
    const char *text;
    size_t offset;
};

/* name may hold %u and %i, but neither in a selector nor in what stands before the name in an ARN.
 */
struct name_mistake parameter_name_judge(const char *name);
/* A path that ends in '/', for an import. */
struct name_mistake parameter_path_judge(const char *path);

#endif
