#!/usr/bin/python3
"""Hosts that make it hard: each still gets its variables, and is as it was before."""

import fcntl
import os
import resource
import signal

import harness
from harness import NOBODY, PAM_SUCCESS, check_log_line, open_session
from tap import Skip, check, check_equal, check_lacks, test

harness.enter()

ANSWER = {"DB_USER": "app", "DB_PASS": "correct horse\nsecond line = x"}
AS_NOBODY = f"uid={NOBODY}"
A_MILLION = 1_000_000
# Signals 32 and 33, which posix_spawn leaves ignored; their owner sets them when it needs them.
GLIBC_SIGNALS = 1 << 31 | 1 << 32
# What a helper may do in every one of them.
BEHAVIOURS = ("answer", "answer-with-child", "exit-1", "exit-1-with-child", "garbage", "killed",
              "answer-and-hang")


def everything_holds(*options, behaviours=BEHAVIOURS, **line):
    for behaviour in behaviours:
        outcome = open_session(behaviour, *options, **line)
        check_equal(outcome.result, PAM_SUCCESS, behaviour)
        check_equal(outcome.variables, ANSWER if behaviour.startswith("answer") else {}, behaviour)
    outcome = open_session("hang", *options, timeout="500ms", **line)
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {}))


def observe(*options, **line):
    helper = harness.FOLDER / "helper/observing-helper"
    outcome = open_session("observe", *options, helper=helper, **line)
    return {name.removeprefix("SEEN_").lower(): value for name, value in outcome.variables.items()}


def check_surroundings(seen):
    """Nothing of the host's surroundings reaches the helper."""
    check_equal(seen["session"], seen["process"], "session")
    check_equal(seen["group"], seen["process"], "process group")
    for kind in ("blocked", "ignored", "pending"):
        check_equal(int(seen[kind], 16) & ~GLIBC_SIGNALS, 0, f"{kind} signals")
    descriptors = dict(line.split("=", 1) for line in seen["descriptors"].splitlines())
    check_equal(sorted(descriptors), ["0", "1", "2"], "descriptors")
    check_equal((descriptors["0"], descriptors["1"].partition(":")[0], descriptors["2"]),
                ("/dev/null", "pipe", "/dev/null"), "descriptors")
    check_equal(seen["environment"].splitlines(),
                ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"], "environment")


# --- what the helper sees -------------------------------------------------------------------------


@test("the helper sees a new session, no signal state, three descriptors, two variables")
def surroundings():
    check_surroundings(observe())


@test("the same from a host that blocks all signals, ignores SIGCHLD and has closed 0, 1 and 2")
def awkward_surroundings():
    check_surroundings(observe("block-all", "sigchld=ignored", "no-standard-descriptors"))
    check_surroundings(observe("no-standard-descriptors"))


@test("its arguments say who logs in through what, until when, and for whom")
def arguments():
    seen = observe("user=root", timeout="9s")
    first, *rest = seen["arguments"].splitlines()
    values = dict(argument.removeprefix("--").split("=", 1) for argument in rest)
    check_equal(first, "ssmenv-helper")
    check_equal((values["user"], values["service"], values["parent"]),
                ("root", "test", seen["parent"]))
    check(values["config"].endswith("/observe"), values["config"])
    check(0 < int(values["timeout-ms"]) <= 8900, f"timeout-ms is {values['timeout-ms']}")
    expected = ["user", "service", "config", "timeout-ms", "parent"]
    check_equal(list(values), expected + ["uid", "gid"] if harness.ROOT else expected)
    if harness.ROOT:
        check_equal((values["uid"], values["gid"]), ("979", "979"))


@test("a host that is not root runs the helper as itself, without uid and gid")
def not_root():
    harness.needs_stage()
    seen = observe(AS_NOBODY)
    check_surroundings(seen)
    check_lacks(seen["arguments"], "--uid")
    check_lacks(seen["arguments"], "--gid")
    everything_holds(AS_NOBODY)


@test("a host that is not root may own the helper and its folders, but nobody else may")
def owner_of_helper():
    harness.needs_stage()
    helper = harness.FOLDER / "own/ssmenv-helper"
    helper.parent.mkdir(mode=0o755)
    helper.write_bytes(harness.HELPER.read_bytes())
    helper.chmod(0o755)
    os.chown(helper, NOBODY, NOBODY)
    os.chown(helper.parent, NOBODY, NOBODY)
    check_equal(open_session("answer", AS_NOBODY, helper=helper).variables, ANSWER)
    for other in ("uid=65533", "user=root"):
        outcome = open_session("answer", other, helper=helper)
        check_equal(outcome.variables, {})
        check_log_line(outcome, "warning", f"{helper} is owned by uid 65534")


@test("a sticky folder of the own user's does not pass for a host that is not root")
def own_sticky_folder():
    harness.needs_stage()
    helper = harness.FOLDER / "own-sticky/ssmenv-helper"
    helper.parent.mkdir()
    helper.write_bytes(harness.HELPER.read_bytes())
    helper.chmod(0o755)
    os.chown(helper.parent, NOBODY, NOBODY)
    helper.parent.chmod(0o1777)
    outcome = open_session("answer", AS_NOBODY, helper=helper)
    check_equal(outcome.variables, {})
    check_log_line(outcome, "warning", f"{helper.parent} can be written by others")


CONTEXT = "staff_u:staff_r:staff_t:s0-s0:c0.c1023\0"


def look_when_executed(program, file):
    """Reads file each time that program is about to be executed: a lease on the program, which the
    kernel asks back before anybody may open it, holds up the execve meanwhile."""
    seen = []
    leased = open(program, "rb")

    def look(*_):
        seen.append(file.read_text())
        fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_UNLCK)

    signal.signal(signal.SIGIO, look)
    fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    return seen


