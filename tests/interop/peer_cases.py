"""What ssmenv-fetch does against any peer that speaks as Parameter Store does: the same cases run
against the fake here and against moto, which other people wrote.

A peer has endpoint, region, put(), put_secret(), add_user() and add_session() as MotoServer has.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fakeaws import FakeAWS  # noqa: E402
from fetcher import (
    DENIED,
    FAILED,
    FOUND,
    MISSING,
    Fetcher,
    children,
    parameter,
    subtree,
)  # noqa: E402
from moto_server import Keys  # noqa: E402
from tap import check, check_contains, check_equal  # noqa: E402

Case = Callable[[Any], None]
# Name, function, and in what moto differs from AWS, so that the case cannot hold there.
CASES: list[tuple[str, Case, str]] = []

READ = ("ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath")


class FakePeer(FakeAWS):
    """The fake, with the few methods by which the cases set up a peer."""

    _numbers = itertools.count(1)

    def put(
        self,
        name: str,
        value: str,
        type: str = "SecureString",
        label: Optional[str] = None,
        **more: Any,
    ) -> int:
        return super().put(name, value, type, labels=[label] if label else [], **more)

    def add_user(self, *actions: str, token: Optional[str] = None) -> Keys:
        keys = Keys(f"AKIA{next(self._numbers):016}", "secret/of+the=user", token)
        self.add_key(*keys, policy={"Effect": "Allow", "Action": list(actions), "Resource": "*"})
        return keys

    def add_session(self, *actions: str) -> Keys:
        return self.add_user(*actions, token="IQoJb3JpZ2luX2VjE//////////wEaCXVzLWVhc3QtMiJH==")


def case(name: str, moto_differs: str = "") -> Callable[[Case], Case]:
    def register(function: Case) -> Case:
        CASES.append((name, function, moto_differs))
        return function

    return register


@contextlib.contextmanager
def fetcher(peer: Any, keys: Keys) -> Iterator[Fetcher]:
    """ssmenv-fetch with these keys in its credentials file."""
    folder = tempfile.mkdtemp(prefix="peer-", dir=os.environ.get("SSMENV_STAGE") or None)
    try:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "credentials")
        lines = [
            "[default]",
            f"aws_access_key_id = {keys.access_key_id}",
            f"aws_secret_access_key = {keys.secret}",
        ]
        if keys.token:
            lines.append(f"aws_session_token = {keys.token}")
        Path(path).write_text("\n".join(lines) + "\n")
        os.chmod(path, 0o640)
        if os.environ.get("SSMENV_STAGE"):
            shutil.chown(path, "root", "_ssmenv")
        yield Fetcher(
            region=peer.region,
            endpoint_url=peer.endpoint,
            credentials_file=path,
            config_file=os.path.join(folder, "none"),
        )
    finally:
        shutil.rmtree(folder)


def ask(peer: Any, keys: Keys, *lookups: Any) -> Any:
    with fetcher(peer, keys) as program:
        return program.ask(*lookups)


# --- values --------------------------------------------------------------------------------------


@case("more parameters than fit into one call all come, each with its own value")
def many(peer: Any) -> None:
    names = [f"/app/n{number:02}" for number in range(23)] + ["PLAIN"]
    for name in names:
        peer.put(name, f"value of {name}", "String" if name.endswith("7") else "SecureString")
    result = ask(peer, peer.add_user(*READ), *map(parameter, names))
    check_equal([answer.value for answer in result.answers], [f"value of {name}" for name in names])


@case("a value comes byte for byte: quotes, newlines, blanks at its ends, other alphabets")
def odd_values(peer: Any) -> None:
    values = {
        "/v/quotes": "\"'\\`$(x)",
        "/v/lines": "a\nb\r\n\tc",
        "/v/blanks": "  x  ",
        "/v/unicode": "päßwörd 🔑 \u2028",
        "/v/json": '{"a": [1, 2]}',
        "/v/sign": "=a=b=",
        "/v/long": "x" * 4096,
    }
    for name, value in values.items():
        peer.put(name, value)
    result = ask(peer, peer.add_user(*READ), *map(parameter, values))
    check_equal([answer.value for answer in result.answers], list(values.values()))


@case("a list is its text")
def string_list(peer: Any) -> None:
    peer.put("hosts", "a,b,c", "StringList")
    check_equal(ask(peer, peer.add_user(*READ), parameter("hosts")).answers[0].value, "a,b,c")


@case("names that do not exist are missing, and the others come")
def missing(peer: Any) -> None:
    peer.put("here", "value")
    result = ask(peer, peer.add_user(*READ), *map(parameter, ("gone", "here", "/not/there")))
    check_equal(result.states, [MISSING, FOUND, MISSING], "states")
    check_equal(result.answers[1].value, "value")


@case("one name plain, by version and by label are three answers")
def selectors(peer: Any) -> None:
    peer.put("key", "one", label="prod")
    peer.put("key", "two")
    peer.put("key", "three")
    names = ("key", "key:2", "key:prod", "key:9", "key:nolabel")
    result = ask(peer, peer.add_user(*READ), *map(parameter, names))
    check_equal(result.states, [FOUND] * 3 + [MISSING] * 2, "states")
    check_equal([answer.value for answer in result.answers[:3]], ["three", "two", "one"])


@case("a name asked for twice, and a member of it, are each answered")
def twice(peer: Any) -> None:
    peer.put("db", '{"user": "app", "port": 5432, "opt": {"ssl": true}}')
    result = ask(
        peer,
        peer.add_user(*READ),
        parameter("db"),
        parameter("db", "/user"),
        parameter("db"),
        parameter("db", "/port"),
        parameter("db", "/opt"),
        parameter("db", "/none"),
    )
    check_equal(result.states, [FOUND] * 5 + [FAILED], "states")
    check_equal([result.answers[i].value for i in (1, 3, 4)], ["app", "5432", '{"ssl":true}'])
    check_contains(result.answers[5].error, "/none", "error")


@case("a parameter comes by its ARN", moto_differs="it knows no ARNs in GetParameters")
def arn(peer: Any) -> None:
    peer.put("/app/key", "value")
    name = f"arn:aws:ssm:{peer.region}:{peer.account}:parameter/app/key"
    result = ask(peer, peer.add_user(*READ), parameter(name), parameter("/app/key"))
    check_equal([answer.value for answer in result.answers], ["value", "value"])


@case(
    "a secret of Secrets Manager comes by its reference",
    moto_differs="it answers with the secret's own name where AWS repeats the reference",
)
def secret(peer: Any) -> None:
    peer.put_secret("prod/db", '{"username":"app"}')
    keys = peer.add_user(*READ, "secretsmanager:GetSecretValue")
    result = ask(peer, keys, parameter("/aws/reference/secretsmanager/prod/db", "/username"))
    check_equal(result.answers[0].value, "app")


# --- imports -------------------------------------------------------------------------------------


@case("an import has one level, or all of them, and nothing that only begins alike")
def imports(peer: Any) -> None:
    for name in ("/app/a", "/app/b/c", "/app/b/d/e", "/apple", "/application/x"):
        peer.put(name, name.upper())
    result = ask(
        peer, peer.add_user(*READ), children("/app/"), subtree("/app/"), children("/none/")
    )
    check_equal(result.answers[0].values, {"/app/a": "/APP/A"}, "one level")
    check_equal(set(result.answers[1].values), {"/app/a", "/app/b/c", "/app/b/d/e"}, "all levels")
    check_equal(result.answers[2].values, {}, "nothing there")


for count in (9, 10, 11, 20, 25):

    @case(f"an import of {count} parameters is whole")
    def pages(peer: Any, count: int = count) -> None:
        expected = {f"/app/n{number:02}": str(number) for number in range(count)}
        for name, value in expected.items():
            peer.put(name, value)
        result = ask(peer, peer.add_user(*READ), children("/app/"))
        check_equal(result.answers[0].values, expected, "entries")


# --- keys and policies ---------------------------------------------------------------------------


@case("temporary keys work with their session token")
def session(peer: Any) -> None:
    peer.put("x", "value")
    check_equal(ask(peer, peer.add_session(*READ), parameter("x")).answers[0].value, "value")


def check_no_verdict(result: Any, *codes: str) -> None:
    """Every answer says that AWS refused the caller, with one of these codes, not the parameter."""
    check_equal(set(result.states), {FAILED}, "states")
    for error in result.errors:
        check(any(code in error for code in codes), f"none of {codes} in {error}")


@case("temporary keys with another session token are no verdict about a parameter")
def wrong_token(peer: Any) -> None:
    peer.put("x", "value")
    keys = peer.add_session(*READ)._replace(token="IQoJb3JpZ2luX2VjE//another==")
    result = ask(peer, keys, parameter("x"), children("/app/"))
    check_no_verdict(result, "UnrecognizedClientException", "InvalidClientTokenId")


@case("a wrong secret is no verdict about a parameter")
def wrong_secret(peer: Any) -> None:
    peer.put("x", "value")
    keys = peer.add_user(*READ)._replace(secret="wrong")
    result = ask(peer, keys, parameter("x"), parameter("gone"), children("/app/"))
    check_no_verdict(result, "InvalidSignatureException", "SignatureDoesNotMatch")


@case("an unknown key is no verdict about a parameter")
def unknown_key(peer: Any) -> None:
    result = ask(peer, Keys("AKIAUNKNOWN000000000", "secret"), parameter("x"))
    check_no_verdict(result, "UnrecognizedClientException", "InvalidClientTokenId")


@case("a policy that grants only ssm:GetParameter is enough for names, not for an import")
def get_parameter_only(peer: Any) -> None:
    for name in ("a", "b", "/c"):
        peer.put(name, f"value of {name}")
    result = ask(
        peer,
        peer.add_user("ssm:GetParameter"),
        *map(parameter, ("a", "b", "/c", "gone")),
        children("/app/"),
    )
    check_equal(result.states, [FOUND] * 3 + [MISSING, DENIED], "states")
    check_equal(
        [answer.value for answer in result.answers[:3]], [f"value of {n}" for n in ("a", "b", "/c")]
    )
    check_contains(result.answers[4].error, "ssm:GetParametersByPath", "error")


@case("a policy that grants only ssm:GetParameters is enough for names")
def get_parameters_only(peer: Any) -> None:
    peer.put("a", "value")
    result = ask(peer, peer.add_user("ssm:GetParameters"), parameter("a"), parameter("gone"))
    check_equal(result.states, [FOUND, MISSING], "states")


@case("a policy that grants nothing denies every name, also one that does not exist")
def nothing_granted(peer: Any) -> None:
    peer.put("x", "value")
    result = ask(
        peer,
        peer.add_user("ssm:DescribeParameters"),
        parameter("x"),
        parameter("gone"),
        subtree("/app/"),
    )
    check_equal(result.states, [DENIED] * 3, "states")
