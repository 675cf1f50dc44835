"""What ssmenv-fetch must do against any server that speaks for AWS: fetch.t runs these cases against
the strict fake, moto.t against moto with its IAM checks on.

A case is a function of a cloud, which has put(name, value, type), label(name, version, label),
put_secret(name, value), region, and fetcher(statements) for a key with that policy (None: all).
"""

from fetcher import (DENIED, FAILED, FOUND, MISSING, Fetcher, children, parameter,  # noqa: F401
                     subtree)
from tap import check, check_contains, check_equal

CASES = []

VALUES = {
    "/values/plain": "s3cret",
    "/values/newlines": "-----BEGIN KEY-----\nabc\n-----END KEY-----\n",
    "/values/quotes": "a\"b'c\\d$e`f;g|h",
    "/values/blanks": "  in front and behind \t ",
    "/values/unicode": "naïve – 日本語 – 😀",
    "/values/json": '{"user": "me", "n": [1, 2.50, 12345678901234567890]}',
    "/values/equals": "a=b=c",
    "/values/control": "\x01\x1b[31m\x7f",
    "/values/long": "x" * 4096,
}


def case(name):
    def register(function):
        CASES.append((name, function))
        return function

    return register


def allow(*actions):
    return [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]


def put_all(cloud, values, type="SecureString"):
    for name, value in values.items():
        cloud.put(name, value, type)


@case("values arrive byte by byte, whatever their type")
def _(cloud):
    put_all(cloud, VALUES)
    cloud.put("DB_USER", "not a path", "String")
    cloud.put("/values/list", "a,b,c", "StringList")
    wanted = {**VALUES, "DB_USER": "not a path", "/values/list": "a,b,c"}
    result = cloud.fetcher().ask(*map(parameter, wanted))
    check_equal([answer.value for answer in result.answers], list(wanted.values()))
    check_equal([answer.entries[0][0] for answer in result.answers], list(wanted))
    check_equal(result.warnings, [])


@case("answers stand in the order of the lookups, not of the server's answers")
def _(cloud):
    values = {f"/order/{name}": name for name in "qwertyuiopasdfghjklzxcvbnm"}
    put_all(cloud, values)
    result = cloud.fetcher().ask(*map(parameter, values))
    check_equal([answer.value for answer in result.answers], list(values.values()))


@case("a parameter that does not exist is missing, the others are found")
def _(cloud):
    cloud.put("/there", "x")
    result = cloud.fetcher().ask(parameter("/missing/a"), parameter("/there"),
                                 parameter("/missing/b"))
    check_equal(result.states, [MISSING, FOUND, MISSING])
    check_equal(result.errors[0], f"/missing/a does not exist in {cloud.region}")


@case("versions and labels select")
def _(cloud):
    for value in ("one", "two", "three"):
        cloud.put("/versions", value)
    cloud.label("/versions", 2, "prod")
    names = ["/versions:1", "/versions:2", "/versions:prod", "/versions", "/versions:3"]
    result = cloud.fetcher().ask(*map(parameter, names))
    check_equal([answer.value for answer in result.answers], ["one", "two", "two", "three", "three"])


@case("a version or label that does not exist is missing")
def _(cloud):
    cloud.put("/versions", "one")
    result = cloud.fetcher().ask(parameter("/versions:9"), parameter("/versions:nolabel"),
                                 parameter("/versions"))
    check_equal(result.states, [MISSING, MISSING, FOUND])


@case("an import of children takes one level, of a subtree every level, over many pages")
def _(cloud):
    level = {f"/import/p{number:02}": f"v{number}" for number in range(23)}
    below = {"/import/deep/one": "1", "/import/deep/er/two": "2"}
    put_all(cloud, {**level, **below, "/importer": "no", "/imports/x": "no"})
    result = cloud.fetcher().ask(children("/import/"), subtree("/import/"), children("/import/deep/"))
    check_equal(result.answers[0].values, level)
    check_equal(result.answers[1].values, {**level, **below})
    check_equal(result.answers[2].values, {"/import/deep/one": "1"})


