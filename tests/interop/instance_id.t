#!/usr/bin/python3
"""%i, the id of the EC2 instance, through the real ssmenv-helper and ssmenv-fetch: in names, below
paths and in the name of a role's session; and what a machine is told that is no instance."""

import os
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from cloud import Cloud  # noqa: E402
import helper  # noqa: E402
from tap import check_contains, check_equal, needs_root, run, test  # noqa: E402

ID = "i-0123456789abcdef0"
ID_PATH = "/latest/meta-data/instance-id"


def configure(cloud, text, **settings):
    needs_root()
    shutil.rmtree(helper.CACHE, ignore_errors=True)
    lines = {**cloud.where, "region": "us-east-2", **settings}
    helper.write_credentials(cloud.aws.access_key_id, cloud.aws.secret_access_key)
    helper.configure("[aws]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items()) +
                     text)


def log_in(**how):
    reply = helper.log_in(**how)
    check_equal((reply.error, reply.outcome, reply.warnings), ("", "complete", []))
    return reply.variables


@test("%i stands for the id in the names of parameters and secrets, with selectors and members")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        cloud.aws.put(f"/hosts/{ID}/key", "of-the-host")
        cloud.aws.put(f"/{ID}/{ID}/deploy", "twice")
        cloud.aws.put(f"{ID}.plain", "plain")
        cloud.aws.put_secret(f"hosts/{ID}", '{"password": "pw"}')
        configure(cloud, "[env]\nA = /hosts/%i/key:1\nB = secret:hosts/%i#password\n"
                  "C = /%i/%i/%u\nD = %i.plain\nE = /hosts/%i/absent || \"other\"\n"
                  f"F = arn:aws:ssm:us-east-2:111122223333:parameter/hosts/%i/key\n",
                  ec2_metadata_service_endpoint=metadata.url)
        check_equal(log_in(), {"A": "of-the-host", "B": "pw", "C": "twice", "D": "plain",
                               "E": "other", "F": "of-the-host"})
        check_equal([question.path for question in metadata.questions],
                    ["/latest/api/token", ID_PATH])
        check_equal(helper.log_in().source, "cache")


@test("imports below a path with %i lose the whole path, whatever stands around the id")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        for path in (f"/hosts/{ID}", f"/hosts/{ID}/deep", f"/x-{ID}abc", "/hosts/i-0123"):
            cloud.aws.put(f"{path}/log-level", path)
        configure(cloud, "[env]\nA_* = /hosts/%i/*\nB_* = /hosts/%i/**\nC_* = /x-%iabc/*\n",
                  ec2_metadata_service_endpoint=metadata.url)
        check_equal(log_in(), {"A_LOG_LEVEL": f"/hosts/{ID}", "B_LOG_LEVEL": f"/hosts/{ID}",
                               "B_DEEP_LOG_LEVEL": f"/hosts/{ID}/deep",
                               "C_LOG_LEVEL": f"/x-{ID}abc"})


@test("the id is kept: the next set with %i asks nobody")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        cloud.aws.put(f"/hosts/{ID}/key", "k")
        configure(cloud, "[env user=a]\nA = /p\n[env user=b]\nB = /hosts/%i/key\n"
                  "[env user=c]\nC = /hosts/%i/key\n", ec2_metadata_service_endpoint=metadata.url)
        log_in(user="a")
        check_equal(metadata.questions, [], "questions of a set without %i")
        check_equal(log_in(user="b"), {"B": "k"})
        metadata.questions.clear()
        check_equal((log_in(user="c"), metadata.questions), ({"C": "k"}, []))


@test("the session of a role is called after user and instance, in the bytes and length of STS")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        arn = cloud.aws.add_role("params")
        for name, user, expected in (
                ("%u@%i", "jane", f"jane@{ID}"), ("%i", "jane", ID), ("%u", "j", "j-"),
                ("%u", "DOMAIN\\jane doe", "DOMAIN-jane-doe"), ("host-%i-%i-%i-%i", "x",
                                                               f"host-{ID}-{ID}-{ID}"[:64]),
                ("%i.%u", "u" * 100, f"{ID}." + "u" * 44), ("%u%i", "u" * 63, "u" * 63 + "i"),
                ("%u", "u" * 100, "u" * 64)):
            configure(cloud, "[env]\nA = /p\n", ec2_metadata_service_endpoint=metadata.url,
                      role_arn=arn, role_session_name=name)
            check_equal(log_in(user=user), {"A": "s3cret"})
            check_equal(cloud.aws.sessions[-1][1], expected)


