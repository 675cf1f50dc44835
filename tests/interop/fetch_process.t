#!/usr/bin/python3
"""The real ssmenv-fetch as a process: whom it trusts, how it finds its peer, what it cannot do."""

import ctypes
import os
import select
import signal
import socket
import struct
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from fakeaws import FakeAWS  # noqa: E402
from fetch_cases import allow, put_all  # noqa: E402
from fetch_cloud import (FOLDER, KEEP, Cloud, cloud_test, credentials, fetch_all,  # noqa: E402
                         late_failure, names, run_clouds, values_of)
from fetcher import (FAILED, FOUND, Fetcher, Lookup, children, encode_request, frame,  # noqa: E402
                     parameter)
from name_server import NameServer  # noqa: E402
from tap import Skip, check, check_contains, check_equal, check_lacks, needs_root, test  # noqa: E402

# --- TLS, names, connections ----------------------------------------------------------------------

@test("a certificate that is not right is refused before anything is sent")
def _():
    for kind in ("untrusted", "wrong_name", "expired", "tls1.1"):
        with Cloud() as cloud:
            fetcher = cloud.fetcher().with_settings(
                endpoint_url=cloud.aws.tls_endpoint_with(kind), ca_bundle=KEEP.ca_file)
            result = fetcher.ask(*map(parameter, names(30)))
            check_equal(set(result.states), {FAILED})
            check_equal(len(set(result.errors)), 1)
            check_equal(cloud.aws.calls, [])


@cloud_test("TLS 1.1 is refused also where OpenSSL's configuration allows it")
def _(cloud):
    path = f"{FOLDER}/openssl.cnf"
    with open(path, "w") as file:
        file.write("openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = lax\n"
                   "[lax]\nMinProtocol = TLSv1\nCipherString = DEFAULT:@SECLEVEL=0\n")
    fetcher = cloud.fetcher().with_settings(
        endpoint_url=cloud.aws.tls_endpoint_with("tls1.1"), ca_bundle=KEEP.ca_file)
    result = fetcher.ask(parameter("/a"), environment={"PATH": "/usr/bin", "OPENSSL_CONF": path})
    check_contains(result.errors[0], "TLS 1.2 or newer")


@cloud_test("a good certificate of a CA that is not named is refused", "tls")
def _(cloud):
    result = cloud.fetcher().with_settings(ca_bundle=None).ask(parameter("/a"))
    check_contains(result.errors[0], "name its CA with ca_bundle")
    check_equal(cloud.aws.calls, [])


@cloud_test("a ca_bundle that is no certificate is named")
def _(cloud):
    path = f"{FOLDER}/garbage.pem"
    with open(path, "w") as bundle:
        bundle.write("garbage\n")
    result = cloud.fetcher().with_settings(endpoint_url=KEEP.tls_endpoint, ca_bundle=path).ask(
        parameter("/a"))
    check_contains(result.errors[0], "check ca_bundle")


@cloud_test("nobody at the endpoint's port is named")
def _(cloud):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    result = cloud.fetcher().with_settings(endpoint_url=f"http://127.0.0.1:{port}").ask(
        *map(parameter, names(100)))
    check_equal(len(set(result.errors)), 1)
    check_contains(result.errors[0], f"no connection to 127.0.0.1:{port}")


@cloud_test("an endpoint without TLS that is not on this machine is not asked")
def _(cloud):
    for url in ("http://10.0.0.1:1", "http://example.invalid"):
        result = cloud.fetcher().with_settings(endpoint_url=url).ask(parameter("/a"))
        check_equal(result.states, [FAILED])
        check_contains(result.errors[0], "http")


@cloud_test("proxies and other variables of the environment change nothing")
def _(cloud):
    cloud.put("/a", "x")
    environment = {"PATH": "/usr/bin", **{name: "http://127.0.0.1:1" for name in
                   ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY",
                    "all_proxy", "AWS_ENDPOINT_URL")}, "AWS_ACCESS_KEY_ID": "AKIAOTHER",
                   "AWS_SECRET_ACCESS_KEY": "other", "AWS_REGION": "eu-west-1", "HOME": FOLDER}
    check_equal(cloud.fetcher().ask(parameter("/a"), environment=environment).answers[0].value, "x")


# --- names, in a network of our own ---------------------------------------------------------------

@test("the default endpoint is resolved through DNS and reached with TLS on port 443")
def _():
    host = "ssm.us-east-2.amazonaws.com"
    with NameServer(FOLDER, {host}), FakeAWS(tls=True, names=[host], tls_port=443) as aws:
        os.chmod(aws.ca_file, 0o644)
        aws.put("/a", "x")
        fetcher = Fetcher(region="us-east-2", ca_bundle=aws.ca_file,
                          credentials_file=credentials(aws.access_key_id, aws.secret_access_key))
        check_equal(fetcher.ask(parameter("/a")).answers[0].value, "x")
        check(aws.calls[0].tls, "not over TLS")


