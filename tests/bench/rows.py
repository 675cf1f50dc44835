"""The rows of the table: each measures one thing on the stage and says whether it holds.

A ratio is the median of the ratios of pairs that were measured one after the other; between the
brackets is the middle half of them. Nothing here is compared with a figure of an earlier run.
"""

import socket
import statistics
import time
from dataclasses import dataclass, field

import stage
from stage import CACHE, CONFDIR, EMPTY, PROGRAMS, load, pairs

MIB = 1024


@dataclass
class Row:
    what: str
    must: str
    measured: str
    holds: bool
    figures: dict = field(default_factory=dict)  # for the plots


def ratios(ours, theirs):
    return [a / b for a, b in zip(ours, theirs)]


def median(numbers):
    return statistics.median(numbers)


def middle_half(numbers, digits=2):
    low, _, high = statistics.quantiles(numbers, n=4)
    return f"{median(numbers):.{digits}f} × [{low:.{digits}f} … {high:.{digits}f}]"


def ms(seconds):
    return f"{seconds * 1000:.2f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def login(service, variables):
    return ("login", service, variables)


def expect_sources(on, position, **expected):
    """The log has to agree about where values came from."""
    found = on.sources(position)
    if found != expected:
        raise RuntimeError(f"values came from {found}, expected {expected}")


# --- warm logins -----------------------------------------------------------------------------------


def warm_against_empty(on, scale):
    rounds = scale(1000)
    pairs(1, login("warm", 2))
    position = on.log.position()
    warm, empty = pairs(rounds, login("warm", 2), ("program", 0, EMPTY))
    expect_sources(on, position, cache=rounds)
    ratio = ratios(warm, empty)
    return Row("warm login against posix_spawn of an empty C program", "≤ 1.5 ×",
               f"{middle_half(ratio)}; {ms(median(warm))} and {ms(median(empty))}",
               median(ratio) <= 1.5, {"warm": median(warm), "empty": median(empty)})


OLD_WAY = """\
export AWS_EC2_METADATA_DISABLED=true AWS_CA_BUNDLE={aws.ca_file} HOME=/nonexistent
export AWS_ACCESS_KEY_ID={aws.access_key_id} AWS_SECRET_ACCESS_KEY={aws.secret_access_key}
aws() {{ /usr/bin/aws --endpoint-url {aws.tls_endpoint} "$@"; }}
export DB_USER=$(aws --region=us-east-2 --output=text ssm get-parameter --name '/bench/001' \
--with-decryption --query 'Parameter.Value')
export DB_PASS=$(aws --region=us-east-2 --output=text ssm get-parameter --name '/bench/002' \
--with-decryption --query 'Parameter.Value')
printf '%s\\n' "$DB_USER" "$DB_PASS"
"""


def warm_against_bashrc(on, scale):
    script = stage.PREFIX / "old_bashrc"
    script.write_text(OLD_WAY.format(aws=on.aws))
    warm, old = pairs(scale(7), login("warm", 2), ("program", 2, "/bin/bash", script))
    ratio = ratios(old, warm)
    return Row("warm login against the two-line `.bashrc` with Debian's `aws`", "≥ 500 × faster",
               f"{middle_half(ratio, 0)}; {ms(median(warm))} and {ms(median(old))}",
               median(ratio) >= 500, {"bashrc": median(old)})


def warm_against_pam_exec(on, scale):
    on.stack("exec", f"session required pam_exec.so {EMPTY}")
    warm, pam_exec = pairs(scale(300), login("warm", 2), login("exec", 0),
                           options=("descriptors=20000",))
    ratio = ratios(pam_exec, warm)
    return Row("warm login against pam_exec running a no-op (hard descriptor limit 20000)",
               "≥ 5 × faster",
               f"{middle_half(ratio, 1)}; {ms(median(warm))} and {ms(median(pam_exec))}",
               median(ratio) >= 5, {"pam_exec": median(pam_exec)})


