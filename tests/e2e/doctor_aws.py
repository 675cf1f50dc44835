"""The AWS of the doctor's tests, with the parameters of an application."""

import functools

from doctor import SECRET  # puts the other folders on the path

from fakeaws import FakeAWS  # noqa: E402
from tap import needs_root  # noqa: E402

ACCOUNT = "111122223333"
PAIR = "[env]\nDB_USER = DB_USER\nDB_PASS = /prod/db/password\n"


@functools.cache
def aws():
    needs_root()
    fake = FakeAWS(tls=True)
    fake.put("DB_USER", SECRET, type="String")
    fake.put("/prod/db/password", "old")
    fake.put("/prod/db/password", SECRET)
    fake.put("/prod/app/level", SECRET)
    fake.put("/prod/locked", SECRET, key_id="alias/app")
    fake.put_secret("prod/db", '{"user": "%s"}' % SECRET)
    return fake


def host():
    return aws().tls_endpoint.removeprefix("https://")
