"""An instance on EC2 as the tests want it: a machine with sshd, three users and an AWS beside it.

deploy is in the group dba, oncall in the group oncall, guest in none.
"""

import functools
import os
import re
import traceback

from machine import Machine
from ssh_server import SshServer
import tap

from fakeaws import FakeAWS

# What a password may look like: every byte of it has to arrive.
USER_VALUE = "o'brien"
PASSWORD = "line one\n\t\"two\" $HOME `id` \\n %s #! \u00fcn\u00efc\u00f8d\u00e9 \U0001f511 = & ;\n"

PAIR = """
[env]
DB_USER = DB_USER
DB_PASS = /prod/db/password
"""

LOG_LINE = re.compile(r"\S+ pam_ssmenv\((?P<service>[^:]+):session\): "
                      r"user (?P<user>\S+), service (?P=service): (?P<rest>.*)")
DELIVERED = re.compile(r"(?P<count>\d+) variables? set "
                       r"\((?:(?P<source>cache|fetched|stale), )?(?:\d+ s old, )?\d+ ms\)")


class Instance:
    def __init__(self):
        self.machine = Machine()
        self.log = self.machine.log
        self.sshd = SshServer(self.machine)
        for uid, (user, groups) in enumerate((("deploy", ["dba"]), ("guest", []),
                                              ("oncall", ["oncall"])), 2001):
            self.sshd.admit(self.machine.add_user(user, uid, groups))
        self.aws = FakeAWS(tls=True)
        self.aws.put("DB_USER", USER_VALUE)
        self.aws.put("/prod/db/password", PASSWORD)

    def configure(self, text, tls=False):
        """This configuration, no values in the cache, no calls made, AWS in good health."""
        self.machine.configure(text, self.aws, tls)
        self.aws.clear_faults()
        self.aws.clear_calls()

    def logged(self, position):
        """What pam_ssmenv said since position: (severity, service, user, rest of the line)."""
        lines = self.log.since(position, "pam_ssmenv(")
        matches = [(severity, LOG_LINE.fullmatch(text)) for severity, text in lines]
        if not all(match for _, match in matches):
            raise AssertionError(f"a line of an unknown form: {lines!r}")
        return [(severity, match["service"], match["user"], match["rest"])
                for severity, match in matches]

    def only_line(self, position):
        """The same, where a login has to leave exactly one line."""
        lines = self.logged(position)
        if len(lines) != 1:
            raise AssertionError(f"one line of pam_ssmenv expected: {lines!r}")
        return lines[0]


@functools.cache
def instance():
    """The one Instance of this script; the test is skipped where there is no stage."""
    tap.needs_root()
    try:
        return Instance()
    except Exception as error:  # no test can run, and the first reason is the only one
        traceback.print_exc()
        print(f"Bail out! the stage could not be furnished: {error}", flush=True)
        os._exit(1)


def check_nothing_left():
    tap.check_equal(instance().machine.leftovers(), [], "processes left by a login")
