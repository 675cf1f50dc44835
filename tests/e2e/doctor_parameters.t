#!/usr/bin/python3 -B
"""ssmenv doctor and the parameters that a configuration names: which are there, for whom they are asked
for, and the commands that make what is missing."""

import os
import pathlib
import subprocess

from doctor import configure, doctor
from doctor_aws import ACCOUNT, PAIR, aws

from machine import CONFIG, CREDENTIALS  # noqa: E402
from tap import check_contains, check_equal, check_lacks, run, test  # noqa: E402

MAKES_IT = "this makes it, with the value that you then type:"


def making(kind, name, region="us-east-2"):
    return ('(stty -echo; IFS= read -r VALUE; stty echo; printf %s "$VALUE") | aws ssm put-parameter '
            f"--region {region} --type {kind} --name {name} --value file:///dev/stdin")


@test("for a parameter that is missing stands the command that makes it, with the right type")
def _():
    configure(aws(), "[env]\nA_HOST = /new/db/host\nB = /new/db/password\nC = NEW_USER\n"
                     "D = /new/list\nE = \"${D|lines}\"\n")
    report = doctor()
    cases = (("/new/db/host", "A_HOST", 7, "String"), ("/new/db/password", "B", 8, "SecureString"),
             ("NEW_USER", "C", 9, "String"), ("/new/list", "D", 10, "StringList"))
    for name, variable, line, kind in cases:
        missing = report.says(name, "bad", f"does not exist in us-east-2; {variable} at "
                                           f"{CONFIG}:{line} needs it")
        check_equal(missing.advice, [MAKES_IT, making(kind, name)])


@test("a parameter that is missing where something stands in is no fault")
def _():
    configure(aws(), "[env]\nA = /gone || \"x\"\nB = /gone2 || unset\nC = /gone3 || DB_USER\n"
                     "D = /gone4 || /gone5\n")
    report = doctor()
    for name in ("/gone", "/gone2", "/gone3"):
        report.says(name, "ok", "does not exist in us-east-2, and may be absent: another alternative "
                                "stands in")
    check_equal(report.statuses("/gone4", "/gone5"), ["bad", "bad"])


@test("a version, a secret and an ARN that are missing get advice of their own")
def _():
    arn = f"arn:aws:ssm:us-east-2:{ACCOUNT}:parameter/else/where"
    configure(aws(), f"[env]\nA = /prod/db/password:9\nB = secret:new/db\nC = {arn}\n"
                     "D = secret:prod/db?stage=NEXT\nE = secret:rds!db-1#password\n")
    report = doctor()
    check_equal(report.one("/prod/db/password:9").advice, [
        "this shows which versions and labels there are:",
        "aws ssm get-parameter-history --region us-east-2 --name /prod/db/password "
        "--query 'Parameters[].[Version,Labels]'"])
    check_equal(report.one("secret:new/db").advice[0], MAKES_IT)
    check_contains(report.one("secret:new/db").advice[1],
                   "aws secretsmanager create-secret --region us-east-2 --name new/db "
                   "--secret-string file:///dev/stdin")
    check_equal(report.one(arn).advice, ["an ARN names one parameter or secret of one account: check "
                                         "it, and whether that account shares it"])
    check_equal(report.one("secret:prod/db?stage=NEXT").advice,
                ["the secret, or this stage or version of it, is not there"])
    check_equal(report.one("secret:rds!db-1#/password").advice,
                ["a service of AWS makes and names this secret, as RDS does for the password of a "
                 "database: look there for its name"])


@test("secrets, members and imports that are there are found")
def _():
    configure(aws(), "[env]\nA = secret:prod/db#user\nAPP_* = /prod/app/*\nB = secret:prod/db#none\n")
    report = doctor()
    secret = report.one("secret:prod/db#/user")
    check_equal(secret.status, "ok")
    check_contains(secret.text, "found (secret, version ")
    check_contains(secret.text, ", with this member)")
    report.says("/prod/app/*", "ok", "1 found")
    check_equal(report.one("secret:prod/db#/none").status, "bad")
    check_equal(report.one("endpoint secretsmanager").status, "ok")


@test("a name that is denied is told with the action and the ARN that the policy lacks")
def _():
    configure(aws(), PAIR + "APP_* = /prod/app/**\nS = secret:prod/db\n")
    aws().set_policy([{"Effect": "Allow", "Action": "*",
                       "Resource": f"arn:aws:ssm:us-east-2:{ACCOUNT}:parameter/DB_USER"}])
    report = doctor()
    check_equal(report.one("DB_USER").status, "ok")
    for name, action, resource in (
            ("/prod/db/password", "ssm:GetParameters", "ssm:us-east-2:%s:parameter/prod/db/password"),
            ("/prod/app/**", "ssm:GetParametersByPath", "ssm:us-east-2:%s:parameter/prod/app"),
            ("secret:prod/db", "secretsmanager:GetSecretValue",
             "secretsmanager:us-east-2:%s:secret:prod/db-??????")):
        denied = report.one(name)
        check_equal(denied.status, "bad")
        check_contains(denied.text, f"{name}: denied: AccessDeniedException for ")
        check_equal(denied.advice, [f"the policy lacks {action} on arn:aws:{resource % ACCOUNT}"])
    aws().set_policy(None)


