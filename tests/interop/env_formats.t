#!/usr/bin/python3 -B
"""Every format of ssmenv env is read back, byte for byte, by the programs that it is for."""

import ctypes
import glob
import importlib.util
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from tap import Skip, check, check_contains, check_equal, run, test  # noqa: E402

PROGRAM = ROOT / "build/sanitized/tests/variable-format"
RANDOM_VALUES = 3000
SEED = 20

SPECIAL = "'\"\\$`!#&;|<>(){}[]*?~=%^, \t\n\r"
HAND_MADE = [
    "", " ", "  both ends  ", "\n", "line\nline", "\n\nends\n\n", "\r", "a\r\nb\r", "\t", "'", "''",
    "'''", "x'", "'x", "it's", '"', '""', 'say "x"', "\\", "\\\\", "ends in \\", "ends in \\\\",
    "\\'", '\\"', '"\\', "\\n", "\\\n", "a\\\nb", "$", "$HOME", "${HOME}", "${V1}", "${", "}",
    "${V1:-x}", "$${V1}", "\\${V1}", "$(id)", "`id`", "!", "!!", "!x", "#", "# x", "x # y", "x#y",
    "=", "a=b", "export X=1", "%s%n", "\\x41", "\\101", "\\u0041", "-n", "-e \\n", "~", "~root",
    "*", "/*", "[a]", "{a,b}", "a;b", "a&b", "a|b", "<a", ">a", "\u00fcn\u00efc\u00f8d\u00e9 \U0001f511",
    "\u2028\u2029\u0085", "\ufeff", "\u00a0 x \u00a0", "\u3000x\u3000", "e\u0301", "postgresql://u:p%40@h:5432/d?a=b&c",
    '{"a": "b\\n"}', "-----BEGIN KEY-----\nMIIB+/==\n-----END KEY-----\n", "x" * 65536,
    "'\\''" * 200, '"$(' * 200]
# What text formats cannot all hold.
HAND_MADE_BYTES = [b"\x01", b"\x7f", b"\x1b[31m", b"\x80", b"\xff", b"\xc3", b"\xc3(", b"a\x81b",
                   b"\x88\x81", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\x01\x02\x7f\x01",
                   b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\xef\xb7\x90", b"\xf0\x9f\xbf\xbe", b"\x0b\x0c",
                   b"\x1c\x1d\x1e\x1f", b"\xef\xbf\xbd", b"\xef\xb7\xb0", b"\xf4\x8f\xbf\xbf"]


def random_value(generator):
    """Bytes of one of several kinds, at most a hundred of them."""
    length = generator.randint(0, generator.choice([3, 12, 100]))
    kind = generator.randrange(4)
    if kind == 0:
        return bytes(generator.randint(1, 255) for _ in range(length))
    if kind == 1:
        return "".join(generator.choices(SPECIAL + "abV1", k=length)).encode()
    if kind == 2:
        return "".join(generator.choices(SPECIAL + "\x01\x1b\x7f\u00fc\u20ac\u2028\U0001f511ab", k=length)
                       ).encode()
    return "".join(chr(generator.choice([generator.randint(1, 0xd7ff), generator.randint(0xe000, 0x10ffff)]))
                   for _ in range(length)).encode()


def all_values():
    generator = random.Random(SEED)
    return ([value.encode() for value in HAND_MADE] + HAND_MADE_BYTES
            + [random_value(generator) for _ in range(RANDOM_VALUES)])


VALUES = all_values()


def formatted(name, values):
    """What ssmenv env prints for V0, V1 and so on."""
    given = b"".join(b"V%d=%s\0" % (number, value) for number, value in enumerate(values))
    done = subprocess.run([PROGRAM, name], input=given, capture_output=True, timeout=120)
    check_equal((done.returncode, done.stderr), (0, b""), name)
    return done.stdout


def check_values(found, expected, reader):
    check_equal(len(found), len(expected), f"{reader}: number of values")
    for number, (one, other) in enumerate(zip(found, expected)):
        check_equal(one[:200], other[:200], f"{reader}: V{number}")
        check(one == other, f"{reader}: V{number} differs behind its 200th byte")


def is_utf8(value):
    try:
        value.decode()
        return True
    except UnicodeDecodeError:
        return False


# --- shell ---------------------------------------------------------------------------------------

SHELLS = (["dash"], ["bash"], ["bash", "--posix"], ["bash", "-H"], ["zsh", "-f"],
          ["zsh", "-f", "-o", "rcquotes"], ["sh"])


def shell_test(argv, locale):
    @test(f"{' '.join(argv)} evaluates format shell to the same values, locale {locale}")
    def _():
        if not shutil.which(argv[0]):
            raise Skip(f"there is no {argv[0]}")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "variables")
            path.write_bytes(formatted("shell", VALUES))
            dump = "".join(f"printf '%s\\000' \"$V{number}\"\n" for number in range(len(VALUES)))
            for way in (f'eval "$(cat {path})"', f". {path}"):
                script = pathlib.Path(folder, "script")
                script.write_text(f"{way}\n{dump}")
                done = subprocess.run([*argv, script], capture_output=True, timeout=120, cwd=folder,
                                      env={"PATH": "/usr/bin:/bin", "LC_ALL": locale})
                check_equal((done.returncode, done.stderr), (0, b""), way)
                check_values(done.stdout.split(b"\0")[:-1], VALUES, way)


for shell in SHELLS:
    for shell_locale in ("C", "C.UTF-8"):
        shell_test(shell, shell_locale)


@test("format shell exports, and each variable is one assignment")
def _():
    check_equal(formatted("shell", [b"a'b\nc", b""]), b"export V0='a'\\''b\nc'\nexport V1=''\n")


