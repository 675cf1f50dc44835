#!/usr/bin/python3
"""Whether the session may begin, what the log says and what the user is told."""

import contextlib

import harness
from harness import PAM_SESSION_ERR, PAM_SUCCESS, check_log_line, open_session
from tap import check, check_contains, check_equal, check_lacks, test

harness.enter()

ANSWER = {"DB_USER": "app", "DB_PASS": "correct horse\nsecond line = x"}
WITHOUT = "Environment variables could not be set for this session; the system log says why."
REFUSED = ("This session is refused because its environment could not be set; "
           "the system log says why.")
ALLOWED = ("; allowed: config=PATH helper=PATH timeout=DURATION on_error=ignore|deny "
           "break_glass=GROUP quiet debug")
PAM_PERM_DENIED = 6
PAM_MODULE_UNKNOWN = 28
# A user who is neither root nor in a group below: every Debian has it.
USER = "user=daemon"


@contextlib.contextmanager
def changed_file(path, change):
    """path with other contents for a while."""
    with open(path) as file:
        before = file.read()
    try:
        with open(path, "w") as file:
            file.write(change(before))
        yield
    finally:
        with open(path, "w") as file:
            file.write(before)


def appended(path, line):
    return changed_file(path, lambda text: text + line + "\n")


# --- on_error -------------------------------------------------------------------------------------


@test("as the only session line the module never locks anybody out, whatever its control")
def only_session_line():
    for control in ("required", "requisite", "sufficient", "optional", "[success=ok default=die]"):
        for behaviour in ("answer", "exit-1", "answer-failed", "garbage", "answer-nothing"):
            outcome = open_session(behaviour, control=control)
            check_equal((outcome.result, outcome.closed), (PAM_SUCCESS, PAM_SUCCESS), control)


@test("a failure leaves the verdict to the other modules")
def beside_others():
    for other, result in (("permit", PAM_SUCCESS), ("deny", PAM_SESSION_ERR)):
        stack = "{module}session required pam_" + other + ".so\n"
        check_equal(open_session("exit-1", stack=stack).result, result, other)
        check_equal(open_session("answer", stack=stack).result, result, other)


@test("on_error=ignore is the default and can be written out")
def on_error_ignore():
    outcome = open_session("exit-1", USER, arguments="on_error=ignore")
    check_equal(outcome.result, PAM_SUCCESS)


@test("on_error=deny refuses the session on every kind of failure, and sets nothing")
def on_error_deny():
    for behaviour in ("exit-1", "answer-failed", "answer-partly", "garbage", "ld-preload"):
        outcome = open_session(behaviour, USER, arguments="on_error=deny")
        check_equal((outcome.result, outcome.variables), (PAM_SESSION_ERR, {}), behaviour)
        check_log_line(outcome, "warning", "user daemon, service test: session refused (")
    outcome = open_session("answer", USER, arguments="on_error=deny", helper="/nonexistent")
    check_equal(outcome.result, PAM_SESSION_ERR)
    outcome = open_session("hang", USER, arguments="on_error=deny", timeout="500ms")
    check_equal(outcome.result, PAM_SESSION_ERR)


@test("on_error=deny does not matter when nothing fails")
def deny_without_failure():
    outcome = open_session("answer", USER, arguments="on_error=deny")
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, ANSWER))


@test("uid 0 is never refused")
def root_is_let_in():
    outcome = open_session("exit-1", "user=root", arguments="on_error=deny")
    check_equal(outcome.result, PAM_SUCCESS)
    check_log_line(outcome, "warning", "no variables set, session not refused (uid 0) (")


@test("another name for uid 0 is not refused either")
def other_root_is_let_in():
    harness.needs_stage()
    with appended("/etc/passwd", "toor:x:0:0::/root:/bin/sh"):
        outcome = open_session("exit-1", "user=toor", arguments="on_error=deny")
        check_equal(outcome.result, PAM_SUCCESS)


