"""IAM's grammar of identity policies, as far as a document can be judged without IAM.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import re

from tap import check, check_equal

ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z]+")
ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z0-9-]+|\*|):(\d{12}|\*|):.+")
SID = re.compile(r"[A-Za-z0-9]+")


def check_grammar(document):
    check_equal(set(document), {"Version", "Statement"}, "members")
    check_equal(document["Version"], "2012-10-17")
    statements = document["Statement"]
    check(isinstance(statements, list) and statements, "no statement")
    sids = [statement["Sid"] for statement in statements]
    check_equal(len(set(sids)), len(sids), "different Sids")
    for statement in statements:
        _check_statement(statement)


def _check_statement(statement):
    allowed = {"Sid", "Effect", "Action", "Resource"}
    check(allowed <= set(statement) <= allowed | {"Condition"}, f"members of {statement}")
    check(SID.fullmatch(statement["Sid"]), statement["Sid"])
    check_equal(statement["Effect"], "Allow")
    check(ACTION.fullmatch(statement["Action"]), statement["Action"])
    resources = statement["Resource"]
    for resource in [resources] if isinstance(resources, str) else resources:
        check(ARN.fullmatch(resource), f"no ARN: {resource}")
    check(resources, "no resource")
    for keys in statement.get("Condition", {"": {"": "x"}}).values():
        for values in keys.values():
            check(values, f"a condition without a value: {statement}")
