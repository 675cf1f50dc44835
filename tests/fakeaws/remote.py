"""A FakeAWS that runs in another process, with the methods and attributes of one in this."""

from __future__ import annotations

import functools
import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Optional

from .calls import Call
from .control import ATTRIBUTES, METHODS, MISTAKES

SERVE = Path(__file__).with_name("serve")
CALL_LISTS = ("calls", "calls_of", "wait_for_calls")


class RemoteFakeAWS:
    """Has the attributes of settings (endpoint, tls_endpoint, ca_file, access_key_id,
    secret_access_key, region, account), the ATTRIBUTES and the METHODS of control.py."""

    def __init__(self, endpoint: str, process: Optional[subprocess.Popen[str]] = None) -> None:
        self.endpoint = endpoint
        self._process = process
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.__dict__.update(self._control("settings"))

    @classmethod
    def start(cls, *arguments: str) -> RemoteFakeAWS:
        """Starts tests/fakeaws/serve with these arguments; close() or the end of `with` ends it."""
        process = subprocess.Popen(
            [str(SERVE), *arguments], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{SERVE} ended with {process.wait()}")
        return cls(json.loads(line)["endpoint"], process)

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def __enter__(self) -> RemoteFakeAWS:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name in METHODS:
            return functools.partial(self._control, name)
        if name in ATTRIBUTES:
            return self._control(name)
        raise AttributeError(name)

    def _control(self, name: str, *args: Any, **kwargs: Any) -> Any:
        body = json.dumps({"args": args, "kwargs": kwargs}).encode()
        request = urllib.request.Request(f"{self.endpoint}/_control/{name}", body)
        try:
            with self._opener.open(request) as response:
                result = json.load(response)["result"]
        except urllib.error.HTTPError as error:
            mistake = json.load(error)
            raise MISTAKES[mistake["error"]](mistake["message"]) from None
        if name in CALL_LISTS:
            return [Call(**record) for record in result]
        return result
