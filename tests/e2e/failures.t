#!/usr/bin/python3 -B
"""When something is wrong a login works, and one line in the log says what to do."""

import contextlib
import pathlib
import re

from machine import CONFIG, DISABLED, HOME, MODULE, PAM_SERVICES, attempt, enter, write_for_helper

enter()

import logins  # noqa: E402
from instance import PAIR, PASSWORD, USER_VALUE, check_nothing_left, instance  # noqa: E402
from tap import check, check_contains, check_equal, check_lacks, run, test  # noqa: E402
from terminal import Terminal  # noqa: E402

TOLD = "Environment variables could not be set for this session"
REFUSED = "This session is refused"
MILLISECONDS = re.compile(r"(\d+) ms\)")


def pair(environment):
    return environment.get("DB_USER"), environment.get("DB_PASS")


@contextlib.contextmanager
def module_arguments(arguments, services=PAM_SERVICES):
    """The administrator's line has these arguments."""
    machine = instance().machine
    machine.pam_line(f"session required {MODULE} {arguments}", services=services)
    try:
        yield
    finally:
        machine.pam_line(f"session required {MODULE}")


def warning(position, service="sshd", user="deploy"):
    """The text of the only line, which has to be a warning about this login."""
    severity, logged_service, logged_user, rest = instance().only_line(position)
    check_equal((severity, logged_service, logged_user), ("warning", service, user), "log line")
    check_nothing_left()
    return rest


# --- AWS -----------------------------------------------------------------------------------------


@test("Nobody listens at the endpoint: each login works without variables and the log says why")
def _():
    for service, user, how in (("sshd", "deploy", lambda: instance().sshd.command("deploy")),
                               ("su-l", "deploy", lambda: logins.su("deploy")),
                               ("sudo", "root", logins.sudo),
                               ("cron", "deploy", lambda: logins.cron("deploy")),
                               ("login", "deploy", lambda: logins.login("deploy"))):
        instance().configure(PAIR)
        endpoint = instance().aws.endpoint
        write_for_helper(CONFIG, CONFIG.read_text().replace(endpoint, "http://127.0.0.1:9"))
        position = instance().log.position()
        check_equal(pair(how()), (None, None), f"variables by {service}")
        text = warning(position, service, user)
        check_contains(text, "no variables set", "log line")
        check_contains(text, "127.0.0.1:9", "log line")


@test("AWS that never answers costs a login its deadline, not more, and is named")
def _():
    instance().configure(PAIR)
    instance().aws.fault(kind="hang")
    with module_arguments("timeout=2s"):
        position = instance().log.position()
        check_equal(pair(instance().sshd.command("deploy")), (None, None), "variables")
        text = warning(position)
        check_contains(text, instance().aws.endpoint.removeprefix("http://"), "log line")
        check(int(MILLISECONDS.search(text)[1]) <= 2100, f"longer than its deadline: {text}")


@test("AWS that goes away later: logins get the last values, and the log says how old they are")
def _():
    instance().configure("[cache]\nttl = 1ms\n" + PAIR)
    instance().sshd.command("deploy")
    instance().aws.fault(kind="service_unavailable")
    position = instance().log.position()
    check_equal(pair(instance().sshd.command("deploy")), (USER_VALUE, PASSWORD), "variables")
    severity, _, _, rest = instance().only_line(position)
    check_equal(severity, "notice", "severity")
    check_contains(rest, "2 variables set (stale", "log line")


@test("A parameter that is denied takes its section with it, leaves the others, and is named")
def _():
    instance().configure("[env]\nDB_PASS = /prod/db/password\n[env]\nDB_USER = DB_USER\n")
    instance().aws.fault("GetParameters", kind="access_denied", names=["/prod/db/password"])
    instance().aws.fault("GetParameter", kind="access_denied", names=["/prod/db/password"])
    position = instance().log.position()
    check_equal(pair(instance().sshd.command("deploy")), (USER_VALUE, None), "variables")
    text = warning(position)
    check_contains(text, "only 1 variable set", "log line")
    check_contains(text, "/prod/db/password", "log line")
    check_contains(text, "AccessDenied", "log line")


