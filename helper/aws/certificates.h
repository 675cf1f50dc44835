/*
 * Where the system keeps the certificates that libcurl trusts by default.
 *
 * Reading a whole bundle costs over 20 ms of CPU for every connection; a folder of hashed names
 * (openssl-rehash(1)) costs one small file. So the folder is used alone where it is known to hold
 * every certificate of the bundle, and the bundle alone elsewhere, which libcurl then reads once.
 */
#ifndef SSMENV_AWS_CERTIFICATES_H
#define SSMENV_AWS_CERTIFICATES_H

#include <limits.h>
#include <stdbool.h>

struct certificates {
    char bundle[PATH_MAX]; /* "": libcurl's own default is not known */
    char folder[PATH_MAX]; /* "": none */
    bool folder_is_complete;
};

/* Whether the folder holds every certificate of the bundle: it has as many hashed names, and was
 * made after it. Packages of others (ssl-cert) hash certificates of their own there, so the number
 * alone does not show that one was added to the bundle only. In doubt, false. */
bool certificates_are_hashed(const char *bundle, const char *folder);

/* Looks at names and at the bundle; keeps nothing open. */
void certificates_find(struct certificates *certificates);

#endif