@test("a value whose KMS key is out of reach is told as that")
def _():
    configure(aws(), "[env]\nL = /prod/locked\n")
    aws().set_policy([{"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}])
    locked = doctor().one("/prod/locked")
    check_equal(locked.status, "bad")
    check_contains(locked.text, "denied by KMS: AccessDeniedException for ssm:GetParameter")
    check_equal(locked.advice, [
        "the policy, or the key's own, lacks kms:Decrypt on the key that encrypts it (or the key is "
        "disabled); this shows which key:",
        "aws ssm describe-parameters --region us-east-2 --query 'Parameters[].KeyId' --filters "
        "Key=Name,Values=/prod/locked"])
    aws().set_policy(None)


@test("AWS that is out of order is told once for all names that it was asked for")
def _():
    configure(aws(), PAIR, max_attempts=1)
    aws().fault("GetParameters", kind="throttle")
    report = doctor()
    check_contains(report.one("DB_USER and 1 more").text,
                   "ThrottlingException for ssm:GetParameters")
    aws().clear_faults()


# --- whom it is for ---

SECTIONS = PAIR + ("[env user=deploy service=sshd]\nD = /only/deploy\n"
                   "[env user=guest]\nG = /users/%u/token\n")


@test("the whole configuration is looked at, and what needs a user waits for one")
def _():
    configure(aws(), SECTIONS)
    report = doctor()
    check_equal(report.statuses("DB_USER", "/only/deploy"), ["ok", "bad"])
    report.says("/users/%u/token", "not tried",
                "not tried, because its name holds the user: say --user USER")


@test("--user and --service leave the sections that such a login gets")
def _():
    configure(aws(), SECTIONS)
    for arguments, present, absent in (
            (["--user", "guest"], "/users/guest/token", "/only/deploy"),
            (["--user", "deploy", "--service", "sshd"], "/only/deploy", "/users/deploy/token"),
            (["--user", "deploy", "--service", "cron"], "DB_USER", "/only/deploy")):
        report = doctor(*arguments)
        check_equal((len(report.of(present)), len(report.of(absent))), (1, 0), f"{arguments}")


@test("sections for a group are those of the user's groups")
def _():
    configure(aws(), "[env group=adm]\nA = /only/adm\n[env group=nogroup]\nN = /only/nogroup\n")
    report = doctor("--user", "nobody")
    check_equal((len(report.of("/only/adm")), len(report.of("/only/nogroup"))), (0, 1))


@test("groups that nobody tells within the time of a step are wrong, and hold up nothing")
def _():
    configure(aws(), PAIR + "[env group=adm]\nA = /only/adm\n")
    os.mkfifo("/mnt/silent")
    subprocess.run(["mount", "--bind", "/mnt/silent", "/etc/group"], check=True)
    try:
        report = doctor("--user", "nobody", "--timeout", "3s")
    finally:
        subprocess.run(["umount", "/etc/group"], check=True)
    check_equal(report.one("groups").text,
                "groups: the groups of nobody cannot be found out, and no section with group= "
                "counts (try: getent initgroups nobody): ssmenv-groups: no time left")
    check_equal((report.one("groups").status, len(report.of("/only/adm"))), ("bad", 0))
    check_equal(report.one("DB_USER").status, "ok")


@test("each identity that is used is examined, with its own region and keys")
def _():
    configure(aws(), "[env]\nDB_USER = DB_USER\n[aws central]\nregion = us-east-2\n"
                     f"endpoint_url = {aws().tls_endpoint}\nca_bundle = {aws().ca_file}\n"
                     "profile = central\n[env aws=central]\nC = /central/key\n"
                     "[aws unused]\nregion = eu-west-1\n")
    with open(CREDENTIALS, "a", encoding="utf-8") as file:
        file.write("[central]\naws_access_key_id = AKIACENTRAL\naws_secret_access_key = x\n")
    aws().add_key("AKIACENTRAL", "x")
    report = doctor()
    check_equal([(each.section, each.status) for each in report.of("credentials")],
                [("aws", "ok"), ("aws central", "ok")])
    check_contains(report.of("credentials")[1].text, "access key AKIACENTRAL of ")
    check_equal(report.one("/central/key").section, "aws central")
    check_lacks(report.stdout, "unused")


# --- the commands that are printed ---


def stub(folder, name, script):
    path = pathlib.Path(folder, name)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@test("the command that makes a parameter reads the value, and no argument list holds it")
def _():
    configure(aws(), "[env]\nY = /new/thing\n")
    line = doctor().one("/new/thing").advice[1]
    folder = pathlib.Path("/mnt/stub")
    folder.mkdir()
    stub(folder, "aws", f'printf "%s\\n" "$@" >{folder}/arguments; cat >{folder}/value')
    value = "va lue \\n 'q' \"d\" $HOME"
    subprocess.run(["sh", "-c", line], input=value + "\n", text=True, check=True,
                   stderr=subprocess.DEVNULL, env={"PATH": f"{folder}:/usr/bin:/bin"})
    check_equal((folder / "value").read_text(), value)
    check_equal((folder / "arguments").read_text().split("\n")[:-1],
                ["ssm", "put-parameter", "--region", "us-east-2", "--type", "SecureString",
                 "--name", "/new/thing", "--value", "file:///dev/stdin"])


run()