@cloud_test("an ARN's region picks the endpoint, and a name that is not there is named")
def _(cloud):
    with NameServer(FOLDER) as server:
        fetcher = cloud.fetcher().with_settings(endpoint_url=None)
        result = fetcher.ask(parameter("arn:aws:ssm:eu-west-1:111122223333:parameter/a"),
                             parameter("/a"))
        check_contains(result.errors[0],
                       "the name ssm.eu-west-1.amazonaws.com cannot be resolved")
        check_contains(result.errors[1],
                       "the name ssm.us-east-2.amazonaws.com cannot be resolved")
        check_equal(set(server.asked),
                    {"ssm.eu-west-1.amazonaws.com", "ssm.us-east-2.amazonaws.com"})


@cloud_test("many calls resolve their host once")
def _(cloud):
    with NameServer(FOLDER, {"fake.example"}) as server, FakeAWS(
            tls=True, names=["fake.example"], tls_port=443) as aws:
        put_all(aws, values_of(100))
        fetcher = cloud.fetcher().with_settings(endpoint_url="https://fake.example",
                                                ca_bundle=aws.ca_file)
        counts = []
        while len(counts) < 5 and 2 not in counts:  # A and AAAA; a busy machine may be too late
            server.asked.clear()
            check_equal(set(fetcher.ask(*map(parameter, names(100))).states), {FOUND})
            counts.append(len(server.asked))
        check(2 in counts, f"{counts} questions")


@cloud_test("a name server that is silent does not hold the answer back")
def _(cloud):
    with NameServer(FOLDER, silent=True):
        error = late_failure(cloud, endpoint_url="https://fake.example")
        check_contains(error, "time ended while resolving the name fake.example")


# --- the process ----------------------------------------------------------------------------------

def held(cloud):
    """A process that waits for AWS, with everything that it will ever have in memory."""
    cloud.put("/p", "the secret value")
    cloud.aws.fault(kind="hold")
    process = cloud.fetcher().begin(parameter("/p"))
    cloud.aws.wait_for_calls(1, "GetParameters")
    return process


def proc(process, name):
    with open(f"/proc/{process.pid}/{name}", "rb") as file:
        return file.read()


@cloud_test("no secret is in the arguments, the environment or on stderr")
def _(cloud):
    process = held(cloud)
    seen = proc(process, "cmdline")
    if os.geteuid() == 0:  # not dumpable: its own user cannot look
        seen += proc(process, "environ")
    cloud.aws.release()
    result = Fetcher().finish(process)  # checks that stderr is empty
    check_equal(result.answers[0].value, "the secret value")
    for secret in (cloud.aws.secret_access_key, cloud.aws.access_key_id, "the secret value"):
        check_lacks(seen.decode(errors="replace"), secret)


@test("no error and no warning holds a secret")
def _():
    for kind in ("throttle", "access_denied", "kms_denied", "invalid_signature", "garbage", "body",
                 "unrecognized_client", "truncated", "huge"):
        with Cloud() as cloud:
            cloud.put("/p", "the secret value")
            cloud.aws.fault(kind=kind, message="MESSAGE", body="MESSAGE")
            result = cloud.fetcher().ask(parameter("/p"), parameter("/p", "/member"), children("/"))
            for text in result.errors + result.warnings:
                for secret in (cloud.aws.secret_access_key, "the secret value", "MESSAGE",
                               "not authorized"):
                    check_lacks(text, secret)


