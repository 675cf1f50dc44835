#!/usr/bin/python3 -B
"""Every kind of login delivers what Parameter Store holds, byte for byte."""

import contextlib
import pathlib

from machine import CREDENTIALS, HOME, MACHINES_PAM, MODULE, enter

enter()

import logins  # noqa: E402
from instance import (DELIVERED, PAIR, PASSWORD, USER_VALUE, check_nothing_left,  # noqa: E402
                      instance)
from tap import Skip, check, check_equal, check_lacks, run, test  # noqa: E402


def check_pair(environment, service, user, position):
    """The session has both variables, and the log has one line that says so."""
    check_equal((environment.get("DB_USER"), environment.get("DB_PASS")), (USER_VALUE, PASSWORD),
                "the two variables")
    severity, logged_service, logged_user, rest = instance().only_line(position)
    delivered = DELIVERED.fullmatch(rest)
    check(delivered, f"a log line of another form: {rest!r}")
    check_equal((severity, logged_service, logged_user), ("info", service, user), "log line")
    check_equal((delivered["count"], delivered["source"]), ("2", "fetched"), "count and source")


def check_one_call(tls):
    """Both parameters travelled in one request, whose signature the fake has verified."""
    calls = instance().aws.calls
    check_equal([(call.operation, sorted(call.names), call.key_id) for call in calls],
                [("GetParameters", ["/prod/db/password", "DB_USER"],
                  instance().aws.access_key_id)], "calls")
    check_equal(calls[0].tls, tls, "TLS")


# --- kinds of login ------------------------------------------------------------------------------


def sftp(user):
    source = HOME / user / "source"
    source.write_bytes(bytes(range(256)))
    batch = pathlib.Path("/mnt/batch")
    batch.write_text(f"put {source} received\nget received /mnt/returned\n")
    sshd = instance().sshd
    environment = sshd.transfer(user, sshd.client("sftp", "-b", batch, f"{user}@stage"))
    check_equal(pathlib.Path("/mnt/returned").read_bytes(), bytes(range(256)), "file")
    return environment


def scp(user):
    source = pathlib.Path("/mnt/source")
    source.write_bytes(bytes(range(256)))
    sshd = instance().sshd
    environment = sshd.transfer(user, sshd.client("scp", source, f"{user}@stage:copied"))
    check_equal((HOME / user / "copied").read_bytes(), bytes(range(256)), "file")
    return environment


LOGINS = (
    # name, service, user, how
    ("ssh with a terminal", "sshd", "deploy", lambda: instance().sshd.interactive("deploy")),
    ("ssh with a command", "sshd", "deploy", lambda: instance().sshd.command("deploy")),
    ("sftp", "sshd", "deploy", lambda: sftp("deploy")),
    ("scp", "sshd", "deploy", lambda: scp("deploy")),
    ("su", "su", "deploy", lambda: logins.su("deploy", login=False)),
    ("su -", "su-l", "deploy", lambda: logins.su("deploy")),
    ("sudo", "sudo", "root", logins.sudo),
    ("sudo -u", "sudo", "deploy", lambda: logins.sudo("-u", "deploy")),
    ("sudo -i", "sudo-i", "deploy", lambda: logins.sudo("-i", "-u", "deploy")),
    ("cron", "cron", "deploy", lambda: logins.cron("deploy")),
    ("login", "login", "deploy", lambda: logins.login("deploy")),
)


def register(name, service, user, how, tls):
    @test(f"{name} delivers both variables, fetched over {'TLS' if tls else 'HTTP'}")
    def _():
        instance().configure(PAIR, tls)
        position = instance().log.position()
        check_pair(how(), service, user, position)
        check_one_call(tls)
        check_nothing_left()


for entry in LOGINS:
    for over_tls in (True, False):
        register(*entry, over_tls)


# --- what only ssh has ---------------------------------------------------------------------------


@test("Two sessions on one connection share what one session of PAM fetched")
def _():
    instance().configure(PAIR)
    position = instance().log.position()
    with instance().sshd.connection("deploy") as options:
        first, second = (instance().sshd.command("deploy", *options) for _ in range(2))
        check_pair(first, "sshd", "deploy", position)
        check_pair(second, "sshd", "deploy", position)
    check_one_call(tls=False)
    check_nothing_left()


@test("scp's old protocol copies byte for byte, with the variables fetched")
def _():
    instance().configure(PAIR)
    position = instance().log.position()
    source = pathlib.Path("/mnt/old")
    source.write_bytes(bytes(range(256)))
    sshd = instance().sshd
    logins.run(sshd.client("scp", "-O", source, "deploy@stage:old"))
    check_equal((HOME / "deploy/old").read_bytes(), bytes(range(256)), "file")
    check_equal(instance().only_line(position)[:3], ("info", "sshd", "deploy"), "log line")


@test("One line added to the machine's own PAM file for sshd is enough")
def _():
    own = MACHINES_PAM / "sshd"
    if not own.exists():
        raise Skip("this machine has no /etc/pam.d/sshd")
    instance().configure(PAIR)
    used = pathlib.Path("/etc/pam.d/sshd")
    plain = used.read_text()
    used.write_text(own.read_text() + f"\n-session optional {MODULE}\n")
    try:
        position = instance().log.position()
        check_pair(instance().sshd.command("deploy"), "sshd", "deploy", position)
    finally:
        used.write_text(plain)


# --- a host without keys ------------------------------------------------------------------------


@contextlib.contextmanager
def metadata_service():
    """At its own address, version 2 only, as AWS's fake has it; no file holds a key."""
    address = ["169.254.169.254/32", "dev", "lo"]
    aws = instance().aws
    machine = instance().machine
    machine.configure(f"[aws]\nendpoint_url = {aws.tls_endpoint}\nca_bundle = {aws.ca_file}\n{PAIR}")
    CREDENTIALS.unlink(missing_ok=True)
    aws.clear_calls()
    logins.run(["ip", "addr", "add", *address])
    try:
        with aws.metadata(address="169.254.169.254", port=80) as metadata:
            yield metadata
    finally:
        logins.run(["ip", "addr", "del", *address])


@test("On a host with no key file and only the metadata service, an ssh login gets both variables")
def _():
    instance()
    with metadata_service() as metadata:
        position = instance().log.position()
        check_pair(instance().sshd.command("deploy"), "sshd", "deploy", position)
        check_equal([(call.operation, call.key_id) for call in instance().aws.calls],
                    [("GetParameters", metadata.session.access_key_id)], "calls")
        check_equal([question.method for question in metadata.questions],
                    ["PUT", "GET", "GET", "GET"], "a token, then region, role and keys")
        check_equal({question.status for question in metadata.questions}, {200}, "answers")
        check_nothing_left()


# --- the cache -----------------------------------------------------------------------------------


@test("A second login of another kind is answered from the cache, without a call")
def _():
    instance().configure(PAIR)
    instance().sshd.command("deploy")
    instance().aws.clear_calls()
    position = instance().log.position()
    environment = logins.su("deploy")
    check_equal((environment.get("DB_USER"), environment.get("DB_PASS")), (USER_VALUE, PASSWORD),
                "the two variables")
    check_equal(DELIVERED.fullmatch(instance().only_line(position)[3])["source"], "cache", "source")
    check_equal(instance().aws.calls, [], "calls")


# --- secrecy -------------------------------------------------------------------------------------


@test("No value has ever come near the system log")
def _():
    everything = instance().log.raw()
    for secret in (USER_VALUE, PASSWORD, PASSWORD.strip().splitlines()[0],
                   instance().aws.secret_access_key):
        check_lacks(everything, secret.encode(), "log")


run()
