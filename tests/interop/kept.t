#!/usr/bin/python3
"""What a host learns once is kept: logins through the real ssmenv-helper and ssmenv-fetch, against a
metadata service that counts its questions. Two sets, so that the second is cold when the first is
not."""

import json
import os
import shutil
import stat
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from cloud import Cloud, write_file  # noqa: E402
import helper  # noqa: E402
from tap import check, check_contains, check_equal, needs_root, run, test  # noqa: E402

ONE_ROUND = ["PUT", "GET", "GET", "GET"]  # token; region, role, credentials


class Host:
    """A machine with an empty cache; [aws] says where the fakes are, and what settings add."""

    def __init__(self, cloud, metadata=None, **settings):
        needs_root()
        shutil.rmtree(helper.CACHE, ignore_errors=True)
        helper.CREDENTIALS.unlink(missing_ok=True)
        helper.CREDENTIALS.with_name("config").unlink(missing_ok=True)
        cloud.aws.put("/q", "other")
        self.cloud, self.metadata = cloud, metadata
        self.lines = {**cloud.where, "ec2_metadata_service_endpoint":
                      metadata.url if metadata else "http://127.0.0.1:9"}
        self.configure(**settings)

    def configure(self, ttl="1h", env="", **settings):
        self.lines.update(settings)
        helper.configure("[aws]\n" + "".join(f"{key} = {value}\n" for key, value in
                                             self.lines.items() if value is not None) +
                         f"[cache]\nttl = {ttl}\nretry_after = 1ms\n"
                         "[env user=first]\nA = /p\n[env user=second]\nB = /q\n" + env)

    def asked(self):
        """The questions since the last time."""
        methods = [question.method for question in self.metadata.questions]
        self.metadata.questions.clear()
        return methods

    def log_in(self, user="first", warnings=()):
        reply = helper.log_in(user=user)
        expected = {"A": "s3cret"} if user == "first" else {"B": "other"}
        check_equal((reply.error, reply.outcome, reply.variables), ("", "complete", expected))
        check_equal(len(reply.warnings), len(warnings), f"warnings {reply.warnings}")
        for text, part in zip(reply.warnings, warnings):
            check_contains(text, part)
        return reply

    @staticmethod
    def kept():
        return sorted(helper.CACHE.glob("*.identity*"))

    @staticmethod
    def forget_values():
        for entry in helper.CACHE.iterdir():
            if ".identity" not in entry.name:
                entry.unlink()


@test("a cold login makes one metadata round, the next set none, with the same key")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        host.log_in()
        check_equal(host.asked(), ONE_ROUND)
        host.log_in("second")
        check_equal(host.asked(), [])
        check_equal(cloud.key_ids, [metadata.session.access_key_id] * 2)


@test("a set that is fetched again, as with ttl = 0, asks for nothing anew")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata, ttl="0s")
        for _ in range(3):
            check_equal(host.log_in().source, "fetched")
        check_equal((host.asked(), len(cloud.aws.calls)), (ONE_ROUND, 3))


@test("what is kept lies in one private file, and no login without a fetch opens it")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        host.log_in()
        path, = host.kept()
        status = path.stat()
        check_equal((stat.S_IMODE(status.st_mode), status.st_uid, status.st_nlink),
                    (0o600, helper.ACCOUNT, 1))
        path.write_bytes(b"spoilt")
        check_equal(host.log_in().source, "cache")
        check_equal(path.read_bytes(), b"spoilt", "the file after a fresh login")


@test("a metadata service that went away does not matter while credentials last")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        host.log_in()
        metadata.close()
        host.log_in("second")


@test("credentials that end within five minutes are used, but not kept")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        metadata.new_session(life=290)
        host.log_in()
        check_equal(host.asked(), ONE_ROUND)
        second = metadata.new_session(life=3600)
        host.log_in("second")
        check_equal(host.asked(), ["PUT", "GET", "GET"], "the region stays")
        host.forget_values()
        host.log_in()
        check_equal(host.asked(), [])
        check_equal(cloud.key_ids[1:], [second.access_key_id] * 2)


def refused(what, spoil):
    @test(f"kept credentials that {what} are forgotten, and new ones asked for once")
    def _():
        with Cloud() as cloud, cloud.metadata() as metadata:
            host = Host(cloud, metadata)
            host.log_in()
            old = metadata.session
            new = metadata.new_session()
            spoil(cloud, old)
            host.asked()
            host.log_in("second")
            check_equal(host.asked(), ["PUT", "GET", "GET"])
            check_equal(cloud.key_ids[2:], [new.access_key_id], "calls after the refused one")
            host.forget_values()
            host.log_in()
            check_equal(host.asked(), [])


refused("have expired", lambda cloud, old: cloud.aws.expire(old.access_key_id))
refused("AWS does not know any more", lambda cloud, old: cloud.aws._account.keys.pop(
    old.access_key_id))