def warm_per_variable(on, scale):
    extra = 200
    on.service("warm-202", 2 + extra)
    pairs(1, login("warm-202", 2 + extra))
    many, few = pairs(scale(400), login("warm-202", 2 + extra), login("warm", 2))
    cost = [(a - b) / extra * 1e6 for a, b in zip(many, few)]
    low, _, high = statistics.quantiles(cost, n=4)
    return Row("warm cost per extra variable (202 against 2)", "< 10 µs",
               f"{median(cost):.2f} µs [{low:.2f} … {high:.2f}]", median(cost) < 10)


def endurance(on, scale):
    logins = scale(10000)
    output = load("bench-endurance", CONFDIR, "warm", 2, logins)
    left = {key: int(value) for key, value in (line.split() for line in output.splitlines())}
    return Row(f"{logins:,} warm logins in one host process",
               "0 zombies, 0 descriptors, < 64 KiB resident growth",
               f"{left['zombies']} zombies, {left['descriptors']} descriptors, "
               f"{left['own']} KiB of its own, {left['resident']} KiB with mapped code",
               left["zombies"] == 0 and left["descriptors"] == 0 and left["own"] < 64)


# --- cold logins -----------------------------------------------------------------------------------

PURGE = (f"purge={CACHE}",)


def curl(on):
    aws = on.aws
    return ("program", 2, "/usr/bin/curl", "--silent", "--show-error", "--fail", "--cacert",
            aws.ca_file, "--aws-sigv4", f"aws:amz:{aws.region}:ssm",
            "--user", f"{aws.access_key_id}:{aws.secret_access_key}",
            "--header", "X-Amz-Target: AmazonSSM.GetParameters",
            "--header", "Content-Type: application/x-amz-json-1.1",
            "--data", '{"Names":["/bench/001","/bench/002"],"WithDecryption":true}',
            aws.tls_endpoint)


def cold_against_curl(on, scale):
    rounds = scale(200)
    position = on.log.position()
    cold, curled = pairs(rounds, login("warm", 2), curl(on), options=PURGE)
    expect_sources(on, position, fetched=rounds)
    ratio = ratios(cold, curled)
    return Row("cold login of 2 parameters over TLS against one `curl --aws-sigv4` for the same",
               "≤ 1.15 ×", f"{middle_half(ratio)}; {ms(median(cold))} and {ms(median(curled))}",
               median(ratio) <= 1.15, {"cold": median(cold), "curl": median(curled)})


