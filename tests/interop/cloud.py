"""A fake AWS for one test of providers, and fetchers that have no key but what a provider gives."""

import os
import tempfile

from fakeaws import FakeAWS
from fetcher import FAILED, FOUND, Fetcher, parameter
from tap import check_equal

ACCOUNT = 979  # of _ssmenv, as tests/stage makes it
FOLDER = tempfile.mkdtemp(prefix="providers-", dir=os.environ.get("SSMENV_STAGE") or None)
os.chmod(FOLDER, 0o755)
_keep = []  # one set of certificates for all tests


def write_file(text, mode=0o640):
    """A file that ssmenv-fetch trusts."""
    descriptor, path = tempfile.mkstemp(dir=FOLDER)
    os.write(descriptor, text.encode())
    os.close(descriptor)
    if os.environ.get("SSMENV_STAGE"):
        os.chown(path, 0, ACCOUNT)
    os.chmod(path, mode)
    return path


def keys(cloud, profile="default", **more):
    """A credentials file's profile with the administrator's keys."""
    lines = {"aws_access_key_id": cloud.aws.access_key_id,
             "aws_secret_access_key": cloud.aws.secret_access_key, **more}
    return f"[{profile}]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


class Cloud:
    """With one parameter, /p, and no key that anybody knows but the administrator's."""

    def __init__(self, tls=False):
        if not _keep:
            _keep.append(FakeAWS(tls=True))
        self.aws = FakeAWS(state=str(_keep[0]._state))
        self.aws.put("/p", "s3cret")
        self.metadata, self.container = self.aws.metadata, self.aws.container
        self.where = ({"endpoint_url": self.aws.tls_endpoint_with("good"),
                       "ca_bundle": _keep[0].ca_file} if tls else
                      {"endpoint_url": self.aws.endpoint})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.aws.close()

    def fetcher(self, metadata=None, **settings):
        """Nothing is in its files, unless settings name others. None leaves a setting out."""
        local = metadata.url if metadata else "http://127.0.0.1:9"
        all_settings = {"region": self.aws.region, **self.where,
                        "credentials_file": f"{FOLDER}/no/credentials",
                        "config_file": f"{FOLDER}/no/config",
                        "ec2_metadata_service_endpoint": local, **settings}
        return Fetcher(**{key: value for key, value in all_settings.items() if value is not None})

    def value(self, fetcher):
        result = fetcher.ask(parameter("/p"))
        check_equal((result.states, result.errors), ([FOUND], [""]))
        return result.answers[0].value

    def failure(self, fetcher, **how):
        result = fetcher.ask(parameter("/p"), **how)
        check_equal(result.states, [FAILED])
        return result.errors[0]

    @property
    def key_ids(self):
        return [call.key_id for call in self.aws.calls]