@cloud_test("the sandbox is closed before the network is touched")
def _(cloud):
    process = held(cloud)
    status = dict(line.split(":\t", 1) for line in
                  proc(process, "status").decode().splitlines() if ":\t" in line)
    limits = proc(process, "limits").decode()
    owner = os.stat(f"/proc/{process.pid}/mem").st_uid
    descriptors = os.listdir(f"/proc/{process.pid}/fd") if os.geteuid() == 0 else ["0", "1", "2"]
    cloud.aws.release()
    Fetcher().finish(process)
    check_equal((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
    check_equal(status["CapEff"].strip("0"), "", "capabilities")
    for line in limits.splitlines():
        if line.startswith(("Max core file size", "Max file size")):
            check_equal(line.split()[-3:-1], ["0", "0"], line)
    check_equal(owner, 0, "owner of its memory, root where it is not dumpable")
    check(len(descriptors) < 16, f"descriptors: {descriptors}")


# Numbers of landlock_create_ruleset, prctl and seccomp.
CALLS = {"x86_64": (444, 157, 317), "aarch64": (444, 167, 277)}


def older_kernel(seccomp):
    """Makes the calling process and what it runs find a kernel without Landlock, and without
    seccomp (filters) unless told otherwise."""
    landlock_call, prctl_call, seccomp_call = CALLS[os.uname().machine]
    load, equal, give = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
    allow, not_supported, invalid = 0x7fff0000, 0x00050000 | 95, 0x00050000 | 22
    set_seccomp, no_new_privs, filter_mode = 22, 38, 2
    program = [(load, 0, 0, 0), (equal, 0, 1, landlock_call), (give, 0, 0, not_supported)]
    if not seccomp:
        program += [(equal, 0, 1, seccomp_call), (give, 0, 0, invalid),
                    (equal, 0, 3, prctl_call), (load, 0, 0, 16), (equal, 0, 1, set_seccomp),
                    (give, 0, 0, invalid)]
    program += [(give, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if (libc.prctl(no_new_privs, 1, 0, 0, 0) or
            libc.prctl(set_seccomp, filter_mode, ctypes.create_string_buffer(header), 0, 0)):
        os._exit(99)


@cloud_test("a kernel with less to offer is used as far as it goes, one with nothing is named")
def _(cloud):
    if os.uname().machine not in CALLS:
        raise Skip(f"the numbers of system calls of {os.uname().machine} are not known")
    cloud.put("/p", "x")
    for seccomp in (True, False):
        result = cloud.fetcher().ask(parameter("/p"), before=lambda: older_kernel(seccomp))
        check_equal(result.answers[0].value, "x")
        check_equal([warning[:53] for warning in result.warnings],
                    [] if seccomp else ["this kernel offers neither Landlock nor seccomp: ssme"])


@cloud_test("modules of the name service are loaded before the sandbox closes")
def _(cloud):
    needs_root()
    module = "/usr/lib/x86_64-linux-gnu/libnss_hesiod.so.2"  # in libc6, and seldom configured
    if not os.path.exists(module):
        raise Skip(f"{module} is not installed")
    switch = f"{FOLDER}/nsswitch.conf"
    with open(switch, "w") as file:
        file.write("passwd: files\nhosts: files [NOTFOUND=continue] hesiod dns\n")
    subprocess.run(["mount", "--bind", switch, "/etc/nsswitch.conf"], check=True)
    try:
        process = held(cloud)
        maps = proc(process, "maps").decode()
        cloud.aws.release()
        Fetcher().finish(process)
    finally:
        subprocess.run(["umount", "/etc/nsswitch.conf"], check=True)
    check_contains(maps, "libnss_hesiod")


@cloud_test("it refuses to run as root")
def _(cloud):
    needs_root()
    fetcher = cloud.fetcher()
    fetcher.user = {}
    process = fetcher.begin(parameter("/a"))
    output, errors = process.communicate()
    check_equal((process.returncode, output), (1, b""))
    check_contains(errors.decode(), "refusing to work as root")
    check_equal(cloud.aws.calls, [])


@cloud_test("it does not start without its parent")
def _(cloud):
    for arguments in ([], ["--parent=1x"], ["--parent="], ["--parent=0"], ["--parent=-1"],
                      ["--parent=999999"], [f"--parent={os.getpid()}", "more"]):
        process = cloud.fetcher().start(arguments=arguments)
        output, errors = process.communicate(encode_request(1000, [{}], []))
        check_equal((process.returncode, output), (1, b""), f"end with {arguments}")
        check_contains(errors.decode(), "ssmenv-fetch: ")


@cloud_test("it ends with its parent")
def _(cloud):
    cloud.aws.fault(kind="hold")
    read_end, write_end = os.pipe()
    middle = os.fork()
    if middle == 0:
        process = cloud.fetcher().begin(parameter("/p"))
        os.write(write_end, b"%d\n" % process.pid)
        signal.pause()
    fetch = int(os.read(read_end, 32))
    cloud.aws.wait_for_calls(1, "GetParameters")
    descriptor = os.pidfd_open(fetch)
    os.kill(middle, signal.SIGKILL)
    os.waitpid(middle, 0)
    ready, _, _ = select.select([descriptor], [], [], 10)
    check_equal(ready, [descriptor], "ended descriptors")
    for end in (descriptor, read_end, write_end):
        os.close(end)


@cloud_test("a damaged request ends it with an error and without a result")
def _(cloud):
    good = encode_request(1000, [{}], [parameter("/a")])
    cases = [b"", good[:5], good[:-1], good + b"x", b"X" + good[1:], frame(1, b""), frame(2, b""),
             frame(3, good[12:]), good[:8] + b"\xff\xff\xff\xff" + good[12:],
             encode_request(1000, [{}], [Lookup(9, "/a")]),
             encode_request(1000, [{}], [parameter("/a", identity=1)]),
             encode_request(1000, [{}], [parameter("/a", "no-pointer")]),
             encode_request(1000, [{}], [parameter("/a\0b")])]
    for case in cases:
        process = cloud.fetcher().start()
        output, errors = process.communicate(case)
        check_equal((process.returncode, output), (1, b""), f"end after {case[:40]!r}")
        check_contains(errors.decode(), "ssmenv-fetch: ")
        check_lacks(errors.decode(), "Sanitizer")


@cloud_test("a reader that goes away is no crash")
def _(cloud):
    process = held(cloud)
    process.stdout.close()
    process.stdout = None
    cloud.aws.release()
    check_equal(process.wait(timeout=20), 1)
    check_lacks(process.stderr.read().decode(), "Sanitizer")
    process.stderr.close()


@cloud_test("a result larger than a pipe is written whole")
def _(cloud):
    values = {name: "v" * 4096 for name in names(200)}
    result = fetch_all(cloud, values)
    check(len(result.raw) > 800000, f"{len(result.raw)} bytes")


run_clouds()
