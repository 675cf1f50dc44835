#!/usr/bin/python3 -B
"""ssmenv doctor and the database: real servers of both kinds, servers of other kinds, and none."""

import functools
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading

from doctor import Filter, configure, doctor

from aws_clients import AWS  # noqa: E402
from fakeaws import FakeAWS  # noqa: E402
import mariadb  # noqa: E402
from name_server import NameServer  # noqa: E402
import postgres  # noqa: E402
from tap import Skip, check, check_equal, needs_root, run, test  # noqa: E402

GROUP, ADDRESS = "sg-0a1b2c3d4e5f60718", "10.0.1.5"
POSTGRES = "127.0.0.1:5432"
MARIADB = "127.0.0.1:3306"


@functools.cache
def aws():
    needs_root()
    fake = FakeAWS(tls=True)
    fake.put("/db/host", "127.0.0.1", type="String")
    return fake


def configure_database(host="127.0.0.1", port="5432", **settings):
    configure(aws(), f'[env]\nDB_HOST = "{host}"\n' + (f'DB_PORT = "{port}"\n' if port else ""),
              **settings)


def configure_url(url, rest=""):
    configure(aws(), f'[env]\n{rest}DATABASE_URL = "{url}"\n')


def check_database(status, text, where=POSTGRES, source="DB_HOST", report=None):
    """What the doctor says about the one database that there is; its check."""
    report = report or doctor()
    check_equal(report.code, 1 if status == "bad" else 0, "exit code")
    return report.says(f"database {where} ({source})", status, text)


# --- PostgreSQL ---


@functools.cache
def certificate():
    """Key and certificate of a server, as only its own account may read them."""
    needs_root()
    folder = pathlib.Path("/mnt/certificate")
    folder.mkdir(mode=0o755)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-keyout", "key", "-out", "certificate"], cwd=folder, check=True,
                   stderr=subprocess.DEVNULL)
    for name in ("key", "certificate"):
        shutil.chown(folder / name, postgres.ACCOUNT)
        (folder / name).chmod(0o600)
    return folder


@functools.cache
def postgres_server():
    needs_root()
    if postgres.programs() is None:
        raise Skip("PostgreSQL is not installed")
    return postgres.Postgres("app", "x")


EVERYBODY = "host all all 127.0.0.1/32 scram-sha-256\n"
TLS_ONLY = "hostssl all all 127.0.0.1/32 scram-sha-256\n"


def speak_tls():
    return (f"ssl = on\nssl_cert_file = '{certificate()}/certificate'\n"
            f"ssl_key_file = '{certificate()}/key'\n")


@test("PostgreSQL without TLS answers")
def _():
    postgres_server().reconfigure("", EVERYBODY)
    configure_database()
    check_database("ok", "PostgreSQL answers, TLS not offered (name N ms, connection N ms)")


@test("PostgreSQL without TLS is wrong where the URL requires it")
def _():
    postgres_server().reconfigure("", EVERYBODY)
    configure_url("postgresql://app:pw@127.0.0.1/app?connect_timeout=1&sslmode=verify-full")
    check_database("bad", "PostgreSQL answers, but has no TLS, which DATABASE_URL requires",
                   source="DATABASE_URL")


@test("PostgreSQL that offers TLS says so")
def _():
    postgres_server().reconfigure(speak_tls(), EVERYBODY)
    configure_database()
    check_database("ok", "PostgreSQL answers, TLS offered (name N ms, connection N ms)")


INSISTS = ("PostgreSQL answers, TLS required: it refuses a connection without TLS (or has no line for "
           "this host in its pg_hba.conf)")


@test("PostgreSQL that insists on TLS says so, and is wrong where the URL forbids TLS")
def _():
    postgres_server().reconfigure(speak_tls(), TLS_ONLY)
    configure_database()
    check_database("warning", INSISTS)
    configure_url("postgresql+psycopg2://app:pw@127.0.0.1/app?sslmode=disable")
    check_database("bad", INSISTS + ", and DATABASE_URL says sslmode=disable", source="DATABASE_URL")


@test("PostgreSQL that lets in whom it knows, without a password, does not insist on TLS")
def _():
    postgres_server().reconfigure(speak_tls(), "host all all 127.0.0.1/32 trust\n")
    configure_database()
    check_database("ok", "PostgreSQL answers, TLS offered (name N ms, connection N ms)")


