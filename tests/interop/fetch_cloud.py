"""A fake AWS for one test of the real ssmenv-fetch, and fetchers that talk to it. On the stage only."""

import os
import shutil
import tempfile

from fakeaws import FakeAWS
from fetch_cases import put_all
from fetcher import FAILED, Fetcher, parameter
from tap import check, check_equal, run, test

FOLDER = tempfile.mkdtemp(prefix="fetch-", dir=os.environ["SSMENV_STAGE"] or None)
os.chmod(FOLDER, 0o755)
KEEP = FakeAWS(tls=True)  # one set of certificates for all tests


class Cloud:
    """A fake of its own for one test."""

    def __init__(self, endpoint="http"):
        self.aws = FakeAWS(state=str(KEEP._state))
        self.tls = endpoint == "tls"
        self.region = self.aws.region
        self.access_key_id = self.aws.access_key_id
        self.put, self.label, self.put_secret = self.aws.put, self.aws.label, self.aws.put_secret

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.aws.close()

    def settings(self):
        where = ({"endpoint_url": self.aws.tls_endpoint_with("good"), "ca_bundle": KEEP.ca_file}
                 if self.tls else {"endpoint_url": self.aws.endpoint})
        return {"region": self.region, **where}

    def fetcher_with(self, access_key_id, secret, session_token=None):
        return Fetcher(**self.settings(),
                       credentials_file=credentials(access_key_id, secret, session_token))

    def fetcher(self, policy=None):
        self.aws.set_policy(policy)
        return self.fetcher_with(self.aws.access_key_id, self.aws.secret_access_key)

    def operations(self):
        return [call.operation for call in self.aws.calls]


def credentials(access_key_id, secret, session_token=None):
    descriptor, path = tempfile.mkstemp(dir=FOLDER)
    token = f"aws_session_token = {session_token}\n" if session_token else ""
    os.write(descriptor, f"[default]\naws_access_key_id = {access_key_id}\n"
                         f"aws_secret_access_key = {secret}\n{token}".encode())
    os.close(descriptor)
    if os.environ["SSMENV_STAGE"]:
        os.chown(path, 0, 979)
        os.chmod(path, 0o640)
    return path


def cloud_test(name, endpoint="http"):
    def register(function):
        def run_it():
            with Cloud(endpoint) as cloud:
                function(cloud)

        return test(name)(run_it)

    return register


def run_clouds():
    """Runs the tests and removes what they shared."""
    try:
        run()
    finally:
        KEEP.close()
        shutil.rmtree(FOLDER)


def names(count, prefix="/n"):
    return [f"{prefix}/{number:03}" for number in range(count)]


def values_of(count, prefix="/n"):
    return {name: f"value of {name}" for name in names(count, prefix)}


def fetch_all(cloud, values, **how):
    put_all(cloud, values)
    result = cloud.fetcher().ask(*map(parameter, values), **how)
    check_equal([answer.value for answer in result.answers], list(values.values()))
    return result


def failure_of(cloud, *lookups, **how):
    """The one error text of lookups that all fail."""
    result = cloud.fetcher().ask(*(lookups or [parameter("/p")]), **how)
    check_equal(set(result.states), {FAILED}, "states")
    check_equal(len(set(result.errors)), 1, "number of error texts")
    return result.errors[0]


def patience(fetcher):
    """Milliseconds in which the fetcher has begun to ask, also on a busy machine, and what it took
    to start and end without asking anything, in seconds."""
    begun = fetcher.ask().seconds
    return 1500 + int(3000 * begun), begun


def late_failure(cloud, *lookups, **settings):
    """An answer that comes although AWS's does not, by the deadline that was given."""
    fetcher = cloud.fetcher().with_settings(**settings)
    milliseconds, begun = patience(fetcher)
    result = fetcher.ask(*(lookups or [parameter("/p")]), milliseconds=milliseconds)
    check_equal(set(result.states), {FAILED})
    most = milliseconds / 1000 + begun + 1  # a busy machine starts it later the second time
    check(result.seconds < most, f"{result.seconds:.2f} s, {begun:.2f} to start")
    return result.errors[0]
