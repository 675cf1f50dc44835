#!/usr/bin/python3
"""A helper that cannot be started, does not answer, or leaves something behind."""

import os
import shutil

import harness
from harness import PAM_SUCCESS, check_log_line, open_session
from tap import check, check_contains, check_equal, test

harness.enter()

ANSWER = {"DB_USER": "app", "DB_PASS": "correct horse\nsecond line = x"}
PLACE = harness.FOLDER / "place"
PLACE.mkdir()


def fails(behaviour, *reasons, timeout="10s", **line):
    """The session begins without variables, within its deadline, and the log says why."""
    outcome = open_session(behaviour, timeout=timeout, **line)
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {}), behaviour)
    check_log_line(outcome, "warning", "user root, service test: no variables set (", *reasons)
    return outcome


def install_helper(folder, name="ssmenv-helper", mode=0o755):
    path = folder / name
    shutil.copy(harness.HELPER, path)
    path.chmod(mode)
    return path


def new_folder(name):
    path = PLACE / name
    path.mkdir()
    path.chmod(0o755)
    return path


# --- starting -------------------------------------------------------------------------------------


@test("a helper that is missing")
def missing():
    path = new_folder("missing") / "ssmenv-helper"
    fails("answer", f"{path} cannot be used: No such file or directory: install it", helper=path)


@test("a helper that is not executable")
def not_executable():
    path = install_helper(new_folder("not-executable"), mode=0o644)
    fails("answer", f"{path} cannot be started: Permission denied", helper=path)


@test("a helper that is no program")
def no_program():
    path = new_folder("no-program") / "ssmenv-helper"
    path.write_text("neither ELF nor #!\n")
    path.chmod(0o755)
    fails("answer", f"{path} cannot be started: Exec format error", helper=path)


@test("a helper that is a folder")
def folder():
    path = new_folder("folder")
    fails("answer", f"{path} is not a regular file", helper=path)


@test("a helper that somebody else owns is not started")
def owned_by_others():
    harness.needs_stage()
    path = install_helper(new_folder("owned"))
    os.chown(path, harness.NOBODY, -1)
    outcome = fails("answer", f"{path} is owned by uid 65534 and will not be trusted", helper=path)
    check_equal(outcome.processes, [])


@test("a helper that its group or others can write is not started")
def writable():
    for mode in (0o775, 0o757):
        path = install_helper(new_folder(f"writable-{mode:o}"), mode=mode)
        outcome = fails("answer", f"{path} can be written by others than its owner: chmod go-w",
                        helper=path)
        check_equal(outcome.processes, [])


@test("a helper below a folder that others can write is not started, however far up")
def writable_folder():
    upper = new_folder("upper")
    lower = upper / "lower"
    lower.mkdir(mode=0o755)
    path = install_helper(lower)
    check_equal(open_session("answer", helper=path).variables, ANSWER)
    for folder in (upper, lower):
        for mode in (0o775, 0o757):
            folder.chmod(mode)
            fails("answer", f"{folder} can be written by others than its owner", helper=path)
        folder.chmod(0o755)


@test("a helper below a folder that somebody else owns is not started")
def foreign_folder():
    harness.needs_stage()
    folder = new_folder("foreign")
    path = install_helper(folder)
    os.chown(folder, harness.NOBODY, -1)
    fails("answer", f"{folder} is owned by uid 65534", helper=path)


@test("a sticky folder passes when it is root's, and not when it is somebody else's")
def sticky():
    harness.needs_stage()
    folder = new_folder("sticky")
    path = install_helper(folder)
    folder.chmod(0o1777)
    check_equal(open_session("answer", helper=path).variables, ANSWER)
    os.chown(folder, harness.NOBODY, -1)
    fails("answer", f"{folder} is owned by uid 65534", helper=path)


@test("symlinks are resolved first: what counts is where they lead")
def symlinks():
    open_to_all = new_folder("open-to-all")
    link = open_to_all / "link"
    link.symlink_to(install_helper(new_folder("target")))
    open_to_all.chmod(0o777)
    check_equal(open_session("answer", helper=link).variables, ANSWER)
    bad = new_folder("bad-target")
    leads_astray = new_folder("good") / "link"
    leads_astray.symlink_to(install_helper(bad))
    bad.chmod(0o777)
    fails("answer", f"{bad} can be written by others", helper=leads_astray)