@test("PostgreSQL that turns sessions away says with which SQLSTATE")
def _():
    fields = b"SFATAL\0VFATAL\0C53300\0Mtoo many clients\0RProcessStartupPacket\0\0"
    refusal = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields
    with Listener(b"S", refusal) as listener:
        configure_url(f"postgres://u:p@127.0.0.1:{listener.port}/d")
        check_database("warning", "PostgreSQL answers, TLS offered; it turns sessions away with "
                                  "SQLSTATE 53300 (appendix A of its manual)",
                       f"127.0.0.1:{listener.port}", "DATABASE_URL")


# --- MariaDB ---


class Mariadb:
    def __init__(self, *options):
        needs_root()
        if mariadb.program() is None:
            raise Skip("MariaDB is not installed")
        self.server = mariadb.MariaDB(*options)

    def __enter__(self):
        return self.server

    def __exit__(self, *_):
        self.server.stop()


@test("MariaDB answers with its version, with TLS and without")
def _():
    for options, tls in (((), "not offered"),
                         ((f"--ssl-cert={certificate()}/certificate",
                           f"--ssl-key={certificate()}/key"), "offered")):
        with Mariadb(*options) as server:
            configure_database(port="3306")
            said = f"MariaDB {server.version()} answers, TLS {tls} (name N ms, connection N ms)"
            check_database("ok", said, MARIADB)
            check_database("ok", said, MARIADB, "--db", doctor("--db", MARIADB))


@test("MariaDB at another port is known by its first words")
def _():
    with Mariadb("--port=4000") as server:
        check_database("ok", f"MariaDB {server.version()} answers, TLS not offered (name N ms, "
                             "connection N ms)", "127.0.0.1:4000", "--db",
                       doctor("--db", "127.0.0.1:4000"))


# --- nobody, or somebody else ---