def calls_for_parameters(on, scale):
    counts = (1, 10, 11, 100, 200)
    calls = {}
    for count in counts:
        service = on.service(f"cold-{count}", count)
        on.aws.clear_calls()
        pairs(1, login(service, count), options=PURGE)
        calls[count] = len(on.aws.calls_of("GetParameters"))
    times = pairs(scale(25), *(login(f"cold-{count}", count) for count in counts), options=PURGE)
    by_count = dict(zip(counts, times))
    ratio = ratios(by_count[200], by_count[10])
    expected = {count: -(-count // 10) for count in counts}
    return Row(f"calls for {', '.join(map(str, counts))} parameters; time of 200 against 10",
               "ceil(N/10); ≤ 3 ×",
               f"{', '.join(str(calls[count]) for count in counts)}; {middle_half(ratio)}",
               calls == expected and median(ratio) <= 3,
               {"parameters": {count: median(by_count[count]) for count in counts}})


STORMS = 60


def storm(on, scale):
    """Like real logins these have ordinary priority, and AWS does not share their processors. They
    bring their own load; which way comes first changes from round to round."""
    logins, rounds = scale(500), scale(STORMS)
    storms = {True: [], False: []}
    calls = []
    with stage.ordinary_priority():
        single = median(pairs(scale(50), login("warm", 2), options=PURGE)[0])
        for number in range(rounds):
            for cold in (True, False) if number % 2 == 0 else (False, True):
                storms[cold].append(sorted(run_storm(on, logins, cold, calls)))
    cold, warm = ([times[-1] for times in storms[kind]] for kind in (True, False))
    more = [a - b for a, b in zip(cold, warm)]
    low, _, high = statistics.quantiles(more, n=4)
    return Row(f"{logins} cold logins at once, against the same {logins} warm ({rounds} rounds)",
               "1 GetParameters call; slowest ≤ slowest warm + one fetch",
               f"{max(calls)} call; {ms(median(cold))} and {ms(median(warm))}: "
               f"{median(more) * 1000:+.0f} ms [{low * 1000:+.0f} … {high * 1000:+.0f}], "
               f"one fetch {ms(single)}",
               set(calls) == {1} and median(more) <= single,
               {"storm_cold": middle(storms[True]), "storm_warm": middle(storms[False])})


def middle(storms):
    return sorted(storms, key=lambda times: times[-1])[len(storms) // 2]


def run_storm(on, logins, cold, calls):
    if cold:
        on.forget_values()
    on.aws.clear_calls()
    output = load("bench-storm", CONFDIR, "warm", 2, logins)
    times = [int(line) / 1e9 for line in output.splitlines()]
    if len(times) != logins:
        raise RuntimeError(f"{len(times)} of {logins} logins were counted")
    made = len(on.aws.calls_of("GetParameters"))
    if cold:
        calls.append(made)
    elif made > 0:
        raise RuntimeError(f"{made} calls by logins that were warm")
    return times


# --- memory ----------------------------------------------------------------------------------------


def peak_memory(on, scale):
    peaks = {}
    for options in ((), PURGE):
        for service, count in (("warm", 2), ("cold-200", 200)):
            for _ in range(scale(5)):
                note_peaks(peaks, service, count, options)
    helper, fetcher = peaks["warm", "ssmenv-helper"], peaks["warm", "ssmenv-fetch"]
    return Row("peak memory of helper and fetcher (VmHWM, 2 parameters)",
               "< 2 MiB without `group=`, < 16 MiB",
               f"{helper / MIB:.2f} MiB, {fetcher / MIB:.2f} MiB (200 parameters: "
               f"{peaks['cold-200', 'ssmenv-helper'] / MIB:.2f} MiB, "
               f"{peaks['cold-200', 'ssmenv-fetch'] / MIB:.2f} MiB)",
               helper < 2 * MIB and fetcher < 16 * MIB)


def note_peaks(peaks, service, count, options):
    output = load("bench-peak", PROGRAMS / "bench-pairs", CONFDIR, 1, *options, "login", service,
                  count)
    for line in output.splitlines():
        name, _, kib = line.partition(" ")
        if kib:
            peaks[service, name] = max(peaks.get((service, name), 0), int(kib))


# --- outage ----------------------------------------------------------------------------------------

DEADLINE = 2.5


class BlackHole:
    """Takes the place of a server at this port: connections to it are never answered. A full queue of
    connections that nobody accepts makes the kernel drop every further one."""

    def __init__(self, port):
        self._listener = socket.create_server(("127.0.0.1", port), backlog=0)
        self._fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            self._fillers.append(filler)

    def close(self):
        for one in (self._listener, *self._fillers):
            one.close()


def outage(on, scale):
    rounds = scale(300)
    on.service("outage", 2, cache="ttl = 1s", timeout=f"{DEADLINE * 1000:.0f}ms")
    pairs(1, login("outage", 2))
    pairs(1, login("warm", 2))
    time.sleep(1.1)  # past ttl: the clock is the kernel's
    hole = BlackHole(on.stop_aws())
    position = on.log.position()
    first = pairs(1, login("outage", 2))[0][0]
    later, warm = pairs(rounds, login("outage", 2), login("warm", 2))
    hole.close()
    expect_sources(on, position, stale=rounds + 1, cache=rounds)
    ratio = ratios(later, warm)
    return Row("outage (endpoint blackholed), values cached",
               f"first login within {DEADLINE} s, later ones as a warm login (≤ 1.1 ×)",
               f"{ms(first)}; {middle_half(ratio)}", first <= DEADLINE and median(ratio) <= 1.1)


ROWS = (warm_against_empty, warm_against_bashrc, warm_against_pam_exec, cold_against_curl,
        calls_for_parameters, storm, endurance, warm_per_variable, peak_memory, outage)
