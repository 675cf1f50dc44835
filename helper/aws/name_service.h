/*
 * Name service modules (nss(5)): libc loads them when a name is first looked up, which maps code
 * into the process. The sandbox allows no such mapping, so the modules that /etc/nsswitch.conf
 * names for hosts are loaded before it closes. One that is missed is skipped by libc, as if it were
 * not installed.
 */
#ifndef SSMENV_AWS_NAME_SERVICE_H
#define SSMENV_AWS_NAME_SERVICE_H

void name_service_load(void);

#endif