@test("users share values under %i, and each has their own under %u")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        arn = cloud.aws.add_role("params")
        for name, source in (("%i", "cache"), ("%u", "fetched")):
            configure(cloud, "[env]\nA = /p\n", ec2_metadata_service_endpoint=metadata.url,
                      role_arn=arn, role_session_name=name)
            log_in(user="jane")
            check_equal(helper.log_in(user="john").source, source)


def no_instance(what, prepare, *parts, **settings):
    @test(f"{what} fails the sets with %i alone, and the message names line, lookup and remedy")
    def _():
        with Cloud() as cloud, cloud.metadata() as metadata:
            prepare(metadata)
            configure(cloud, "[env]\nA = /p\n[env]\nB = /hosts/%i/key\n[env]\nC_* = /hosts/%i/*\n",
                      **{"ec2_metadata_service_endpoint": metadata.url, **settings})
            reply = helper.log_in()
            check_equal((reply.outcome, reply.variables), ("partial", {"A": "s3cret"}))
            line = helper.CONFIG.read_text().split("\n").index("B = /hosts/%i/key") + 1
            for part in (f"{helper.CONFIG}:{line}:5: B: /hosts/%i/key: %i stands for the id of the "
                         "EC2 instance, which cannot be had: ", "C_*: /hosts/%i/: %i stands for",
                         "on a machine that is no instance write a name without %i", *parts):
                check_contains(reply.error, part)


no_instance("a machine without a metadata service", lambda metadata: metadata.close(),
            "cannot be reached")
no_instance("a metadata service that is not to be asked", lambda metadata: None,
            "[aws] ec2_metadata_disabled is yes", ec2_metadata_disabled="yes")
no_instance("a metadata service that knows no id", lambda metadata: metadata.fault(ID_PATH, 404),
            f"has no {ID_PATH}")
no_instance("an id that would be another path",
            lambda metadata: metadata.fault(ID_PATH, 200, "i-0/../../prod"),
            "answers no instance id")


@test("a session's name with %i that cannot be had fails the identity, and names its key")
def _():
    with Cloud() as cloud:
        arn = cloud.aws.add_role("params")
        lines = "".join(f"{key} = {value}\n" for key, value in cloud.where.items())
        configure(cloud, f"[env]\nA = /p\n[aws central]\nregion = us-east-2\n{lines}role_arn = {arn}\n"
                  "role_session_name = host-%i\nec2_metadata_service_endpoint = http://127.0.0.1:9\n"
                  "[env aws=central]\nB = /p\n")
        reply = helper.log_in()
        check_equal((reply.outcome, reply.variables), ("partial", {"A": "s3cret"}))
        check_contains(reply.error, "[aws central] role_session_name: %i stands for the id")
        check_equal(cloud.aws.sessions, [])


@test("an identity whose service hangs takes no time from the others")
def _():
    with Cloud() as cloud, Cloud() as hanging:
        hanging.aws.fault(kind="hang")
        arn = cloud.aws.add_role("params")
        there = "".join(f"{key} = {value}\n" for key, value in hanging.where.items())
        here = "".join(f"{key} = {value}\n" for key, value in cloud.where.items())
        configure(cloud, f"[env aws=hanging]\nA = /p\n[env aws=next]\nB = /p\n[env]\nC = /p\n"
                  f"[aws hanging]\nregion = us-east-2\n{there}role_arn = {arn}\n"
                  f"[aws next]\nregion = us-east-2\n{here}role_arn = {arn}\n")
        reply = helper.log_in(timeout_ms=6000)
        check_equal((reply.outcome, reply.variables), ("partial", {"B": "s3cret", "C": "s3cret"}))
        check_contains(reply.error, "sts:AssumeRole")
        hanging.aws.release()


run()
