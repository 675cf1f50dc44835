"""A fake AWS for one test of logins, an empty cache, and a configuration that points there."""

import os
import shutil

from fakeaws import FakeAWS
import helper
from tap import needs_root

TWO = "[env]\nDB_USER = DB_USER\nDB_PASS = /prod/db/password\n"
SECRET = "s3cret & \"quoted\"\nsecond line"
KEEP = FakeAWS(tls=True) if os.environ["SSMENV_STAGE"] else None


class Cloud:
    def __enter__(self):
        needs_root()
        shutil.rmtree(helper.CACHE, ignore_errors=True)
        self.aws = FakeAWS(state=str(KEEP._state))
        self.endpoint = self.aws.tls_endpoint_with("good")
        self.aws.put("DB_USER", "app")
        self.aws.put("/prod/db/password", SECRET)
        helper.write_credentials(self.aws.access_key_id, self.aws.secret_access_key)
        return self

    def __exit__(self, *_):
        self.aws.close()
        for report in (helper.STAGE / "log").iterdir():
            raise AssertionError(report.read_text())

    def configure(self, sections, cache="", region="us-east-2"):
        helper.configure(f"[aws]\nregion = {region}\nendpoint_url = {self.endpoint}\n"
                         f"ca_bundle = {KEEP.ca_file}\n[cache]\n{cache}\n{sections}")

    @property
    def call_count(self):
        return len(self.aws.calls)

    def names_since(self, call):
        """What was asked for from that call on."""
        return sorted(name for call in self.aws.calls[call:] for name in call.names)
