#!/usr/bin/python3
"""Further identities, [aws NAME], through the real ssmenv-helper and ssmenv-fetch: two accounts in two
regions, each with its own keys."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

import helper  # noqa: E402
from fakeaws import FakeAWS  # noqa: E402
from tap import check_contains, check_equal, needs_root, run, test  # noqa: E402


class Two:
    """An account at home, and a central one with keys of its own."""

    def __enter__(self):
        needs_root()
        self.home, self.central = FakeAWS("us-east-2"), FakeAWS("eu-west-1", "444455556666")
        self.keys = helper.CREDENTIALS.with_name("central-credentials")
        self.home.put("/p", "home")
        self.central.put("/p", "central")
        self.central.put_secret("rds!db-1", '{"password": "s3cret"}')
        self.central.add_key("AKIACENTRAL000000000", "central")
        helper.write_credentials(self.home.access_key_id, self.home.secret_access_key)
        helper.write_credentials("AKIACENTRAL000000000", "central", self.keys)
        self.configure()
        return self

    def __exit__(self, *_):
        self.home.close()
        self.central.close()
        for entry in helper.CACHE.iterdir():
            entry.unlink()

    def configure(self, before="", central="", env=""):
        helper.configure(
            f"{before}[aws]\nregion = us-east-2\nendpoint_url = {self.home.endpoint}\n"
            f"[env aws=central]\nB = /p\nC = secret:rds!db-1#password\n[env]\nA = /p\n"
            f"[aws central]\nregion = eu-west-1\nendpoint_url = {self.central.endpoint}\n"
            f"credentials_file = {self.keys}\n{central}{env}")

    def counts(self):
        return len(self.home.calls), len(self.central.calls)


ALL = {"A": "home", "B": "central", "C": "s3cret"}


@test("each section is asked under its own identity, in its own region, with its own keys")
def _():
    with Two() as two:
        reply = helper.log_in()
        check_equal((reply.outcome, reply.variables), ("complete", ALL), reply.error)
        check_equal({call.key_id for call in two.central.calls}, {"AKIACENTRAL000000000"})
        check_equal({call.key_id for call in two.home.calls}, {two.home.access_key_id})
        check_equal(helper.log_in().source, "cache")


@test("a change in one identity asks again for its own sets only")
def _():
    with Two() as two:
        helper.log_in()
        home, central = two.counts()
        two.configure(central="max_attempts = 2\n")
        check_equal(helper.log_in().variables, ALL)
        check_equal(two.counts(), (home, 2 * central), "calls after a changed setting")
        helper.write_credentials("AKIACENTRAL000000000", "central", two.keys)
        os.utime(two.keys, (1, 1))
        check_equal(helper.log_in().variables, ALL)
        check_equal(two.counts(), (home, 3 * central), "calls after a changed file")


@test("another identity before it in the file changes nothing for an identity")
def _():
    with Two() as two:
        helper.log_in()
        counts = two.counts()
        two.configure(before="[aws first]\nregion = sa-east-1\n")
        check_equal((helper.log_in().source, two.counts()), ("cache", counts))


@test("an identity that is broken takes only its own sets with it, one that nobody asks none")
def _():
    with Two() as two:
        two.configure(central="ca_bundle = /nonexistent\n")
        reply = helper.log_in()
        check_equal((reply.outcome, reply.variables), ("partial", {"A": "home"}))
        check_contains(reply.error, "[aws central] ca_bundle: /nonexistent")
    with Two() as two:
        two.configure(before="[aws unused]\nca_bundle = /nonexistent\n")
        reply = helper.log_in()
        check_equal((reply.outcome, reply.variables), ("complete", ALL), reply.error)


@test("each service goes to the URL that is its own")
def _():
    role = "role_arn = arn:aws:iam::444455556666:role/params\n"
    for service, more, action in (("ssm", "", "ssm:GetParameter"), ("sts", role, "sts:AssumeRole"),
                                  ("secretsmanager", "", "secretsmanager:GetSecretValue")):
        with Two() as two:
            two.configure(central=f"{more}endpoint_url_{service} = http://127.0.0.1:9\n")
            reply = helper.log_in()
            check_equal((reply.outcome, reply.variables), ("partial", {"A": "home"}))
            check_contains(reply.error, action)
            check_contains(reply.error, "no connection to 127.0.0.1")


run()