@test("a new role of the instance is noticed when the old one is denied something")
def _():
    nothing = {"Effect": "Allow", "Action": "ssm:*", "Resource": "arn:aws:ssm:*:*:parameter/p"}
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        old = metadata.new_session(policy=nothing)
        host.log_in()
        metadata.role = "other-role"
        new = metadata.new_session()
        host.forget_values()
        host.log_in()
        check_equal(set(cloud.key_ids), {old.access_key_id}, "as long as it is allowed")
        host.log_in("second")
        check_equal(cloud.key_ids[-1], new.access_key_id)


@test("who is denied a name and has no other role asks once, and is told the name")
def _():
    nothing = {"Effect": "Allow", "Action": "ssm:*", "Resource": "arn:aws:ssm:*:*:parameter/p"}
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        metadata.new_session(policy=nothing)
        host.log_in()
        host.asked()
        check_contains(helper.log_in(user="second").error, "AccessDeniedException")
        check_equal(host.asked(), ["PUT", "GET", "GET"])
        check_equal(len(host.kept()), 1, "what is right stays")


@test("when the metadata service has no better ones, refused credentials are forgotten")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        host.log_in()
        cloud.aws.expire(metadata.session.access_key_id)
        metadata.fault("", 503)
        check_equal(helper.log_in(user="second").outcome, "failed")
        check_equal(host.kept(), [])
        metadata.clear_faults()
        metadata.new_session()
        host.log_in("second")


def damage(what, spoil, warnings=("are discarded",)):
    @test(f"a kept file that is {what} is discarded with one log line, and asked for anew")
    def _():
        with Cloud() as cloud, cloud.metadata() as metadata:
            host = Host(cloud, metadata)
            host.log_in()
            path, = host.kept()
            spoil(path)
            host.asked()
            host.log_in("second", warnings=warnings)
            check_equal(host.asked(), ONE_ROUND)
            host.forget_values()
            host.log_in()
            check_equal(host.asked(), [])


def change_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def replace(make):
    def spoil(path):
        path.unlink()
        make(path)
    return spoil


damage("cut short", lambda path: path.write_bytes(path.read_bytes()[:-1]))
damage("empty", lambda path: path.write_bytes(b""))
damage("changed in one byte", change_byte)
damage("of another version", lambda path: path.write_bytes(b"SSMK\x02" + path.read_bytes()[5:]))
damage("root's", lambda path: os.chown(path, 0, 0))
damage("a FIFO", replace(os.mkfifo))
damage("a symlink", replace(lambda path: path.symlink_to("/etc/passwd")))
damage("gone", lambda path: path.unlink(), warnings=())


@test("a changed setting, credentials file or config file uses nothing of what was kept")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        files = [write_file("[default]\n"), write_file("[default]\n")]
        host.configure(credentials_file=files[0], config_file=files[1])
        for change in (lambda: host.configure(max_attempts=2), lambda: os.utime(files[0], (1, 1)),
                       lambda: os.replace(write_file("[default]\n"), files[1])):
            host.log_in()
            host.asked()
            change()
            host.log_in("second")
            check_equal(host.asked(), ONE_ROUND)
            shutil.rmtree(helper.CACHE)


@test("the token files of a web identity and a container bind values and what is kept")
def _():
    with Cloud() as cloud:
        token = write_file("eyJ.first")
        arn = cloud.aws.add_role("params", web_identity="eyJ.first")
        host = Host(cloud, region="us-east-2", role_arn=arn, web_identity_token_file=token)
        host.log_in()
        host.log_in("second")
        check_equal(len(cloud.aws.sessions), 1)
        os.utime(token)
        check_equal(host.log_in().source, "fetched")
        check_equal(len(cloud.aws.sessions), 2)
    with Cloud() as cloud, cloud.container(authorization="first") as container:
        token = write_file("first")
        host = Host(cloud, container, region="us-east-2",
                    container_credentials_full_uri=container.full_uri,
                    container_authorization_token_file=token)
        host.log_in()
        host.log_in("second")
        check_equal(host.asked(), ["GET"])
        os.utime(token)
        check_equal(host.log_in().source, "fetched")
        check_equal(host.asked(), ["GET"])


@test("the token of a web identity that a profile names is looked at before anything kept is used")
def _():
    with Cloud() as cloud:
        token = write_file("eyJ.first")
        arn = cloud.aws.add_role("params", web_identity="eyJ.first")
        config = write_file(f"[default]\nrole_arn = {arn}\nweb_identity_token_file = {token}\n")
        host = Host(cloud, region="us-east-2", config_file=config, ttl="0s")
        host.log_in()
        host.log_in()
        check_equal(len(cloud.aws.sessions), 1)
        with open(token, "w") as file:
            file.write("eyJ.other")
        check_contains(helper.log_in(user="second").error, "sts:AssumeRoleWithWebIdentity")