@test("A parameter that does not exist is named, with the variable and its place in the file")
def _():
    instance().configure("[env]\nDB_USER = DB_USER\nDB_PASS = /prod/db/passwort\n")
    position = instance().log.position()
    check_equal(pair(instance().sshd.command("deploy")), (None, None), "variables")
    text = warning(position)
    check_contains(text, f"{CONFIG}:6", "log line")
    check_contains(text, "/prod/db/passwort", "log line")


@test("Without credentials the log says that none could be located, and where it looked")
def _():
    instance().configure(PAIR)
    credentials = CONFIG.with_name("credentials")
    credentials.unlink()
    position = instance().log.position()
    check_equal(pair(instance().sshd.command("deploy")), (None, None), "variables")
    text = warning(position)
    check_contains(text, "Unable to locate credentials", "log line")
    check_contains(text, str(credentials), "log line")


@test("A server with a certificate of another authority gets no request")
def _():
    instance().configure(PAIR, tls=True)
    other = instance().aws.tls_endpoint_with("untrusted")
    write_for_helper(CONFIG, CONFIG.read_text().replace(instance().aws.tls_endpoint, other))
    position = instance().log.position()
    check_equal(pair(instance().sshd.command("deploy")), (None, None), "variables")
    check_contains(warning(position).lower(), "certificate", "log line")
    check_equal(instance().aws.calls, [], "calls")


# --- the configuration ---------------------------------------------------------------------------


@test("A mistake in the configuration is logged as FILE:LINE:COLUMN, never with what was written")
def _():
    instance().machine.configure('[env]\nDB_USER = "s3cret constant\nLD_PRELOAD = "x"\n')
    position = instance().log.position()
    check_equal(pair(instance().sshd.command("deploy")), (None, None), "variables")
    text = warning(position)
    check_contains(text, f"{CONFIG}:2:11: ", "log line")
    check_contains(text, f"{CONFIG}:3:1: ", "log line")
    check_lacks(instance().log.raw(), b"s3cret constant", "log")


@test("A configuration that others may write is not used; the log has the command that mends it")
def _():
    instance().configure(PAIR)
    CONFIG.chmod(0o666)
    position = instance().log.position()
    check_equal(pair(instance().sshd.command("deploy")), (None, None), "variables")
    check_contains(warning(position), "chmod", "log line")
    check_equal(instance().aws.calls, [], "calls")


@test("No configuration at all: a login gets nothing and nobody complains")
def _():
    instance().configure(PAIR)
    CONFIG.unlink()
    position = instance().log.position()
    check_equal(pair(instance().sshd.command("deploy")), (None, None), "variables")
    check_equal(instance().only_line(position)[0], "info", "severity")


@test("A drop-in file joins the configuration")
def _():
    instance().configure("[env]\nDB_USER = DB_USER\n")
    drop_in = CONFIG.with_name("conf.d") / "50-cloud-init.conf"
    write_for_helper(drop_in, '[let]\nSTAGE = "prod"\n[env]\nDB_PASS = /%{STAGE}/db/password\n')
    try:
        check_equal(pair(instance().sshd.command("deploy")), (USER_VALUE, PASSWORD), "variables")
    finally:
        drop_in.unlink()


@test("The off-switch: logins work at once, nothing is asked, the log says so")
def _():
    instance().configure(PAIR)
    DISABLED.touch()
    try:
        position = instance().log.position()
        check_equal(pair(instance().sshd.command("deploy")), (None, None), "variables")
        severity, _, _, rest = instance().only_line(position)
        check_equal(severity, "notice", "severity")
        check_contains(rest, str(DISABLED), "log line")
        check_equal(instance().aws.calls, [], "calls")
    finally:
        DISABLED.unlink()


@test("An unknown module argument is logged as an error and no variable is set")
def _():
    instance().configure(PAIR)
    with module_arguments("cofnig=/etc/other"):
        position = instance().log.position()
        check_equal(pair(instance().sshd.command("deploy")), (None, None), "variables")
        severity, _, _, rest = instance().only_line(position)
        check_equal(severity, "err", "severity")
        check_contains(rest, "cofnig", "log line")