@test("a symlink that leads nowhere, and one in a loop")
def bad_symlinks():
    folder = new_folder("symlinks")
    (folder / "nowhere").symlink_to("missing")
    (folder / "loop").symlink_to("loop")
    fails("answer", "cannot be used: No such file or directory", helper=folder / "nowhere")
    fails("answer", "cannot be used: Too many levels of symbolic links", helper=folder / "loop")


@test("a host that is root and finds no account for the helper starts none")
def no_account():
    harness.needs_stage()
    accounts = open("/etc/passwd").read()
    try:
        with open("/etc/passwd", "w") as file:
            file.writelines(line for line in accounts.splitlines(True)
                            if not line.startswith("_ssmenv:"))
        outcome = fails("answer", "the account _ssmenv was not found, and the helper never runs as root")
        check_equal(outcome.processes, [])
    finally:
        open("/etc/passwd", "w").write(accounts)


@test("an account of the helper's that is root is refused")
def account_is_root():
    harness.needs_stage()
    accounts = open("/etc/passwd").read()
    try:
        for ids in ("0:979", "979:0"):
            open("/etc/passwd", "w").write(accounts.replace("_ssmenv:x:979:979:", f"_ssmenv:x:{ids}:"))
            outcome = fails("answer", "neither may be 0")
            check_equal(outcome.processes, [])
    finally:
        open("/etc/passwd", "w").write(accounts)


# --- answering ------------------------------------------------------------------------------------


@test("a helper that never answers is given up at the deadline")
def never_answers():
    outcome = fails("hang", "gave no complete answer within 450 ms", timeout="500ms")
    check(outcome.elapsed >= 450, f"gave up after {outcome.elapsed} ms already")


@test("one byte a second does not stretch the deadline")
def one_byte_a_second():
    fails("one-byte-a-second", "gave no complete answer within 450 ms", timeout="500ms")


@test("neither a helper that is stopped nor one that resists every signal does")
def stopped():
    for behaviour in ("stopped", "resist-signals"):
        fails(behaviour, "gave no complete answer within 450 ms", timeout="500ms")


@test("a truncated frame is no answer, at its end or at the deadline")
def truncated():
    fails("truncated", "ended without a complete answer (status 0)")
    fails("truncated-and-hang", "gave no complete answer within 450 ms", timeout="500ms")


@test("a helper that exits 1 or is killed is told from its status, at once")
def bad_end():
    fails("exit-1", f"{harness.HELPER} ended without a complete answer (status 1)")
    fails("killed", f"{harness.HELPER} ended without a complete answer (signal 9)")


@test("a helper that closes its output and stays is ended")
def close_output():
    fails("close-output-and-hang", "ended without a complete answer")


@test("a helper that answers and stays is ended, and its answer counts")
def answer_and_stay():
    check_equal(open_session("answer-and-hang").variables, ANSWER)


# --- children of the helper -----------------------------------------------------------------------


@test("a child of the helper's that keeps the pipe open is ended, and the answer counts")
def child_keeps_pipe():
    outcome = open_session("answer-with-child")
    check_equal(outcome.variables, ANSWER)
    check_equal(len(outcome.processes), 2, "processes of the helper's")


@test("a helper that exits 1 while its child keeps the pipe open is not waited for")
def child_keeps_pipe_of_dead_helper():
    outcome = fails("exit-1-with-child", "ended without a complete answer (status 1)")
    check_equal(len(outcome.processes), 2, "processes of the helper's")


@test("a child that calls setsid costs no time; it escapes the group and is not promised to end")
def escaped_child():
    outcome = open_session("answer-with-escaped-child", surviving=True)
    check_equal(outcome.variables, ANSWER)
    outcome = fails("exit-1-with-escaped-child", "ended without a complete answer (status 1)",
                    surviving=True)
    check_equal(len(outcome.processes), 2, "processes of the helper's")


# --- these tests ----------------------------------------------------------------------------------


@test("a sanitizer's report of a helper's, whose stderr is /dev/null, is found and fails a test")
def sanitizer_report():
    harness.needs_stage()
    try:
        open_session("write-beyond-memory")
    except AssertionError as failure:
        check_contains(str(failure), "heap-buffer-overflow")
        check_contains(str(failure), "in write_beyond_memory")
    else:
        check(False, "the report was not found")


harness.run()
