#!/usr/bin/python3
"""ssmenv-fetch against two peers: the fake, and moto with its IAM checks on, where that is there.
What holds for both is no habit of one server."""

import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True
TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "interop")]

if os.geteuid() == 0 and "SSMENV_STAGE" not in os.environ:
    os.execv(str(TESTS / "stage"), [str(TESTS / "stage"), "sanitized", *sys.orig_argv[1:]])

from moto_server import MotoServer, python_with_moto  # noqa: E402
from peer_cases import CASES, FakePeer  # noqa: E402
from tap import Skip, run, test  # noqa: E402

moto = None


def moto_server():
    """One server for all tests: it takes seconds to start."""
    global moto
    if moto is None:
        python = python_with_moto()
        if python is None:
            raise Skip("moto's server cannot be imported (pip install 'moto[server]')")
        moto = MotoServer(python)
    moto.reset()
    return moto


for name, function, moto_differs in CASES:

    @test(f"the fake: {name}")
    def against_fake(function=function):
        with FakePeer() as peer:
            function(peer)

    @test(f"moto: {name}")
    def against_moto(function=function, moto_differs=moto_differs):
        if moto_differs:
            raise Skip(f"moto is not as AWS here: {moto_differs}")
        function(moto_server())


try:
    run()
finally:
    if moto is not None:
        moto.close()
