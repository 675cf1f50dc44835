/*
 * How a helper becomes nobody in particular, once and for good, before it reads anything.
 *
 * privilege_drop() is for a process that a host (sshd, su …) started. As root it raises the limits
 * that the session's pam_limits may have lowered, ends a low priority, becomes uid and gid in all
 * three ids without any supplementary group, and verifies that root cannot be regained. Not as root
 * it keeps its ids. In both cases it leaves nothing of its surroundings: umask 077, folder /, no
 * core, not dumpable (so that processes of the same uid cannot read its memory), SIGPIPE ignored,
 * no descriptor above 2; and it is killed when its parent ends, if it has one.
 */
#ifndef SSMENV_COMMON_PRIVILEGE_H
#define SSMENV_COMMON_PRIVILEGE_H

#include <sys/types.h>

#include "common/error.h"

/* Only for root: makes folder (mode 0700, uid:gid) unless it is there already. Nothing but a folder
 * that belongs to root or uid is touched, and no symlink is followed. */
bool privilege_make_folder(const char *folder, uid_t uid, gid_t gid, struct error *error);

/* Only for root, before privilege_drop(), and for the leader of a session: it and its children go
 * before other sessions, where the kernel groups processes by them (sched(7), "autogroup"). All
 * logins of the host may wait for the one that fetches; in line with those that come after it, it
 * would make nearly all of them wait. Where that is not allowed (containers often take CAP_SYS_NICE
 * away) or nothing is grouped, it stays in line: slower, not wrong. */
void privilege_go_first(void);

/* For what a person or a script starts, and may leave running. */
#define PRIVILEGE_NO_PARENT (-1)

/* uid and gid: whom to become, none of them 0; ignored when the process is not root. parent: the
 * process that this one must not outlive, or PRIVILEGE_NO_PARENT. On failure the process must end.
 */
bool privilege_drop(uid_t uid, gid_t gid, pid_t parent, struct error *error);

#endif
