#!/usr/bin/python3
"""What the module makes of what the helper answers."""

import harness
from harness import PAM_SUCCESS, check_log_line, open_session
from tap import check, check_equal, check_lacks, test

harness.enter()

ANSWER = {"DB_USER": "app", "DB_PASS": "correct horse\nsecond line = x"}


@test("the variables of the reply are in the PAM environment, newlines and all")
def variables():
    outcome = open_session("answer")
    check_equal(outcome.result, PAM_SUCCESS)
    check_equal(outcome.variables, ANSWER)
    check_equal(outcome.closed, PAM_SUCCESS)


@test("one line is logged: user, service, number of variables, source, milliseconds")
def log_line():
    for behaviour, source in (("answer", "(fetched, "), ("answer-from-cache", "(cache, ")):
        check_log_line(open_session(behaviour), "info",
                       "user root, service test: 2 variables set " + source, " ms)")


@test("stale values are set, and the line says how old they are")
def stale():
    outcome = open_session("answer-stale")
    check_equal(outcome.variables, ANSWER)
    check_log_line(outcome, "notice", "2 variables set (stale, 312 s old, ")


@test("no variables at all is a success")
def nothing():
    outcome = open_session("answer-nothing")
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {}))
    check_log_line(outcome, "info", "0 variables set (")


@test("warnings are part of the one line")
def warnings():
    outcome = open_session("answer-with-warnings")
    check_equal(outcome.variables, {"DB_USER": "correct horse"})
    check_log_line(outcome, "notice", "1 variable set (", "; warning: /p/PATH is left out",
                   "; warning: /p/a and /p/A")


@test("the names of variables are logged with debug, and only with it")
def debug():
    harness.needs_stage()
    lines = open_session("answer", arguments="debug").log
    check_equal(lines[0], ("debug", "set: DB_USER DB_PASS"))
    check_equal([severity for severity, _ in lines], ["debug", "info"])
    lines = open_session("answer-as-much-as-allowed", arguments="debug").log
    names = " ".join(text.removeprefix("set: ") for severity, text in lines if severity == "debug")
    check_equal(names.split(), [f"N{number:03}" for number in range(256)])
    for _, text in open_session("answer").log + open_session("answer-with-warnings").log:
        check_lacks(text, "DB_USER")


@test("256 variables of 96 KiB together are allowed")
def as_much_as_allowed():
    outcome = open_session("answer-as-much-as-allowed")
    check_equal(len(outcome.variables), 256)
    check_equal(sum(len(name) + len(value) + 2 for name, value in outcome.variables.items()),
                96 * 1024)


@test("a variable that is there already is replaced, others stay")
def replaced():
    outcome = open_session("answer", "preset=DB_USER=earlier", "preset=OTHER=stays")
    check_equal(outcome.variables, ANSWER | {"OTHER": "stays"})


@test("a partial reply sets what it has and is logged as a failure")
def partial():
    outcome = open_session("answer-partly")
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {"DB_USER": "correct horse"}))
    check_log_line(outcome, "warning", "only 1 variable set (fetched, ",
                   ": /etc/ssmenv/ssmenv.conf:7: DB_PASS: AccessDeniedException")


@test("a failed reply sets nothing, and its reason is logged")
def failed():
    outcome = open_session("answer-failed")
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {}))
    check_log_line(outcome, "warning", "no variables set (",
                   ": /etc/ssmenv/ssmenv.conf:3:1: expected a name")


@test("control characters, C1 controls and broken UTF-8 of the helper's are harmless in the log")
def hostile_text():
    check_log_line(open_session("answer-hostile-text"), "warning",
                   "first?second???[31mred?? ??31m ? ?? caf?? end")


@test("the longest texts make a bounded line that shows it was cut")
def longest_texts():
    outcome = open_session("answer-longest-texts")
    check_log_line(outcome, "warning", "eeee; warning: eeee")
    check(not outcome.log or outcome.log[0][1].endswith("eee..."), "the line does not end in ...")


@test("no secret is left in the host's memory when the PAM handle has ended")
def wiped():
    for behaviour in ("answer", "answer-partly"):
        outcome = open_session(behaviour, "look-for-reversed=esroh tcerroc")
        check_equal(outcome.found, 0, behaviour)


def refused(behaviour, reason):
    """The helper's reply is refused as a whole: not even its good variable is set."""
    outcome = open_session(behaviour, "preset=GOOD=earlier")
    check_equal((outcome.result, outcome.variables), (PAM_SUCCESS, {"GOOD": "earlier"}), behaviour)
    check_log_line(outcome, "warning", "no variables set (", reason)


@test("a name that is none refuses the whole reply")
def illegal_names():
    for behaviour in ("name-with-equals", "name-with-newline", "name-empty", "name-with-digit-first",
                      "name-of-129-bytes"):
        refused(behaviour, "a variable with an illegal name")
    refused("name-with-nul", "malformed")


@test("a name of the deny list refuses the whole reply")
def denied_names():
    refused("ld-preload", "sets LD_PRELOAD, which must never be set")
    refused("path", "sets PATH, which must never be set")


@test("a name that comes twice refuses the whole reply")
def twice():
    refused("twice", "sets GOOD twice")


@test("a reply above a limit is refused, never truncated")
def limits():
    refused("300-variables", "300 variables, more than the 256 allowed")
    refused("value-of-65537-bytes", "the value of LONG has 65537 bytes, more than the 65536 allowed")
    refused("value-of-200-kib", "more than the")
    refused("one-byte-too-much", "98305 bytes together, more than the 98304 allowed")


@test("a payload that breaks the format is refused")
def malformed():
    for behaviour in ("trailing-byte", "fewer-variables-than-announced", "failed-with-variables"):
        refused(behaviour, "malformed: install module and helper of the same release")


@test("what is no frame of this version is refused at once")
def no_frame():
    for behaviour in ("garbage", "version-2", "kind-of-fetcher"):
        refused(behaviour, "no reply of version 1: install module and helper of the same release")


@test("an answer of 10 MiB is refused unread")
def too_long():
    refused("10-mib", "announced an answer of 10485760 bytes")


@test("the frame decides: what follows it is not read, and a bad exit status does not matter")
def frame_decides():
    for behaviour in ("answer-and-10-mib-more", "answer-and-exit-1"):
        check_equal(open_session(behaviour).variables, ANSWER, behaviour)


harness.run()