@test("who is let in under deny gets what a partial reply has")
def partial_for_root():
    outcome = open_session("answer-partly", "user=root", arguments="on_error=deny")
    check_equal((outcome.result, outcome.variables),
                (PAM_SUCCESS, {"DB_USER": "correct horse"}))
    check_log_line(outcome, "warning", "only 1 variable set, session not refused (uid 0) (fetched, ")


@test("members of the break-glass group are let in, by their entry in it")
def break_glass_member():
    harness.needs_stage()
    with appended("/etc/group", "rescue:x:4242:bin,daemon"):
        outcome = open_session("exit-1", USER, arguments="on_error=deny break_glass=rescue")
        check_equal(outcome.result, PAM_SUCCESS)
        check_log_line(outcome, "warning",
                       "no variables set, session not refused (member of the break-glass group) (")


@test("members of the break-glass group are let in, also when it is their primary group")
def break_glass_primary():
    harness.needs_stage()
    with appended("/etc/group", "rescue:x:4242:"), \
            appended("/etc/passwd", "medic:x:4242:4242::/:/bin/sh"):
        outcome = open_session("exit-1", "user=medic", arguments="on_error=deny break_glass=rescue")
        check_equal(outcome.result, PAM_SUCCESS)


@test("others are refused although there is a break-glass group, in however many groups they are")
def break_glass_others():
    harness.needs_stage()
    others = "".join(f"group{number}:x:{5000 + number}:daemon\n" for number in range(100))
    with appended("/etc/group", others + "rescue:x:4242:bin,daemon2"):
        outcome = open_session("exit-1", USER, arguments="on_error=deny break_glass=rescue")
        check_equal(outcome.result, PAM_SESSION_ERR)
        check_log_line(outcome, "warning", "session refused (")


@test("nobody is refused where the group or the user cannot be looked up")
def undecidable():
    outcome = open_session("exit-1", USER, arguments="on_error=deny break_glass=no-such-group")
    check_equal(outcome.result, PAM_SUCCESS)
    check_log_line(outcome, "warning", "not refused (the break-glass group cannot be looked up)")
    outcome = open_session("exit-1", "user=no-such-user", arguments="on_error=deny")
    check_equal(outcome.result, PAM_SUCCESS)
    check_log_line(outcome, "warning", "not refused (the account cannot be looked up)")


@test("a security context that cannot be restored refuses the session, whatever on_error says")
def context_lost():
    harness.needs_stage()
    context = harness.FOLDER / "context"
    context.write_text("staff_u:staff_r:staff_t:s0\0")
    outcome = open_session("answer", f"context-file={context}", "user=root", "file-size=8",
                           may_change=("exec context",))
    check_equal((outcome.result, outcome.variables), (PAM_SESSION_ERR, {}))
    check_log_line(outcome, "err", "session refused (", "cannot be restored")
    check_lacks(outcome.log[0][1], "staff")


# --- arguments ------------------------------------------------------------------------------------


@test("a mistaken argument is logged at LOG_ERR with what is allowed, and no helper is started")
def mistaken_arguments():
    for argument, reason in (
            ("timout=3s", 'argument "timout=3s" is unknown'),
            ("Quiet", 'argument "Quiet" is unknown'),
            ("timeout=3", 'argument "timeout=3" is given twice'),
            ("quiet=yes", 'argument "quiet=yes" is malformed: expected no value'),
            ("on_error=dney", 'argument "on_error=dney" is malformed: expected ignore or deny'),
            ("break_glass=", 'argument "break_glass=" is malformed: expected the name of a group'),
            ("debug debug", 'argument "debug" is given twice')):
        outcome = open_session("answer", arguments=argument)
        check_equal((outcome.result, outcome.variables, outcome.processes), (PAM_SUCCESS, {}, []),
                    argument)
        check_log_line(outcome, "err", "no variables set (", reason + ALLOWED)


@test("a mistaken argument is an error under on_error=deny, wherever that stands")
def mistaken_arguments_deny():
    for arguments in ("on_error=deny nonsense", "nonsense on_error=deny"):
        outcome = open_session("answer", USER, arguments=arguments)
        check_equal((outcome.result, outcome.processes), (PAM_SESSION_ERR, []), arguments)
        check_log_line(outcome, "err", "session refused (", 'argument "nonsense" is unknown')


