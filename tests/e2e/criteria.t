#!/usr/bin/python3 -B
"""Who gets what: sections with criteria, judged in real logins."""

from machine import enter

enter()

import logins  # noqa: E402
from instance import check_nothing_left, instance  # noqa: E402
from tap import check_contains, check_equal, run, test  # noqa: E402

SECTIONS = """
[env]
EVERYBODY = "yes"
[env service=sshd]
BY_SSH = /by/ssh
[env service=su*]
BY_SU = /by/su
[env service=cron]
BY_CRON = /by/cron
[env service=!sshd]
NOT_BY_SSH = "yes"
[env user=deploy,ci]
FOR_DEPLOY = /for/deploy
[env group=dba]
FOR_DBA = /for/dba
[env user=guest service=sshd]
GUEST_BY_SSH = "yes"
[env user=nosuchuser]
FOR_NOBODY = "yes"
"""
OURS = ("EVERYBODY", "BY_", "NOT_BY_", "FOR_", "GUEST_")


def names(environment):
    return sorted(name for name in environment if name.startswith(OURS))


def furnish():
    for name in ("/by/ssh", "/by/su", "/by/cron", "/for/deploy", "/for/dba"):
        instance().aws.put(name, "value of " + name)
    instance().configure(SECTIONS)


CASES = (
    ("ssh of a user in the group", lambda: instance().sshd.command("deploy"),
     ["BY_SSH", "EVERYBODY", "FOR_DBA", "FOR_DEPLOY"]),
    ("ssh of another user", lambda: instance().sshd.command("guest"),
     ["BY_SSH", "EVERYBODY", "GUEST_BY_SSH"]),
    ("su to the first user", lambda: logins.su("deploy"),
     ["BY_SU", "EVERYBODY", "FOR_DBA", "FOR_DEPLOY", "NOT_BY_SSH"]),
    ("sudo to root", logins.sudo,
     ["BY_SU", "EVERYBODY", "NOT_BY_SSH"]),
    ("sudo to another user", lambda: logins.sudo("-u", "guest"),
     ["BY_SU", "EVERYBODY", "NOT_BY_SSH"]),
    ("cron of another user", lambda: logins.cron("guest"),
     ["BY_CRON", "EVERYBODY", "NOT_BY_SSH"]),
    ("login of another user", lambda: logins.login("guest"),
     ["EVERYBODY", "NOT_BY_SSH"]),
)


def register(name, how, expected):
    @test(f"{name} gets {', '.join(expected)}")
    def _():
        furnish()
        check_equal(names(how()), expected, "variables")
        check_nothing_left()


for case in CASES:
    register(*case)


@test("A login asks Parameter Store for nothing that is not its own")
def _():
    furnish()
    instance().sshd.command("guest")
    check_equal([call.names for call in instance().aws.calls], [["/by/ssh"]], "names asked for")


@test("For su and sudo the user is the target, not the one who calls")
def _():
    furnish()
    environment = logins.su("guest", command="sudo -u deploy env -0")
    check_equal(environment.get("FOR_DEPLOY"), "value of /for/deploy", "FOR_DEPLOY")


@test("A denied variable is left out of an import and the log names its parameter")
def _():
    for name in ("log-level", "ld-preload", "path"):
        instance().aws.put("/app/" + name, "x")
    instance().configure("[env]\n* = /app/*\n")
    position = instance().log.position()
    environment = instance().sshd.command("deploy")
    imported = environment.get("LOG_LEVEL"), environment.get("LD_PRELOAD")
    check_equal(imported, ("x", None), "LOG_LEVEL and LD_PRELOAD")
    severity, _, _, rest = instance().only_line(position)
    check_equal(severity, "notice", "severity")
    check_contains(rest, "/app/ld-preload", "log line")
    check_contains(rest, "/app/path", "log line")


run()