@test("the session of an assumed role is kept, for each user apart where the name holds %u")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        arn = cloud.aws.add_role("params", trust=[metadata.session.access_key_id])
        host = Host(cloud, metadata, role_arn=arn)
        host.log_in()
        host.log_in("second")
        check_equal((host.asked(), len(cloud.aws.sessions)), (ONE_ROUND, 1))
        host.configure(role_session_name="%u")
        for _ in range(2):
            host.forget_values()
            host.log_in()
            host.log_in("second")
        check_equal([name for _, name, _ in cloud.aws.sessions], ["ssmenv", "first", "second"])
        check_equal(len(host.kept()), 3)


def process(cloud, **settings):
    """A program that says how often it ran."""
    count = write_file("", 0o666)
    answer = write_file("", 0o644)
    program = write_file(f"#!/bin/sh\necho >>{count}\ncat {answer}\n", 0o755)
    config = write_file(f"[default]\ncredential_process = {program}\n")

    def say(key, **more):
        cloud.aws.add_key(key, "secret", "token")
        with open(answer, "w") as file:
            json.dump({"Version": 1, "AccessKeyId": key, "SecretAccessKey": "secret",
                       "SessionToken": "token", **more}, file)

    def runs():
        with open(count) as file:
            return len(file.readlines())

    return Host(cloud, region="us-east-2", config_file=config, **settings), say, runs


NEVER = {"Expiration": "2099-01-01T00:00:00Z"}


@test("a credential_process is not run while what it gave lasts")
def _():
    with Cloud() as cloud:
        host, say, runs = process(cloud)
        say("ASIAFIRST", **NEVER)
        host.log_in()
        host.log_in("second")
        check_equal((runs(), cloud.key_ids), (1, ["ASIAFIRST"] * 2))


@test("what a credential_process gives without Expiration is not kept")
def _():
    with Cloud() as cloud:
        host, say, runs = process(cloud)
        say("ASIAFIRST")
        host.log_in()
        host.log_in("second")
        check_equal((runs(), host.kept()), (2, []))


@test("a credential_process runs again in the login to which AWS refuses what was kept")
def _():
    with Cloud() as cloud:
        host, say, runs = process(cloud)
        say("ASIAFIRST", **NEVER)
        host.log_in()
        cloud.aws.expire("ASIAFIRST")
        say("ASIASECOND", **NEVER)
        host.log_in("second")
        check_equal((runs(), cloud.key_ids[-1]), (2, "ASIASECOND"))
        host.forget_values()
        host.log_in()
        check_equal(runs(), 2)


@test("keys of a user are never kept, the region beside them is")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        helper.write_credentials(cloud.aws.access_key_id, cloud.aws.secret_access_key)
        host.log_in()
        check_equal(host.asked(), ["PUT", "GET"])
        host.log_in("second")
        check_equal(host.asked(), [])
        for entry in helper.CACHE.iterdir():
            data = entry.read_bytes()
            check(cloud.aws.secret_access_key.encode() not in data, f"a secret key in {entry}")
            check(cloud.aws.access_key_id.encode() not in data, f"a key in {entry}")


@test("several identities share one metadata round")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        arn = cloud.aws.add_role("params", trust=[metadata.session.access_key_id])
        where = "".join(f"{key} = {value}\n" for key, value in host.lines.items())
        host.configure(env=f"[aws other]\n{where}role_arn = {arn}\n[aws third]\n{where}"
                           "max_attempts = 2\n[env aws=other]\nC = /p\n[env aws=third]\nD = /q\n")
        reply = helper.log_in(user="first")
        check_equal((reply.error, reply.variables), ("", {"A": "s3cret", "C": "s3cret", "D": "other"}))
        check_equal(host.asked(), ONE_ROUND)


@test("a login in a cache folder that is full says that nothing can be kept, and has its values")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        host.log_in()
        path, = host.kept()
        path.unlink()
        path.mkdir()
        reply = helper.log_in(user="second")
        check_equal(reply.variables, {"B": "other"})
        check(any("credentials cannot be kept" in text for text in reply.warnings), reply.warnings)
        path.rmdir()


@test("files that nobody has replaced for half a day are removed")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        host = Host(cloud, metadata)
        host.log_in()
        for name, age in (("0123456789abcdef.identity", 50000), ("0123456789abcdef.identity.7", 50000),
                          ("fedcba9876543210.identity", 100)):
            path = helper.CACHE / name
            path.write_bytes(b"x")
            os.utime(path, (path.stat().st_mtime - age,) * 2)
        host.configure(max_attempts=2)
        host.log_in()
        check_equal(len(host.kept()), 3)
        check((helper.CACHE / "fedcba9876543210.identity").exists(), "the young one")


run()