@test("the SELinux context for the session's programs is set aside while the helper is executed")
def exec_context():
    harness.needs_stage()
    context = harness.FOLDER / "context"
    for behaviour in ("answer", "exit-1", "answer-and-hang"):
        context.write_text(CONTEXT)
        seen = look_when_executed(harness.HELPER, context)
        open_session(behaviour, f"context-file={context}")
        check_equal(context.read_text(), CONTEXT, f"context after {behaviour}")
        # The kernel takes an empty line for no context; this file keeps the rest of the old one.
        check_equal(seen, ["\n" + CONTEXT[1:]], "the context that the helper is executed with")


@test("no context is written where there is none")
def no_exec_context():
    harness.needs_stage()
    context = harness.FOLDER / "context"
    context.write_text("")
    open_session("answer", f"context-file={context}")
    check_equal(context.read_text(), "", "context")


@test("the context is restored when the helper cannot be started, and never logged")
def exec_context_without_helper():
    harness.needs_stage()
    context = harness.FOLDER / "context"
    context.write_text(CONTEXT)
    helper = harness.FOLDER / "no-program"
    helper.write_text("no program\n")
    helper.chmod(0o755)
    outcome = open_session("answer", f"context-file={context}", helper=helper)
    check_equal(outcome.variables, {})
    check_equal(context.read_text(), CONTEXT, "context")
    check_lacks(outcome.log[0][1], "staff")


# --- descriptors, signals, limits -----------------------------------------------------------------


@test("a host with descriptors 0, 1 and 2 closed")
def no_standard_descriptors():
    everything_holds("no-standard-descriptors")


@test("a host that ignores SIGCHLD")
def sigchld_ignored():
    everything_holds("sigchld=ignored")


@test("a host that does not want zombies")
def sigchld_no_zombies():
    everything_holds("sigchld=no-zombies")


@test("a host whose SIGCHLD handler reaps every child")
def sigchld_reaping():
    everything_holds("sigchld=reaping")
    outcome = open_session("answer", "sigchld=reaping")
    check_equal((outcome.caught, outcome.reaped), (0, 0), "the helper is no news for the handler")


@test("a host whose SIGCHLD handler reaps every child in another thread")
def sigchld_reaping_elsewhere():
    everything_holds("sigchld=reaping", "idle-thread")


@test("a host whose SIGCHLD handler waits for a child is not made to wait for another one")
def sigchld_waiting():
    everything_holds("sigchld=waiting", "sibling-file={call}.sibling")


@test("another child of the host's that ends meanwhile is still announced to it")
def sibling():
    for sigchld in ("reaping", "waiting"):
        outcome = open_session("end-sibling-and-answer", f"sigchld={sigchld}",
                               "sibling-file={call}.sibling")
        check_equal(outcome.variables, ANSWER)
        check_equal((outcome.caught, outcome.reaped), (1, 1), "signals caught, children reaped")


@test("a host that blocks all signals has none pending afterwards")
def block_all():
    everything_holds("block-all")
    everything_holds("block-all", "sigchld=reaping", behaviours=("answer", "exit-1"))


@test("with all signals blocked, another child's SIGCHLD is still pending afterwards")
def block_all_sibling():
    outcome = open_session("end-sibling-and-answer", "block-all", "sibling-file={call}.sibling",
                           may_change=("pending signals", "zombies"))
    check_equal(sorted(outcome.changed), ["pending signals", "zombies"])


@test("a host that may open 16 descriptors")
def few_descriptors():
    everything_holds("descriptors=16")


@test("a host with no descriptor left begins its session without variables, and leaks none")
def no_descriptors():
    outcome = open_session("answer", "descriptors-left=1")
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {}))
    check_log_line(outcome, "warning", "no pipe to", "Too many open files")
    for count in range(2, 6):
        for behaviour in ("answer", "exit-1-with-child", "killed"):
            outcome = open_session(behaviour, f"descriptors-left={count}")
            check_equal(outcome.result, PAM_SUCCESS)
            check_equal(outcome.variables, ANSWER if behaviour == "answer" else {}, behaviour)


@test("a host that may open a million descriptors")
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(hard, A_MILLION)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (A_MILLION, max(A_MILLION, hard)))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, max(A_MILLION, hard)))
        most = A_MILLION
    except (PermissionError, ValueError):
        pass
    everything_holds(f"descriptors={most}")
    check_surroundings(observe(f"descriptors={most}"))
    if most < A_MILLION:
        raise Skip(f"holds for {most} descriptors; nobody here may raise the limit to a million")


@test("a host whose RLIMIT_NPROC is reached: root is exempt, others get no helper and no variables")
def few_processes():
    harness.needs_stage()
    everything_holds("processes=1")
    outcome = open_session("answer", "processes=1", AS_NOBODY)
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {}))
    check_log_line(outcome, "warning", "cannot be started: Resource temporarily unavailable")


@test("two threads with a handle each do not get in each other's way")
def two_threads():
    for sigchld in ("default", "reaping", "ignored", "counted"):
        outcome = open_session("answer", "second-thread", f"sigchld={sigchld}",
                               second_behaviour="answer-partly")
        check_equal(outcome.variables, ANSWER, sigchld)
        check_equal(outcome.second.variables, {"DB_USER": "correct horse"}, sigchld)


@test("a helper that hangs in one thread does not hold up the other")
def two_threads_one_hangs():
    outcome = open_session("answer", "second-thread", "sigchld=reaping", timeout="2s",
                           second_behaviour="hang")
    check_equal((outcome.variables, outcome.second.variables), (ANSWER, {}))
    check(outcome.elapsed < outcome.second.elapsed, f"{outcome.elapsed} ms in the quick thread, "
          f"{outcome.second.elapsed} ms in the other")


harness.run()
