#!/usr/bin/python3
"""A host without any key: only the metadata service at its real addresses, or the endpoint of a
container at its. Logins through the real ssmenv-helper get their variables there, and so does AWS's own
command line, which holds the fakes to what the real services answer."""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from aws_clients import AWS, aws_command  # noqa: E402
from cloud import Cloud, write_file  # noqa: E402
import helper  # noqa: E402
from tap import Skip, check_contains, check_equal, needs_root, run, test  # noqa: E402


class Address:
    """An address of the stage's own network."""

    def __init__(self, address):
        needs_root()
        self.command = [address, "dev", "lo"]
        subprocess.run(["ip", "addr", "add", *self.command], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "addr", "del", *self.command], check=True)


class Host:
    """ssmenv.conf says where the fake AWS is, and nothing about keys; the cache is empty."""

    def __init__(self, cloud, **settings):
        shutil.rmtree(helper.CACHE, ignore_errors=True)
        helper.CREDENTIALS.unlink(missing_ok=True)
        lines = {**cloud.where, **settings}
        helper.configure("[aws]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items()) +
                         "[cache]\nttl = 0\n[env]\nDB_PASS = /p\n")

    @staticmethod
    def log_in():
        reply = helper.log_in()
        check_equal((reply.error, reply.outcome, reply.variables),
                    ("", "complete", {"DB_PASS": "s3cret"}))
        return reply


@test("a host with no key file, only the metadata service at 169.254.169.254, gets its variables")
def _():
    with Cloud(tls=True) as cloud, Address("169.254.169.254/32"), \
            cloud.metadata(address="169.254.169.254", port=80) as metadata:
        Host(cloud).log_in()
        check_equal(cloud.key_ids, [metadata.session.access_key_id])


@test("the metadata service's IPv6 address is asked where [aws] says so")
def _():
    with Cloud(tls=True) as cloud, Address("fd00:ec2::254/128"), \
            cloud.metadata(address="fd00:ec2::254", port=80) as metadata:
        Host(cloud, ec2_metadata_service_endpoint_mode="ipv6").log_in()
        check_equal(cloud.key_ids, [metadata.session.access_key_id])


@test("a role that the instance gets later is noticed when what was kept of the first is refused")
def _():
    with Cloud(tls=True) as cloud, Address("169.254.169.254/32"), \
            cloud.metadata(address="169.254.169.254", port=80) as metadata:
        Host(cloud).log_in()
        first = metadata.session.access_key_id
        metadata.role = "other-role"
        second = metadata.new_session().access_key_id
        Host.log_in()
        cloud.aws.expire(first)
        Host.log_in()
        check_equal((cloud.key_ids[:2], cloud.key_ids[-1]), ([first, first], second))


@test("a host where nobody has credentials is told who was asked")
def _():
    with Cloud(tls=True) as cloud, Address("169.254.169.254/32"):
        Host(cloud, region="us-east-2")
        reply = helper.log_in()
        check_equal((reply.outcome, reply.variables), ("failed", {}))
        check_contains(reply.error, "Unable to locate credentials: tried ")
        check_contains(reply.error, "metadata service at http://169.254.169.254 cannot be "
                                    "reached: this is no EC2 instance")


@test("a relative URI leads to 169.254.170.2")
def _():
    with Cloud(tls=True) as cloud, Address("169.254.170.2/32"), \
            cloud.container(address="169.254.170.2", port=80, path="/v2/credentials/x") as task:
        Host(cloud, region="us-east-2", container_credentials_relative_uri=task.path).log_in()
        check_equal(cloud.key_ids, [task.session.access_key_id])


@test("EKS Pod Identity's agent at 169.254.170.23 is asked with the token of its file")
def _():
    with Cloud(tls=True) as cloud, Address("169.254.170.23/32"), \
            cloud.container(address="169.254.170.23", port=80, authorization="eyJ.x") as agent:
        Host(cloud, region="us-east-2", container_credentials_full_uri=agent.full_uri,
             container_authorization_token_file=write_file("eyJ.x\n")).log_in()
        check_equal(cloud.key_ids, [agent.session.access_key_id])


def aws_gets(cloud, **environment):
    if not os.path.exists(AWS):
        raise Skip("needs the package awscli")
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    ended = aws_command(cloud.aws, "get-parameter", "--name", "/p", "--with-decryption", "--query",
                        "Parameter.Value", "--output", "text", **nothing, **environment)
    check_equal((ended.stdout, ended.stderr, ended.returncode), ("s3cret\n", "", 0))


@test("AWS's command line gets its credentials from the same metadata service")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        aws_gets(cloud, AWS_EC2_METADATA_DISABLED="false",
                 AWS_EC2_METADATA_SERVICE_ENDPOINT=f"{metadata.url}/")
        check_equal(cloud.key_ids, [metadata.session.access_key_id])
        check_equal([question.method for question in metadata.questions][:1], ["PUT"])


@test("AWS's command line gets its credentials from the same container endpoint")
def _():
    with Cloud() as cloud, cloud.container(authorization="Basic x") as container:
        aws_gets(cloud, AWS_CONTAINER_CREDENTIALS_FULL_URI=container.full_uri,
                 AWS_CONTAINER_AUTHORIZATION_TOKEN="Basic x")
        check_equal(cloud.key_ids, [container.session.access_key_id])


run()
