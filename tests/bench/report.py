"""The table of the rows: on the terminal, in RESULTS.md and as plots."""

import os
import pathlib
import platform
import subprocess

import plot

FOLDER = pathlib.Path(__file__).resolve().parent
RESULTS = FOLDER / "RESULTS.md"
BY_HAND = "## What was tried\n"  # from here on the file is kept as it is
TITLE = "# What logins cost\n"


def verdict(row):
    return "holds" if row.holds else "DOES NOT HOLD"


def show(row):
    print(f"{row.what}\n    must: {row.must}\n    measured: {row.measured}\n    {verdict(row)}",
          flush=True)


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0] if done.stdout else "unknown"


def processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.machine()


def package(name):
    return first_line("dpkg-query", "-W", "-f", "${Version}\n", name)


def helpers_libc():
    linked_with = (FOLDER.parents[1] / "build/relocated/helpers-libc").read_text().strip()
    return f"musl {package('musl')}" if linked_with == "musl" else f"the same ({linked_with})"


def grouping():
    """sched(7): what a helper's priority counts against."""
    switch = pathlib.Path("/proc/sys/kernel/sched_autogroup_enabled")
    grouped = switch.exists() and switch.read_text().strip() == "1"
    return f"processes {'grouped by session (autogroup)' if grouped else 'not grouped by session'}"


def machine(first):
    """What the figures depend on."""
    return [f"{processor()}; load average at the end {os.getloadavg()[0]:.1f}; everything measured "
            + ("but the 500 logins went before other programs (SCHED_RR)" if first else "had ordinary priority"),
            f"Linux {platform.release()}, {grouping()}; glibc {package('libc6')}, the helper's {helpers_libc()}; "
            f"Linux-PAM {package('libpam0g')}",
            f"{first_line('gcc', '--version')}; libcurl {package('libcurl4')}; "
            f"OpenSSL {package('libssl3')}; awscli {package('awscli')}; curl {package('curl')}"]


def table(rows):
    lines = ["| what | must reach | measured | |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.must} | {row.measured} | {verdict(row)} |" for row in rows]
    return lines


def by_hand():
    text = RESULTS.read_text() if RESULTS.exists() else ""
    return BY_HAND + text.partition(BY_HAND)[2]


def write(rows, first):
    figures = {key: value for row in rows for key, value in row.figures.items()}
    RESULTS.write_text("\n".join([
        TITLE,
        "Written by `make bench`. A login is one pam_open_session through libpam; each one counts only",
        "when its variables were there with the right values. Things that are compared were measured in",
        "turn; a ratio is the median of the ratios of the rounds, the middle half of them in brackets.",
        "AWS is a stand-in on loopback that verifies signatures, reached over TLS.\n",
        *(f"- {line}" for line in machine(first)), "", *table(rows), "",
        "![](logins.svg)\n\n![](storm.svg)\n", by_hand()]))
    plot.logins(FOLDER / "logins.svg", figures)
    plot.storm(FOLDER / "storm.svg", figures)