class Listener:
    """Says this to the first client, the last of it to all others, and hears nothing."""

    def __init__(self, *words, port=0):
        needs_root()
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port, self.words, self.kept = self.socket.getsockname()[1], list(words), []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            client.sendall(self.words.pop(0) if len(self.words) > 1 else self.words[0])
            self.kept.append(client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        for each in (self.socket, *self.kept):
            each.close()


@test("a name that does not resolve is told as that")
def _():
    needs_root()
    with NameServer("/mnt"):
        configure_database("db.nowhere.example")
        found = check_database("bad", "the name db.nowhere.example does not resolve",
                               "db.nowhere.example:5432")
    check_equal(found.advice, ["check its spelling, and whether this VPC has DNS resolution and DNS "
                               "hostnames switched on"])


@test("a name server that does not answer is told as that, within the time of the step")
def _():
    needs_root()
    with NameServer("/mnt", silent=True):
        configure_database("db.nowhere.example")
        check_database("bad", "the name server does not answer for db.nowhere.example",
                       "db.nowhere.example:5432", report=doctor("--timeout", "500ms"))


@test("a port that nothing listens at refuses, which no security group does")
def _():
    configure_database(port="5499")
    found = check_database("bad", "refused: nothing listens there (127.0.0.1 says so)",
                           "127.0.0.1:5499")
    check_equal(found.advice, ["check the port and whether the database runs; security groups never "
                               "refuse, they say nothing"])


@test("a network that there is no way to is told as that")
def _():
    configure_database("192.0.2.1")
    check_database("bad", "there is no route to 192.0.2.1", "192.0.2.1:5432")


CHECK = ": check host and port"


@test("something else that answers, or listens and is silent, is no database")
def _():
    for port, words, text in (
            (5433, b"SSH-2.0-x\r\n", "something answers that does not speak PostgreSQL" + CHECK),
            (3306, b"HTTP/1.1 400 Bad Request\r\n\r\n",
             "something answers that does not speak MySQL" + CHECK),
            (7777, b"hello\r\n",
             "something answers that does not speak PostgreSQL or MySQL" + CHECK),
            (5433, b"", "something listens, but is silent: no PostgreSQL, or one that is stuck"),
            (3306, b"", "something listens, but is silent: no MySQL, or one that is stuck (MySQL "
                        "without skip_name_resolve waits for its own name server)")):
        with Listener(words, port=port):
            configure_url(f"{'mysql' if port == 3306 else 'postgresql'}://u:p@127.0.0.1:{port}/d")
            arguments = ("--timeout", "2s", *(("--db", f"127.0.0.1:{port}") if port == 7777 else ()))
            check_database("bad", text, f"127.0.0.1:{port}",
                           "--db" if port == 7777 else "DATABASE_URL", doctor(*arguments))


@test("MySQL that turns the host away says why")
def _():
    error = b"\xff\x6a\x04Host '10.0.1.5' is not allowed to connect to this MySQL server"
    with Listener(len(error).to_bytes(3, "little") + b"\0" + error) as listener:
        configure_url(f"mysql://u:p@127.0.0.1:{listener.port}/d")
        check_database("bad", "MySQL or MariaDB answers, but turns this host away with error 1130: no "
                              "account may come from it", f"127.0.0.1:{listener.port}", "DATABASE_URL")


# --- where variables lead ---


@test("a host of a parameter is known also where the password of its section is missing")
def _():
    configure(aws(), "[env]\nDB_PASS = /db/none\nDB_HOST = /db/host\nDB_PORT = \"5499\"\n"
                     "DATABASE_URL = \"mysql://u:${DB_PASS|uri}@${DB_HOST}:5499/x\"\n")
    report = doctor()
    check_equal(report.one("/db/none").status, "bad")
    found = [each for each in report.checks if each.text.startswith("database ")]
    check_equal(len(found), 1, f"databases {found}")
    check("127.0.0.1:5499" in found[0].text, found[0].text)


@test("a host that is not known is not tried")
def _():
    configure(aws(), "[env]\nDB_HOST = /db/none\nDB_PORT = \"5432\"\n")
    doctor().says("database", "not tried", "not tried, because DB_HOST is not known: see above")


@test("a host without a port is not tried, and the command is told that gives one")
def _():
    configure_database(port=None)
    doctor().says("database", "not tried", "not tried, because no DB_PORT goes with DB_HOST: say --db "
                                           "127.0.0.1:PORT")


@test("what cannot be a host is not printed")
def _():
    for value in ("pass word", "postgresql://u:1/2@h/d"):
        configure(aws(), f'[env]\nDB_HOST = "{value}"\nDATABASE_URL = "postgresql://u:9/x@{value}/d"\n')
        report = doctor()
        check("pass word" not in report.stdout and "u:9" not in report.stdout and
              "u:1" not in report.stdout, report.stdout)


@test("host and port of libpq's own variables are known, too, and the port that it assumes")
def _():
    for port, expected in (('PGPORT = "5499"\n', "5499"), ("", "5432")):
        configure(aws(), f'[env]\nPGHOST = "localhost"\n{port}')
        report = doctor()
        check(f"database localhost:{expected} (PGHOST): " in report.stdout, report.stdout)


@test("--db is tried also where the configuration cannot be used")
def _():
    configure(aws(), "[env]\nA =\n")
    report = doctor("--db", "127.0.0.1:5499")
    check_equal(report.one("database 127.0.0.1:5499 (--db)").status, "bad")


@test("sections for some logins only have their own databases")
def _():
    configure(aws(), '[env]\nDB_HOST = "127.0.0.1"\nDB_PORT = "5499"\n'
                     '[env user=deploy]\nDB_HOST = "localhost"\n[env user=guest]\nDB_PORT = "5497"\n')
    everybody, deploy, guest = "127.0.0.1:5499", "localhost:5499", "127.0.0.1:5497"
    for arguments, expected in (((), [everybody, deploy, guest]),
                                (("--user", "guest"), [everybody, guest])):
        found = re.findall(r"database (\S+:\d+) ", doctor(*arguments).stdout)
        check_equal(sorted(found), sorted(expected), f"databases with {arguments}")


# --- the rule that is lacking ---


def blocked(host="127.0.0.1", port=5432, **settings):
    """The report about a database that the filter keeps away."""
    if shutil.which("nft") is None:
        raise Skip("nftables is not installed")
    configure_database(host, str(port), **settings)
    with Filter(port):
        return doctor("--timeout", "2s")


def no_answer(report, where):
    return check_database("bad", "no answer from 127.0.0.1: most likely the database's security group "
                                 "does not let this instance in (else a network ACL or the route)",
                          where, report=report)


@test("a database that does not answer gets the rule, first for the group, then for the address")
def _():
    needs_root()
    name = "prod.c1xample.eu-west-1.rds.amazonaws.com"
    with aws().metadata() as metadata, NameServer("/mnt", {name}):
        found = no_answer(blocked(name, ec2_metadata_service_endpoint=metadata.url), f"{name}:5432")
    check_equal(found.advice, [
        "in the console: RDS, Databases, the database, Connectivity & security, its VPC security "
        "group, Inbound rules, Edit inbound rules, Add rule:",
        f"  Type PostgreSQL, Port range 5432, Source Custom {GROUP}, Description pam_ssmenv hosts",
        "  (this instance has 1 more group; one rule for any of them will do)",
        "or, for this one instance in the place of all that share its group:",
        f"  Type PostgreSQL, Port range 5432, Source Custom {ADDRESS}/32, Description pam_ssmenv hosts",
        "the same on a command line; first, which group is the database's:",
        "  DB_GROUP=$(aws rds describe-db-instances --region eu-west-1 --output text --query "
        f"\"DBInstances[?Endpoint.Address=='{name}'].VpcSecurityGroups[0].VpcSecurityGroupId\")",
        "  aws ec2 authorize-security-group-ingress --region eu-west-1 --group-id \"$DB_GROUP\" "
        "--ip-permissions 'IpProtocol=tcp,FromPort=5432,ToPort=5432,UserIdGroupPairs="
        f"[{{GroupId={GROUP},Description=pam_ssmenv hosts}}]'",
        "or, for the address:",
        "  aws ec2 authorize-security-group-ingress --region eu-west-1 --group-id \"$DB_GROUP\" "
        "--ip-permissions 'IpProtocol=tcp,FromPort=5432,ToPort=5432,IpRanges="
        f"[{{CidrIp={ADDRESS}/32,Description=pam_ssmenv hosts}}]'"])


@test("for MySQL the rule has MySQL's type, and a region of the configuration")
def _():
    with aws().metadata() as metadata:
        found = no_answer(blocked(port=3306, ec2_metadata_service_endpoint=metadata.url), MARIADB)
    check_equal(found.advice[1], f"  Type MYSQL/Aurora, Port range 3306, Source Custom {GROUP}, "
                                 "Description pam_ssmenv hosts")
    check("--region us-east-2 --group-id" in found.advice[7], found.advice[7])


@test("where the instance cannot be asked about itself the rule has gaps, and the reason is told")
def _():
    found = no_answer(blocked(), POSTGRES)
    check_equal(found.advice[1], "  Type PostgreSQL, Port range 5432, Source Custom (this instance's "
                                 "group), Description pam_ssmenv hosts")
    check("GroupId=THIS_INSTANCES_GROUP," in found.advice[6], found.advice[6])
    check(found.advice[-1].startswith("(this instance's group and address could not be asked: the "
                                      "metadata service at http://127.0.0.1:9"), found.advice[-1])


class Recorder:
    """A server that takes every call of an AWS client and answers nothing useful."""

    def __init__(self):
        import http.server

        self.bodies = bodies = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(400)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def run(self, line):
        """The line as a shell runs it, with AWS's own client that is led here; what it sends."""
        folder = pathlib.Path("/mnt/stub")
        folder.mkdir(exist_ok=True)
        (folder / "aws").write_text(f'#!/bin/sh\nexec {AWS} --endpoint-url '
                                    f'http://127.0.0.1:{self.server.server_port} "$@"\n')
        (folder / "aws").chmod(0o755)
        self.bodies.clear()
        subprocess.run(["sh", "-c", line], input="typed value\n", text=True, check=False,
                       capture_output=True, timeout=60,
                       env={"PATH": f"{folder}:/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "x",
                            "AWS_SECRET_ACCESS_KEY": "x", "DB_GROUP": "sg-0000000000000000d",
                            "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"})
        return self.bodies

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@test("AWS's own client understands the commands that are printed")
def _():
    needs_root()
    if not os.path.exists(AWS):
        raise Skip("the aws command line is not installed")
    with aws().metadata() as metadata:
        lines = [line.strip() for line in
                 no_answer(blocked(ec2_metadata_service_endpoint=metadata.url), POSTGRES).advice
                 if " aws ec2 " in line]
    configure(aws(), "[env]\nX = /new/thing\n")
    make = doctor().one("/new/thing").advice[1]
    with Recorder() as recorder:
        for line, wanted in zip(lines, (f"Groups.1.GroupId={GROUP}",
                                        f"IpRanges.1.CidrIp={ADDRESS}%2F32")):
            (body,) = recorder.run(line)
            for part in ("Action=AuthorizeSecurityGroupIngress", "GroupId=sg-0000000000000000d",
                         "IpPermissions.1.FromPort=5432", "IpPermissions.1.IpProtocol=tcp",
                         "IpPermissions.1." + wanted, "Description=pam_ssmenv+hosts"):
                check(part in body, f"{part} in {body}")
        (body,) = recorder.run(make)
        check_equal(json.loads(body), {"Name": "/new/thing", "Type": "SecureString",
                                       "Value": "typed value"})


run()
