#!/usr/bin/python3
"""Where credentials and region come from, provider by provider: the real ssmenv-fetch, sanitized and
behind its sandbox, against the strict fake of what it asks."""

import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from cloud import Cloud, write_file  # noqa: E402
from fetcher import parameter  # noqa: E402
from tap import check, check_contains, check_equal, run, test  # noqa: E402

# --- the instance metadata service ----------------------------------------------------------------


@test("an instance's role and region come from its metadata service")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        fetcher = cloud.fetcher(metadata, region=None)
        check_equal(cloud.value(fetcher), "s3cret")
        check_equal(cloud.key_ids, [metadata.session.access_key_id])
        check_equal([question.method for question in metadata.questions],
                    ["PUT", "GET", "GET", "GET"])


@test("version 1 of the metadata service is never spoken")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        for status in (400, 403, 404, 405, 503):
            metadata.questions.clear()
            metadata.fault("/latest/api/token", status, times=3)
            cloud.failure(cloud.fetcher(metadata))
            check_equal({question.method for question in metadata.questions}, {"PUT"})
            metadata.clear_faults()


@test("a token that is refused is asked for once more, not twice")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.fault("/latest/meta-data", 401, times=1)
        check_equal(cloud.value(cloud.fetcher(metadata)), "s3cret")
        check_equal([question.method for question in metadata.questions],
                    ["PUT", "GET", "PUT", "GET", "GET"])
        metadata.fault("/latest/meta-data", 401)
        metadata.questions.clear()
        check_contains(cloud.failure(cloud.fetcher(metadata)), "HTTP status 401")
        check_equal([question.method for question in metadata.questions],
                    ["PUT", "GET", "PUT", "GET"])


@test("a token that expires at once is renewed once for each question")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.token_life = -1
        check_contains(cloud.failure(cloud.fetcher(metadata)), "HTTP status 401")


@test("a metadata service that stumbles is asked again")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.fault("/latest/api/token", 503, times=1)
        metadata.fault("/latest/meta-data/iam", 500, times=2)
        check_equal(cloud.value(cloud.fetcher(metadata)), "s3cret")


@test("a hop limit that is too small is recognised, and the text says how to raise it")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.fault("/latest/api/token", None)
        error = cloud.failure(cloud.fetcher(metadata))
        check_contains(error, "Unable to locate credentials")
        check_contains(error, "hop limit")
        check_contains(error, "HttpPutResponseHopLimit")
        check_equal(len(metadata.questions), 1, "questions: there is no time for another")


def metadata_failure(what, prepare, *parts, **settings):
    @test(f"{what} is an error that says so, after what else was tried")
    def _():
        with Cloud() as cloud, cloud.metadata() as metadata:
            prepare(metadata)
            error = cloud.failure(cloud.fetcher(metadata, **settings))
            for part in ("Unable to locate credentials: tried ", "/credentials", "/config", *parts):
                check_contains(error, part)
            check_equal(cloud.aws.calls, [])


def set_to(**attributes):
    return lambda metadata: metadata.__dict__.update(attributes)


def fault(*arguments):
    return lambda metadata: metadata.fault(*arguments)


ROLE = "/latest/meta-data/iam/security-credentials/app-role"
metadata_failure("an instance without a role", set_to(role=None), "attach an IAM role")
metadata_failure("a metadata service that is turned off", set_to(enabled=False), "turned off",
                 "modify-instance-metadata-options")
metadata_failure("a metadata service that is not to be asked", set_to(),
                 "[aws] ec2_metadata_disabled is yes", ec2_metadata_disabled="yes")
metadata_failure("a metadata service that does not exist", lambda metadata: metadata.close(),
                 "no connection to 127.0.0.1")
metadata_failure("a role that vanishes", fault(ROLE, 404), "has no " + ROLE)
metadata_failure("a broken metadata service", fault(ROLE, 503), "HTTP status 503")
metadata_failure("an answer that is no JSON", fault(ROLE, 200, "<html>"), "no JSON object")
metadata_failure("an answer without a key", fault(ROLE, 200, '{"AccessKeyId": "x"}'),
                 "SecretAccessKey is missing")
metadata_failure("an instance profile that is broken",
                 fault(ROLE, 200, '{"Code": "AssumeRoleUnauthorizedAccess"}'), "trust policy")
metadata_failure("a role that is none",
                 fault("/latest/meta-data/iam/security-credentials/", 200, "../../x y"),
                 "names no role")
metadata_failure("a key that would be a header", fault(ROLE, 200, json.dumps(
    {"AccessKeyId": "x\r\ny", "SecretAccessKey": "y"})), "AccessKeyId is empty or has a byte")
metadata_failure("an expiration that is no time", fault(ROLE, 200, json.dumps(
    {"AccessKeyId": "x", "SecretAccessKey": "y", "Expiration": "soon"})), "Expiration is no time")


@test("credentials of an instance that expire within a minute are not used")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.new_session(life=30)
        check_contains(cloud.failure(cloud.fetcher(metadata)), "credentials expire in ")
        metadata.new_session(life=-30)
        check_contains(cloud.failure(cloud.fetcher(metadata)), "credentials have expired")
        check_equal(cloud.aws.calls, [])
        metadata.new_session(life=90)
        check_equal(cloud.value(cloud.fetcher(metadata)), "s3cret")


@test("the region is never derived from the zone's name")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.fault("/latest/meta-data/placement/region", 404)
        error = cloud.failure(cloud.fetcher(metadata, region=None))
        check_contains(error, "no region is configured")
        check_contains(error, "has no /latest/meta-data/placement/region")
        check_equal(cloud.aws.calls, [])
        check(all("zone" not in question.path for question in metadata.questions), "zone was asked")


@test("a region from the metadata service is checked before it becomes part of a host name")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.region = "evil.example/"
        check_contains(cloud.failure(cloud.fetcher(metadata, region=None)), "answers no region")


@test("a profile's region comes before the metadata service's")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.region = "eu-west-1"
        config = write_file("[default]\nregion = us-east-2\n")
        fetcher = cloud.fetcher(metadata, region=None, config_file=config)
        check_equal(cloud.value(fetcher), "s3cret")


@test("only link-local addresses and this machine are asked for metadata")
def _():
    with Cloud() as cloud:
        for url in ("http://10.0.0.1", "http://metadata.example", "ftp://127.0.0.1", "127.0.0.1"):
            fetcher = cloud.fetcher(ec2_metadata_service_endpoint=url)
            check_contains(cloud.failure(fetcher), "[aws] ec2_metadata_service_endpoint: expected")
        fetcher = cloud.fetcher(ec2_metadata_service_endpoint=None,
                                ec2_metadata_service_endpoint_mode="ipv5")
        check_contains(cloud.failure(fetcher), "ec2_metadata_service_endpoint_mode: expected")


run()