# --- dotenv --------------------------------------------------------------------------------------


@test("python-dotenv reads format dotenv to the same values")
def _():
    if not importlib.util.find_spec("dotenv"):
        raise Skip("python3-dotenv is not installed")
    from dotenv import dotenv_values
    values = [value for value in VALUES if is_utf8(value)]
    with tempfile.NamedTemporaryFile() as file:
        file.write(formatted("dotenv", values))
        file.flush()
        found = dotenv_values(file.name)
    check_equal(list(found), [f"V{number}" for number in range(len(values))], "names")
    check_values([value.encode() for value in found.values()], values, "python-dotenv")


# --- json and null -------------------------------------------------------------------------------


@test("Python and jq read format json to the same values")
def _():
    values = [value for value in VALUES if is_utf8(value)]
    text = formatted("json", values)
    found = json.loads(text)
    check_equal(list(found), [f"V{number}" for number in range(len(values))], "names")
    check_values([value.encode() for value in found.values()], values, "Python")
    if shutil.which("jq"):
        done = subprocess.run(["jq", "-j", 'to_entries[] | .value + "\\u0000"'], input=text,
                              capture_output=True, timeout=120)
        check_equal((done.returncode, done.stderr), (0, b""), "jq")
        check_values(done.stdout.split(b"\0")[:-1], values, "jq")


@test("format json is one object, also when it is empty")
def _():
    check_equal(json.loads(formatted("json", [])), {})
    check_equal(formatted("json", [b"a", b"b"]), b'{\n  "V0": "a",\n  "V1": "b"\n}\n')


@test("format null is what env -0 prints")
def _():
    check_equal(formatted("null", VALUES),
                b"".join(b"V%d=%s\0" % (number, value) for number, value in enumerate(VALUES)))


# --- systemd -------------------------------------------------------------------------------------


def systemd():
    """systemd's own code, which reads EnvironmentFile= in the service manager."""
    found = sorted(glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so")
                   + glob.glob("/usr/lib*/systemd/libsystemd-shared-*.so"))
    if not found:
        raise Skip("there is no libsystemd-shared")
    library = ctypes.CDLL(found[-1])
    for name in ("load_env_file", "env_value_is_valid"):
        if not hasattr(library, name):
            raise Skip(f"{found[-1]} has no {name}")
    if library.env_value_is_valid(b"\x1b") & 0xff == 0:
        raise Skip(f"{found[-1]} is of systemd 246 or older, which drops control characters")
    library.env_value_is_valid.restype = ctypes.c_bool
    return library


def systemd_reads(library, text):
    with tempfile.NamedTemporaryFile() as file:
        file.write(text)
        file.flush()
        entries = ctypes.POINTER(ctypes.c_char_p)()
        code = library.load_env_file(None, file.name.encode(), ctypes.byref(entries))
        check_equal(code, 0, "load_env_file")
    found = []
    while entries and entries[len(found)] is not None:
        found.append(entries[len(found)])
    return found


def systemd_allows(library, value):
    return library.env_value_is_valid(ctypes.c_char_p(value))


@test("systemd reads format systemd, as EnvironmentFile=, to the same values")
def _():
    library = systemd()
    values = [value for value in VALUES if systemd_allows(library, value)]
    check(len(values) > RANDOM_VALUES / 4, "too few values to tell")
    found = systemd_reads(library, formatted("systemd", values))
    check_equal([entry.split(b"=")[0] for entry in found],
                [b"V%d" % number for number in range(len(values))], "names")
    check_values([entry.split(b"=", 1)[1] for entry in found], values, "systemd")


@test("format systemd refuses what systemd itself would drop, and nothing else")
def _():
    library = systemd()
    for value in VALUES[:len(HAND_MADE) + len(HAND_MADE_BYTES) + 50]:
        done = subprocess.run([PROGRAM, "systemd"], input=b"V=%s\0" % value, capture_output=True)
        check_equal(done.returncode == 0, systemd_allows(library, value), f"{value[:200]!r}")


@test("a shell reads format systemd to the same values")
def _():
    values = [value.encode() for value in HAND_MADE if "\r" not in value]
    dump = "".join(f"printf '%s\\000' \"$V{number}\"\n" for number in range(len(values)))
    done = subprocess.run(["sh"], input=formatted("systemd", values) + dump.encode(),
                          capture_output=True, timeout=120)
    check_values(done.stdout.split(b"\0")[:-1], values, "sh")


# --- what a format cannot hold -------------------------------------------------------------------


def refusal(name, value):
    done = subprocess.run([PROGRAM, name], input=b"GOOD=x\0TOKEN=%s\0" % value, capture_output=True,
                          timeout=60)
    check_equal((done.returncode, done.stdout), (1, b""), f"{name}: {value!r}")
    return done.stderr.decode()


@test("a value that is not UTF-8 is refused by the formats that are text, by name, without the value")
def _():
    for name in ("json", "dotenv", "systemd"):
        for value in (b"secret\xff", b"secret\xc3", b"secret\xed\xa0\x80", b"secret\xc0\x80"):
            message = refusal(name, value)
            check_contains(message, f"the value of TOKEN is not UTF-8, which {name} cannot hold")
            check("secret" not in message, message)


@test("a code point that is no character is refused by format systemd, by name, without the value")
def _():
    for value in (b"secret\xef\xbf\xbf", b"secret\xef\xb7\x90", b"secret\xf0\x9f\xbf\xbe"):
        message = refusal("systemd", value)
        check_contains(message, "the value of TOKEN has a code point that systemd allows in no variable")
        check("secret" not in message, message)


run()
