#!/usr/bin/python3
"""Our table of partitions and exceptions against the endpoint rules that botocore ships: for each
service, in all its regions, with and without FIPS and dual-stack.

The rules are those of the botocore that is installed. Debian's 1.29 does not know every partition
that our table has, so two differences are expected of it, and of it alone: partitions added since
are left out, and where AWS has since changed what dual-stack means for Secrets Manager and for the
isolated partitions, nothing is compared. A newer botocore (python3 tests/interop/endpoints.t, with
whatever Python has one) is compared in everything.
"""

import itertools
import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests")]

import botocore.session  # noqa: E402
from botocore.endpoint_provider import EndpointProvider  # noqa: E402
from botocore.exceptions import EndpointProviderError  # noqa: E402
from tap import check, check_equal, run, test  # noqa: E402

PROGRAM = ROOT / "build/sanitized/tests/endpoint-list"
SERVICES = ["ssm", "sts", "secretsmanager", "rds"]
# One region for each partition of our table; in a partition that botocore does not know it would
# answer as in the first one.
PARTITIONS = {
    "aws": "us-east-2", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1", "aws-iso-b": "us-isob-east-1", "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1", "aws-eusc": "eusc-de-east-1",
}

SESSION = botocore.session.get_session()
LOADER = SESSION.get_component("data_loader")
RULES = LOADER.load_data("partitions")
KNOWN = {partition["id"]: partition for partition in RULES["partitions"]}
# What changed since: with this flag the installed rules know it.
NEW_DUALSTACK = KNOWN["aws-iso"]["outputs"]["supportsDualStack"]


def regions(service):
    """All that botocore lists for the service, pseudo-regions such as aws-global left out."""
    listed = {region for partition in SESSION.get_available_partitions()
              for region in SESSION.get_available_regions(service, partition, True)}
    known = {PARTITIONS[name] for name in KNOWN if name in PARTITIONS}
    return sorted(region for region in listed | known if re.fullmatch(r"(?!fips-)[a-z]+(-[a-z]+)+-\d", region))


def partition_of(region):
    for name, partition in KNOWN.items():
        if region in partition["regions"] or re.match(partition["regionRegex"], region):
            return name
    return "aws"


def is_comparable(service, region, dualstack):
    if not dualstack or NEW_DUALSTACK:
        return True
    return service != "secretsmanager" and not partition_of(region).startswith("aws-iso")


def botocore_answers(service, questions):
    provider = EndpointProvider(LOADER.load_service_model(service, "endpoint-rule-set-1"), RULES)
    more = {"UseGlobalEndpoint": False} if service == "sts" else {}
    for region, fips, dualstack in questions:
        try:
            endpoint = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dualstack,
                                                 **more)
            yield f"{endpoint.url}/ {partition_of(region)}"
        except EndpointProviderError as error:
            yield f"botocore: {error}"


def our_answers(service, questions):
    lines = "".join(f"{service} {region} {'yes' if fips else 'no'} {'yes' if dualstack else 'no'}\n"
                    for region, fips, dualstack in questions)
    done = subprocess.run([PROGRAM], input=lines, capture_output=True, text=True, check=False)
    check_equal((done.returncode, done.stderr), (0, ""), "how endpoint-list ended")
    return done.stdout.splitlines()


def compare(service):
    questions = [(region, fips, dualstack)
                 for region, fips, dualstack in itertools.product(regions(service), (False, True),
                                                                  (False, True))
                 if is_comparable(service, region, dualstack)]
    check(len(questions) > 60, f"only {len(questions)} questions to compare")
    ours = our_answers(service, questions)
    check_equal(len(ours), len(questions), "number of answers")
    for question, our, their in zip(questions, ours, botocore_answers(service, questions)):
        check_equal(our, their, f"{service} in {question}")


def add(service):
    @test(f"{service} is reached where botocore {botocore.__version__} reaches it, in "
          f"{len(regions(service))} regions")
    def _():
        compare(service)


for name in SERVICES:
    add(name)


@test("the suffixes of the partitions are those that botocore knows")
def _():
    for name, partition in KNOWN.items():
        region = PARTITIONS[name]
        outputs = partition["outputs"]
        check_equal(our_answers("ssm", [(region, False, False)]),
                    [f"https://ssm.{region}.{outputs['dnsSuffix']}/ {name}"], name)
        if outputs["supportsDualStack"]:
            check_equal(our_answers("ssm", [(region, False, True)]),
                        [f"https://ssm.{region}.{outputs['dualStackDnsSuffix']}/ {name}"], name)


run()