@case("an import whose last page is empty ends there")
def _(cloud):
    values = {f"/full/p{number}": "v" for number in range(20)}
    put_all(cloud, values)
    check_equal(cloud.fetcher().ask(children("/full/")).answers[0].values, values)


@case("an import that finds nothing is found, and empty")
def _(cloud):
    result = cloud.fetcher().ask(children("/nothing/here/"), subtree("/nothing/there/"))
    check_equal([answer.values for answer in result.answers], [{}, {}])


@case("members of JSON values are selected, the whole parameter is asked once")
def _(cloud):
    cloud.put("/json", '{"user": "me", "big": 12345678901234567890, "list": [1, {"a/b": true}]}')
    pointers = {"/user": "me", "/big": "12345678901234567890", "/list": '[1,{"a/b":true}]',
                "/list/1/a~1b": "true"}
    result = cloud.fetcher().ask(*(parameter("/json", pointer) for pointer in pointers))
    check_equal([answer.value for answer in result.answers], list(pointers.values()))


@case("a secret of Secrets Manager is reached through its reference")
def _(cloud):
    cloud.put_secret("prod/db", '{"username": "me", "password": "s3cret"}')
    name = "/aws/reference/secretsmanager/prod/db"
    result = cloud.fetcher().ask(parameter(name, "/username"), parameter(name, "/password"))
    check_equal([answer.value for answer in result.answers], ["me", "s3cret"])


@case("where only ssm:GetParameter is granted everything is fetched, and a warning says what to do")
def _(cloud):
    values = {f"/single/p{number}": f"v{number}" for number in range(25)}
    put_all(cloud, values)
    fetcher = cloud.fetcher(allow("ssm:GetParameter"))
    result = fetcher.ask(*map(parameter, values), parameter("/single/missing"))
    check_equal([answer.value for answer in result.answers[:-1]], list(values.values()))
    check_equal(result.states[-1], MISSING)
    check_equal(len(result.warnings), 1, "number of warnings")
    check_contains(result.warnings[0], "run ssmenv policy")


@case("where nothing is granted each name is denied, with the action and the resource")
def _(cloud):
    cloud.put("/denied/a", "x")
    fetcher = cloud.fetcher(allow("ssm:DescribeParameters"))
    result = fetcher.ask(parameter("/denied/a"), parameter("/denied/b"), children("/denied/"))
    check_equal(result.states, [DENIED, DENIED, DENIED])
    for error, action, arn in zip(result.errors,
                                  ["ssm:GetParameters on /denied/a", "ssm:GetParameters on /denied/b",
                                   "ssm:GetParametersByPath on /denied/"],
                                  ["parameter/denied/a", "parameter/denied/b", "parameter/denied"]):
        check_contains(error, action)
        check_contains(error, "the policy lacks this action on "
                              f"arn:aws:ssm:{cloud.region}:*:{arn}")
    check_equal(result.warnings, [])


@case("a key that AWS does not know fails every lookup with the same text")
def _(cloud):
    cloud.put("/there", "x")
    result = cloud.fetcher_with("AKIAUNKNOWNUNKNOWN00", "secret").ask(
        *(parameter(f"/p{number}") for number in range(25)), children("/x/"))
    check_equal(set(result.states), {FAILED})
    check_equal(len(set(result.errors)), 1, "number of texts")
    check_contains(result.errors[0], "AWS does not know this access key")


@case("a wrong secret fails every lookup, and the text speaks of the clock too")
def _(cloud):
    result = cloud.fetcher_with(cloud.access_key_id, "wrong").ask(parameter("/a"), parameter("/b"))
    check_equal(set(result.states), {FAILED})
    check_contains(result.errors[0], "check the secret key and this machine's clock")
    check(result.errors[0] == result.errors[1], "the texts differ")
