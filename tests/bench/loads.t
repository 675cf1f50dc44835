#!/usr/bin/python3 -B
"""The load programs of make bench count only what was delivered, and see what they look for."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]

import stage  # noqa: E402

if stage.is_root():
    stage.enter()

from tap import Skip, check, check_contains, check_equal, run, test  # noqa: E402

ON = stage.Stage() if stage.is_root() else None


def service(name, variables):
    if ON is None:
        raise Skip("needs root: logins on a stage of their own")
    return ON.service(name, variables)


def failure(*arguments):
    try:
        stage.load(*arguments)
    except RuntimeError as error:
        return str(error)
    return "it went well"


@test("a login is timed and delivers, the first time from AWS and then from the cache")
def pairs():
    service("two", 2)
    position = ON.log.position()
    times = stage.pairs(3, ("login", "two", 2), ("program", 0, stage.EMPTY))
    check_equal([len(column) for column in times], [3, 3])
    check(all(0 < seconds < 30 for column in times for seconds in column), f"seconds: {times}")
    check_equal(ON.sources(position), {"fetched": 1, "cache": 2})


@test("with purge every login fetches")
def purge():
    service("two", 2)
    position = ON.log.position()
    stage.pairs(3, ("login", "two", 2), options=(f"purge={stage.CACHE}",))
    check_equal(ON.sources(position), {"fetched": 3})


@test("a login that lacks a variable is no measurement, whichever program made it")
def undelivered():
    service("two", 2)
    check_contains(failure("bench-pairs", stage.CONFDIR, 1, "login", "two", 3),
                   "did not deliver its 3 variables")
    check_contains(failure("bench-endurance", stage.CONFDIR, "two", 3, 1), "did not deliver")
    check_contains(failure("bench-storm", stage.CONFDIR, "two", 3, 2), "2 of 2 logins did not")


@test("a program that prints no value is no measurement, nor is one that fails")
def program_failing():
    service("two", 2)
    check_contains(failure("bench-pairs", stage.CONFDIR, 1, "program", 2, "/bin/echo", "value"),
                   "did not deliver BENCH_001")
    check_contains(failure("bench-pairs", stage.CONFDIR, 1, "program", 0, "/bin/false"),
                   "ended with status")


@test("a storm of cold logins is counted login by login")
def storm():
    service("two", 2)
    ON.forget_values()
    ON.aws.clear_calls()
    check_equal(len(stage.load("bench-storm", stage.CONFDIR, "two", 2, 20).split()), 20)
    check_equal(len(ON.aws.calls_of("GetParameters")), 1, "calls")


@test("a storm of sessions that are refused ends, and says so")
def storm_refused():
    check_contains(failure("bench-storm", stage.CONFDIR, "other", 0, 3), "3 of 3 logins did not deliver")


@test("peak memory is told of host, helper and fetcher")
def peak():
    service("two", 2)
    output = stage.load("bench-peak", stage.PROGRAMS / "bench-pairs", stage.CONFDIR, 1,
                        f"purge={stage.CACHE}", "login", "two", 2)
    names = {line.split()[0] for line in output.splitlines() if line[0].isalpha()}
    check_equal(names, {"bench-pairs", "ssmenv-helper", "ssmenv-fetch"})


@test("logins in one process leave nothing behind")
def endurance():
    service("two", 2)
    output = stage.load("bench-endurance", stage.CONFDIR, "two", 2, 20)
    check_contains(output, "zombies 0\ndescriptors 0\nresident ")


run()