@test("control characters of an argument are harmless in the log")
def hostile_argument():
    outcome = open_session("answer", arguments="[a\x1b[31m\x9b\xff]")
    check_log_line(outcome, "err", 'argument "a?[31m')


# --- off-switch -----------------------------------------------------------------------------------


@test("the off-switch stops everything: no helper, no variables, one line, also under deny")
def off_switch():
    harness.needs_stage()
    switch = harness.FOLDER.parent / "etc/ssmenv/disabled"
    for place in (switch.touch, switch.mkdir, lambda: switch.symlink_to("nowhere")):
        place()
        try:
            for arguments in ("", "on_error=deny", "on_error=deny nonsense"):
                outcome = open_session("exit-1", USER, arguments=arguments)
                check_equal((outcome.result, outcome.variables, outcome.processes),
                            (PAM_SUCCESS, {}, []))
                check_log_line(outcome, "notice",
                               f"user daemon, service test: switched off by {switch}")
        finally:
            switch.rmdir() if switch.is_dir() else switch.unlink()
    check_equal(open_session("answer").variables, ANSWER)


# --- the user -------------------------------------------------------------------------------------


@test("on a failure the user at a terminal is told one fixed sentence")
def sentence():
    check_equal(open_session("exit-1", "terminal=pts/0").messages, [WITHOUT])
    check_equal(open_session("answer-partly", "terminal=pts/0").messages, [WITHOUT])
    check_equal(open_session("answer", "terminal=pts/0", arguments="nonsense").messages, [WITHOUT])
    check_equal(open_session("exit-1", "terminal=pts/0", USER, arguments="on_error=deny").messages,
                [REFUSED])


@test("nobody is told anything without a terminal, with PAM_SILENT, with quiet, or on a success")
def silence():
    for options, arguments in (((), ""), (("terminal=",), ""), (("terminal=pts/0", "silent"), ""),
                               (("terminal=pts/0",), "quiet")):
        check_equal(open_session("exit-1", *options, arguments=arguments).messages, [], options)
    for behaviour in ("answer", "answer-with-warnings", "answer-stale"):
        check_equal(open_session(behaviour, "terminal=pts/0").messages, [], behaviour)


@test("a host that cannot converse is not asked to, and no second line is logged")
def mute_host():
    outcome = open_session("exit-1", "terminal=pts/0", "mute")
    check_equal(outcome.result, PAM_SUCCESS)
    check_log_line(outcome, "warning", "no variables set (")


# --- the module -----------------------------------------------------------------------------------


@test("in an auth line the module does not exist, so a wrong line opens no door")
def auth_line():
    for control, result in (("required", PAM_MODULE_UNKNOWN), ("sufficient", PAM_PERM_DENIED)):
        outcome = open_session("answer", "authenticate",
                               stack="{module}auth " + f"{control} {harness.MODULE}\n")
        check_equal((outcome.result, outcome.variables), (result, {}), control)


@test("a user's name of any kind arrives as one argument and cannot forge a log line")
def hostile_user():
    name = "x --uid=0\n\x1b[31mpam_ssmenv(sshd:session): forged"
    outcome = open_session("observe", "user=" + name,
                           helper=harness.FOLDER / "helper/observing-helper")
    check_contains(outcome.variables["SEEN_ARGUMENTS"], f"--user={name}\n--service=test\n")
    check_log_line(outcome, "info", "user x --uid=0??[31mpam_ssmenv(sshd:session): forged, service")


@test("a user's name that is empty or too long starts no helper")
def unusable_user():
    for name, reason in (("", "names no user or no service"), ("x" * 257, "is too long")):
        outcome = open_session("answer", "user=" + name)
        check_equal((outcome.result, outcome.variables, outcome.processes), (PAM_SUCCESS, {}, []))
        check_log_line(outcome, "warning", reason)


harness.run()