@test("Another configuration file, given as module argument, is the one that counts")
def _():
    instance().configure(PAIR)
    other = CONFIG.with_name("other.conf")
    write_for_helper(other, '[env]\nDB_USER = "constant"\n')
    with module_arguments(f"config={other}"):
        check_equal(pair(instance().sshd.command("deploy")), ("constant", None), "variables")


# --- who may still get in ------------------------------------------------------------------------


def fail_everything():
    """A configuration whose set cannot succeed."""
    instance().configure("[env]\nDB_USER = /no/such/parameter\n")


@test("on_error=deny refuses a session without its variables, and says so to the user and the log")
def _():
    fail_everything()
    with module_arguments("on_error=deny"):
        position = instance().log.position()
        done = attempt(instance().sshd.client("ssh", "guest@stage", "echo", "inside"))
        check(done.returncode != 0, f"the session began: {done}")
        check_lacks(done.stdout, b"inside", "output")
        check_contains(done.stdout + done.stderr, REFUSED.encode(), "what the user sees")
        check_contains(warning(position, user="guest"), "session refused", "log line")


@test("on_error=deny lets in members of break_glass, and root always")
def _():
    fail_everything()
    with module_arguments("on_error=deny break_glass=oncall"):
        position = instance().log.position()
        check_equal(pair(instance().sshd.command("oncall")), (None, None), "variables")
        check_contains(warning(position, user="oncall"), "break-glass", "log line")
        position = instance().log.position()
        logins.sudo()
        check_contains(warning(position, "sudo", "root"), "uid 0", "log line")
        done = attempt(instance().sshd.client("ssh", "guest@stage", "true"))
        check(done.returncode != 0, "guest got in")


@test("on_error=deny does not stop sudo to another user, as its manual says")
def _():
    fail_everything()
    with module_arguments("on_error=deny"):
        check_equal(pair(logins.sudo("-u", "guest")), (None, None), "variables")


@test("on_error=deny keeps a cron job of a user from running")
def _():
    fail_everything()
    with module_arguments("on_error=deny"):
        mark = HOME / "guest/job-ran"
        position = instance().log.position()
        with logins.cron_daemon("guest", f"touch {mark}"):
            # What cron itself says last, before the process that would run the job ends.
            instance().log.wait_for("Cannot make/remove an entry", position)
        check_contains(warning(position, "cron", "guest"), "session refused", "log line")
        check(not mark.exists(), "the job ran")


# --- what the user sees --------------------------------------------------------------------------


def login_screen():
    """What login(1) shows on its terminal."""
    terminal = Terminal(["login", "-f", "deploy"])
    terminal.type("exit")
    terminal.end()
    return terminal.output.decode()


@test("Somebody at a terminal reads one fixed sentence when the variables are missing")
def _():
    fail_everything()
    screen = login_screen()
    check_contains(screen, TOLD, "screen")
    check_lacks(screen, "/no/such/parameter", "screen")


@test("With quiet nobody at a terminal reads anything")
def _():
    fail_everything()
    with module_arguments("quiet"):
        check_lacks(login_screen(), TOLD, "screen")


@test("scp and sftp work while AWS is away")
def _():
    fail_everything()
    source = pathlib.Path("/mnt/source")
    source.write_bytes(bytes(range(256)))
    sshd = instance().sshd
    for protocol in ("-s", "-O"):
        logins.run(sshd.client("scp", protocol, source, "deploy@stage:copied"))
        check_equal((HOME / "deploy/copied").read_bytes(), bytes(range(256)), "file")


@test("With debug the log names the variables, and only then")
def _():
    instance().configure(PAIR)
    with module_arguments("debug"):
        position = instance().log.position()
        instance().sshd.command("deploy")
        lines = [text for severity, text in instance().log.since(position, "pam_ssmenv(")
                 if severity == "debug"]
        check(any("DB_USER DB_PASS" in line for line in lines), f"names: {lines!r}")
    position = instance().log.position()
    instance().sshd.command("deploy")
    check_lacks(repr(instance().log.since(position)), "DB_USER", "log without debug")


@test("No value has ever come near the system log")
def _():
    everything = instance().log.raw()
    for secret in (USER_VALUE, PASSWORD.splitlines()[0], instance().aws.secret_access_key):
        check_lacks(everything, secret.encode(), "log")


run()
