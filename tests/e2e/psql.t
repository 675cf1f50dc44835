#!/usr/bin/python3 -B
"""The point of it all: a login opens the database with the URL that it found in its environment."""

import functools
import shutil

from machine import attempt, enter

enter()

from instance import check_nothing_left, instance  # noqa: E402
from postgres import Postgres, programs  # noqa: E402
from tap import Skip, check, check_contains, check_equal, run, test  # noqa: E402

ROLE = "app@prod/owner"
PASSWORD = "p@ss:w/o#r?d %41&=+[\u00fc] 'q' \"d\" \\"

SECTION = """
[env]
DB_USER = /prod/db/user
DB_PASS = /prod/db/password
DB_HOST = /prod/db/host || "127.0.0.1"
DATABASE_URL = "postgresql://${DB_USER|uri}:${DB_PASS|uri}@${DB_HOST}:5432/postgres"
"""
QUERY = "psql \"$DATABASE_URL\" -At -c 'select current_user'"


@functools.cache
def server():
    if programs() is None or shutil.which("psql") is None:
        raise Skip("PostgreSQL is not installed")
    return Postgres(ROLE, PASSWORD)


def configure(password):
    server()
    instance().aws.put("/prod/db/user", ROLE)
    instance().aws.put("/prod/db/password", password)
    instance().configure(SECTION, tls=True)


def query(user="deploy"):
    return attempt(instance().sshd.client("ssh", f"{user}@stage", QUERY))


@test("psql \"$DATABASE_URL\" in an ssh session is let in as the role of the parameter")
def _():
    instance()
    configure(PASSWORD)
    done = query()
    check_equal((done.returncode, done.stdout.decode().strip()), (0, ROLE), f"psql: {done.stderr}")
    check_nothing_left()


@test("With another password in Parameter Store the server refuses")
def _():
    instance()
    configure(PASSWORD + "x")
    done = query()
    check(done.returncode != 0, f"psql was let in: {done.stdout!r}")
    check_contains(done.stderr, b"password authentication failed", "what psql says")


@test("After a rotation in Parameter Store the next login has the new password")
def _():
    instance()
    configure(PASSWORD)
    instance().configure("[cache]\nttl = 0\n" + SECTION, tls=True)
    instance().aws.put("/prod/db/password", "rotated away")
    check(query().returncode != 0, "the old password was still used")
    instance().aws.put("/prod/db/password", PASSWORD)
    check_equal(query().stdout.decode().strip(), ROLE, "role")


run()
