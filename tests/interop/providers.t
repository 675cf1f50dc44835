#!/usr/bin/python3
"""Where credentials and region come from, provider by provider: the real ssmenv-fetch, sanitized and
behind its sandbox, against the strict fake of what it asks."""

import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "SSMENV_STAGE" not in os.environ:
    os.execv(f"{ROOT}/tests/stage", [f"{ROOT}/tests/stage", "sanitized", sys.executable, __file__])
sys.dont_write_bytecode = True
sys.path[:0] = [f"{ROOT}/tests", f"{ROOT}/tests/interop"]

from cloud import Cloud, keys, write_file  # noqa: E402
from fetcher import parameter  # noqa: E402
from tap import check, check_contains, check_equal, run, test  # noqa: E402

# --- the instance metadata service ----------------------------------------------------------------


@test("an instance's role and region come from its metadata service")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        fetcher = cloud.fetcher(metadata, region=None)
        check_equal(cloud.value(fetcher), "s3cret")
        check_equal(cloud.key_ids, [metadata.session.access_key_id])
        check_equal([question.method for question in metadata.questions],
                    ["PUT", "GET", "GET", "GET"])


@test("version 1 of the metadata service is never spoken")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        for status in (400, 403, 404, 405, 503):
            metadata.questions.clear()
            metadata.fault("/latest/api/token", status, times=3)
            cloud.failure(cloud.fetcher(metadata))
            check_equal({question.method for question in metadata.questions}, {"PUT"})
            metadata.clear_faults()


@test("a token that is refused is asked for once more, not twice")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.fault("/latest/meta-data", 401, times=1)
        check_equal(cloud.value(cloud.fetcher(metadata)), "s3cret")
        check_equal([question.method for question in metadata.questions],
                    ["PUT", "GET", "PUT", "GET", "GET"])
        metadata.fault("/latest/meta-data", 401)
        metadata.questions.clear()
        check_contains(cloud.failure(cloud.fetcher(metadata)), "HTTP status 401")
        check_equal([question.method for question in metadata.questions],
                    ["PUT", "GET", "PUT", "GET"])


@test("a token that expires at once is renewed once for each question")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.token_life = -1
        check_contains(cloud.failure(cloud.fetcher(metadata)), "HTTP status 401")


@test("a metadata service that stumbles is asked again")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.fault("/latest/api/token", 503, times=1)
        metadata.fault("/latest/meta-data/iam", 500, times=2)
        check_equal(cloud.value(cloud.fetcher(metadata)), "s3cret")


@test("after a hop limit that is too small there is no time for another question")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.fault("/latest/api/token", None)
        check_contains(cloud.failure(cloud.fetcher(metadata)), "hop limit")
        check_equal(len(metadata.questions), 1)


def metadata_failure(what, prepare, *parts, **settings):
    @test(f"{what} is an error that says so, after what else was tried")
    def _():
        with Cloud() as cloud, cloud.metadata() as metadata:
            prepare(metadata)
            error = cloud.failure(cloud.fetcher(metadata, **settings))
            for part in ("Unable to locate credentials: tried ", "/credentials", "/config", *parts):
                check_contains(error, part)
            check_equal(cloud.aws.calls, [])


def fault(*arguments):
    return lambda metadata: metadata.fault(*arguments)


ROLE = "/latest/meta-data/iam/security-credentials/app-role"
metadata_failure("a role that vanishes", fault(ROLE, 404), "has no " + ROLE)
metadata_failure("an answer that is no JSON", fault(ROLE, 200, "<html>"), "no JSON object")
metadata_failure("an answer without a key", fault(ROLE, 200, '{"AccessKeyId": "x"}'),
                 "SecretAccessKey is missing")
metadata_failure("a role that is none",
                 fault("/latest/meta-data/iam/security-credentials/", 200, "../../x y"),
                 "names no role")
metadata_failure("a key that would be a header", fault(ROLE, 200, json.dumps(
    {"AccessKeyId": "x\r\ny", "SecretAccessKey": "y"})), "AccessKeyId is empty or has a byte")
metadata_failure("an expiration that is no time", fault(ROLE, 200, json.dumps(
    {"AccessKeyId": "x", "SecretAccessKey": "y", "Expiration": "soon"})), "Expiration is no time")


@test("credentials of an instance that expire within a minute are not used")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.new_session(life=30)
        check_contains(cloud.failure(cloud.fetcher(metadata)), "credentials expire in ")
        metadata.new_session(life=-30)
        check_contains(cloud.failure(cloud.fetcher(metadata)), "credentials have expired")
        check_equal(cloud.aws.calls, [])
        metadata.new_session(life=90)
        check_equal(cloud.value(cloud.fetcher(metadata)), "s3cret")


@test("the region is never derived from the zone's name")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.fault("/latest/meta-data/placement/region", 404)
        error = cloud.failure(cloud.fetcher(metadata, region=None))
        check_contains(error, "no region is configured")
        check_contains(error, "has no /latest/meta-data/placement/region")
        check_equal(cloud.aws.calls, [])
        check(all("zone" not in question.path for question in metadata.questions), "zone was asked")


@test("a region from the metadata service is checked before it becomes part of a host name")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.region = "evil.example/"
        check_contains(cloud.failure(cloud.fetcher(metadata, region=None)), "answers no region")


@test("a profile's region comes before the metadata service's")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        metadata.region = "eu-west-1"
        config = write_file("[default]\nregion = us-east-2\n")
        fetcher = cloud.fetcher(metadata, region=None, config_file=config)
        check_equal(cloud.value(fetcher), "s3cret")


@test("only link-local addresses and this machine are asked for metadata")
def _():
    with Cloud() as cloud:
        for url in ("http://10.0.0.1", "http://metadata.example", "ftp://127.0.0.1", "127.0.0.1"):
            fetcher = cloud.fetcher(ec2_metadata_service_endpoint=url)
            check_contains(cloud.failure(fetcher), "[aws] ec2_metadata_service_endpoint: expected")
        fetcher = cloud.fetcher(ec2_metadata_service_endpoint=None,
                                ec2_metadata_service_endpoint_mode="ipv5")
        check_contains(cloud.failure(fetcher), "ec2_metadata_service_endpoint_mode: expected")



# --- the endpoint of a container ------------------------------------------------------------------


@test("a container's credentials come from the endpoint that [aws] names")
def _():
    with Cloud() as cloud, cloud.container() as container:
        fetcher = cloud.fetcher(container_credentials_full_uri=container.full_uri)
        check_equal(cloud.value(fetcher), "s3cret")
        check_equal(cloud.key_ids, [container.session.access_key_id])


@test("an authorization token is read from its file each time, also behind a symlink")
def _():
    with Cloud() as cloud, cloud.container(authorization="first") as container:
        token = write_file("first\n")
        link = f"{token}.link"
        os.symlink(token, link)
        fetcher = cloud.fetcher(container_credentials_full_uri=container.full_uri,
                                container_authorization_token_file=link)
        check_equal(cloud.value(fetcher), "s3cret")
        with open(token, "w") as file:
            file.write("second")
        check_contains(cloud.failure(fetcher), "refuses the authorization token (HTTP status 401)")
        container.authorization = "second"
        check_equal(cloud.value(fetcher), "s3cret")


@test("a container endpoint that is configured but broken is an error that names it")
def _():
    with Cloud() as cloud, cloud.container() as container, cloud.metadata() as metadata:
        fetcher = cloud.fetcher(metadata, container_credentials_full_uri=container.full_uri)
        for answer, part in (((500, ""), "HTTP status 500"), ((200, "[]"), "no JSON object"),
                             ((200, "{}"), "AccessKeyId is missing"), ((404, ""), "status 404")):
            container.fault("/v1", *answer)
            error = cloud.failure(fetcher)
            check_contains(error, "the endpoint of the container")
            check_contains(error, part)
            container.clear_faults()
        check_equal(metadata.questions, [], "questions to the next provider")


@test("only https, this machine and AWS's own addresses are asked for a container's credentials")
def _():
    with Cloud() as cloud:
        for uri in ("http://10.0.0.1/x", "http://169.254.169.254/x", "http://example.com/x"):
            check_contains(cloud.failure(cloud.fetcher(container_credentials_full_uri=uri)),
                           "container_credentials_full_uri: expected https")
        check_contains(cloud.failure(cloud.fetcher(container_credentials_relative_uri="x")),
                       "container_credentials_relative_uri: expected a path")


def broken_token(what, text, part):
    @test(f"{what} is an error, not a header")
    def _():
        with Cloud() as cloud, cloud.container() as container:
            error = cloud.failure(cloud.fetcher(
                container_credentials_full_uri=container.full_uri,
                container_authorization_token_file=write_file(text)))
            check_contains(error, "[aws] container_authorization_token_file")
            check_contains(error, part)
            check_equal(container.questions, [])


broken_token("a token with a line break", "a\nX-Evil: b\n", "has a line break")
broken_token("a token with a carriage return", "a\rb", "has a line break")
broken_token("an empty token", "\n", "is empty")

# --- a process ------------------------------------------------------------------------------------


def process(cloud, script, **settings):
    program = write_file(f"#!/bin/sh\n{script}\n", 0o755)
    config = write_file(f"[default]\ncredential_process = {program} 'two words' \"a b\"\n")
    return cloud.fetcher(config_file=config, **settings)


@test("a credential_process gives credentials, with its words as a shell would split them")
def _():
    with Cloud() as cloud:
        cloud.aws.add_key("ASIAPROCESS", "secret", "token")
        document = {"Version": 1, "AccessKeyId": "ASIAPROCESS", "SecretAccessKey": "secret",
                    "SessionToken": "token"}
        check = '[ "$#" = 2 ] && [ "$1" = "two words" ] && [ "$2" = "a b" ] || exit 9'
        fetcher = process(cloud, f"{check}\necho '{json.dumps(document)}'")
        check_equal(cloud.value(fetcher), "s3cret")
        check_equal(cloud.key_ids, ["ASIAPROCESS"])


@test("a credential_process runs as _ssmenv without anything that is open or set")
def _():
    with Cloud() as cloud:
        report = write_file("", 0o666)
        script = f"id -un >{report}; ls /proc/self/fd | wc -l >>{report}; env >>{report}; exit 3"
        check_contains(cloud.failure(process(cloud, script)), "it ended with status 3")
        with open(report) as file:
            lines = file.read().split("\n")
        if os.environ["SSMENV_STAGE"]:
            check_equal(lines[0], "_ssmenv")
        check_equal(lines[1].strip(), "4", "descriptors, with that of ls")
        names = {line.partition("=")[0] for line in lines[2:] if line}
        check(names <= {"PATH", "LC_ALL", "PWD", "_", "SHLVL", "OLDPWD"}, names)


def broken_process(what, script, part):
    @test(f"a credential_process {what} is an error that names it")
    def _():
        with Cloud() as cloud, cloud.metadata() as metadata:
            error = cloud.failure(process(cloud, script,
                                          ec2_metadata_service_endpoint=metadata.url),
                                  milliseconds=6000)
            check_contains(error, ":2: credential_process: ")
            check_contains(error, part)
            check("hidden" not in error, error)
            check_equal(metadata.questions, [], "questions to the next provider")


broken_process("that fails", "echo hidden >&2; exit 7", "it ended with status 7")
broken_process("that prints no JSON", "echo hidden", "it printed no JSON object")
broken_process("of another version", 'echo \'{"Version": 2}\'', 'it printed no "Version": 1')
broken_process("whose version is a text", 'echo \'{"Version": "1"}\'', 'no "Version": 1')
broken_process("without a secret", 'echo \'{"Version": 1, "AccessKeyId": "hidden"}\'',
               "SecretAccessKey is missing")
broken_process("that prints without end", "yes hidden", "it printed more than 65536 bytes")
broken_process("that does not end", "exec sleep 1000", "it did not end in time")
broken_process("that is killed", "kill -9 $$", "it was ended by signal 9")

# --- roles ----------------------------------------------------------------------------------------


@test("[aws] role_arn is assumed with whatever credentials were found")
def _():
    with Cloud(tls=True) as cloud, cloud.metadata() as metadata:
        arn = cloud.aws.add_role("params", trust=[metadata.session.access_key_id])
        check_equal(cloud.value(cloud.fetcher(metadata, role_arn=arn)), "s3cret")
        role, name, key_id = cloud.aws.sessions[0]
        check_equal((role, name), (arn, "ssmenv"))
        check_equal(cloud.key_ids, [metadata.session.access_key_id, key_id])


@test("external_id and role_session_name are sent along, and a wrong one is refused")
def _():
    with Cloud() as cloud:
        arn = cloud.aws.add_role("params", external_id="id:1/2=3")
        fetcher = cloud.fetcher(credentials_file=write_file(keys(cloud)), role_arn=arn,
                                external_id="id:1/2=3", role_session_name="login+a@b")
        check_equal(cloud.value(fetcher), "s3cret")
        check_equal(cloud.aws.sessions[0][1], "login+a@b")
        error = cloud.failure(fetcher.with_settings(external_id="other"))
        check_contains(error, f"AccessDenied for sts:AssumeRole on {arn} (request ")
        check_contains(error, "trust policy")


@test("source_profiles are followed, and the last role is the one that asks")
def _():
    with Cloud() as cloud:
        first = cloud.aws.add_role("first", trust=[cloud.aws.access_key_id])
        second = cloud.aws.add_role("path/second", trust=[first], external_id="x y".replace(" ", ""))
        third = cloud.aws.add_role("third", trust=[second])
        config = write_file(f"[default]\nrole_arn = {second}\nsource_profile = one\n"
                            f"external_id = xy\nrole_session_name = a b%u\n"
                            f"[profile one]\nrole_arn = {first}\nsource_profile = base\n"
                            "duration_seconds = 900\n")
        fetcher = cloud.fetcher(config_file=config, credentials_file=write_file(keys(cloud, "base")),
                                role_arn=third)
        check_equal(cloud.value(fetcher), "s3cret")
        check_equal([(role, name) for role, name, _ in cloud.aws.sessions],
                    [(first, "ssmenv"), (second, "a-b-u"), (third, "ssmenv")])
        check_equal([call.request.get("DurationSeconds") for call in cloud.aws.calls[:3]],
                    ["900", None, None])


@test("keys in the profile itself may assume its role")
def _():
    with Cloud() as cloud:
        arn = cloud.aws.add_role("params")
        config = write_file(keys(cloud, role_arn=arn, source_profile="default"))
        check_equal(cloud.value(cloud.fetcher(config_file=config)), "s3cret")
        check_equal(len(cloud.aws.sessions), 1)


@test("credential_source = Ec2InstanceMetadata assumes with the instance's role")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        arn = cloud.aws.add_role("params", trust=[metadata.session.access_key_id])
        config = write_file(f"[default]\nrole_arn = {arn}\n"
                            "credential_source = Ec2InstanceMetadata\n")
        check_equal(cloud.value(cloud.fetcher(metadata, config_file=config)), "s3cret")


@test("credential_source = EcsContainer assumes with the container's role")
def _():
    with Cloud() as cloud, cloud.container() as container:
        arn = cloud.aws.add_role("params", trust=[container.session.access_key_id])
        config = write_file(f"[default]\nrole_arn = {arn}\ncredential_source = EcsContainer\n")
        fetcher = cloud.fetcher(config_file=config,
                                container_credentials_full_uri=container.full_uri)
        check_equal(cloud.value(fetcher), "s3cret")


ROLE_ARN = "arn:aws:iam::111122223333:role/params"


def broken_profile(what, text, *parts):
    @test(f"{what} is an error that names file and line")
    def _():
        with Cloud() as cloud, cloud.metadata() as metadata:
            config = write_file(text.replace("ROLE", f"role_arn = {ROLE_ARN}"))
            error = cloud.failure(cloud.fetcher(metadata, config_file=config))
            for part in parts:
                check_contains(error, part.replace("CONFIG", config))
            check_equal((metadata.questions, cloud.aws.calls), ([], []))


broken_profile("a circle of source_profiles",
               "[default]\nROLE\nsource_profile = a\n[profile a]\nROLE\nsource_profile = b\n"
               "[profile b]\nROLE\nsource_profile = a\n",
               "CONFIG:9: source_profile: profile a is in this chain already", "circle")
broken_profile("a source_profile that does not exist", "[default]\nROLE\nsource_profile = x\n",
               "CONFIG:3: source_profile: there is no profile x")
broken_profile("a profile that is its own source without keys",
               "[default]\nROLE\nsource_profile = default\n",
               "CONFIG:3: source_profile: profile default has no credentials")
broken_profile("credential_source = Environment",
               "[default]\nROLE\ncredential_source = Environment\n",
               "CONFIG:3: credential_source = Environment: a login has no environment")
broken_profile("credential_source = EcsContainer without an endpoint",
               "[default]\nROLE\ncredential_source = EcsContainer\n",
               "CONFIG:3: credential_source = EcsContainer: [aws] container_credentials")
broken_profile("a role that asks for a code",
               "[default]\nROLE\ncredential_source = Ec2InstanceMetadata\nmfa_serial = x\n",
               "CONFIG:4: mfa_serial: nobody is asked for a code")
broken_profile("a duration that is none",
               "[default]\nROLE\ncredential_source = Ec2InstanceMetadata\nduration_seconds = 1h\n",
               "CONFIG:4: duration_seconds: expected a number from 900 to 43200")


@test("a role without its policy names action and role; a role needs a region")
def _():
    with Cloud() as cloud:
        arn = cloud.aws.add_role("params")
        fetcher = cloud.fetcher(credentials_file=write_file(keys(cloud)), role_arn=arn)
        cloud.aws.set_policy({"Effect": "Allow", "Action": "ssm:*", "Resource": "*"})
        check_contains(cloud.failure(fetcher), f"AccessDenied for sts:AssumeRole on {arn}")
        check_contains(cloud.failure(fetcher.with_settings(region=None)),
                       "a role is assumed in a region, and none is known")


@test("external_id without a role is an error")
def _():
    with Cloud() as cloud:
        check_contains(cloud.failure(cloud.fetcher(external_id="12")),
                       "[aws] external_id belongs to a role_arn, which is not set")


# --- web identities -------------------------------------------------------------------------------


@test("the token of a web identity is exchanged without a signature, read anew each time")
def _():
    with Cloud() as cloud:
        arn = cloud.aws.add_role("params", web_identity="eyJ.first/+=")
        token = write_file("eyJ.first/+=\n")
        fetcher = cloud.fetcher(role_arn=arn, web_identity_token_file=token)
        check_equal(cloud.value(fetcher), "s3cret")
        call = cloud.aws.calls_of("AssumeRoleWithWebIdentity")[0]
        check_equal(call.header("authorization"), None)
        with open(token, "w") as file:
            file.write("eyJ.second")
        check_contains(cloud.failure(fetcher), "InvalidIdentityToken for sts:AssumeRoleWithWebIdent")


@test("a profile can name a web identity too")
def _():
    with Cloud() as cloud:
        arn = cloud.aws.add_role("params", web_identity="eyJ.first")
        config = write_file(f"[default]\nrole_arn = {arn}\nrole_session_name = pod\n"
                            f"web_identity_token_file = {write_file('eyJ.first')}\n")
        check_equal(cloud.value(cloud.fetcher(config_file=config)), "s3cret")
        check_equal(cloud.aws.sessions[0][:2], (arn, "pod"))


@test("an identity provider that cannot be reached is asked again")
def _():
    with Cloud() as cloud:
        arn = cloud.aws.add_role("params", web_identity="eyJ.first")
        cloud.aws.fault("AssumeRoleWithWebIdentity", times=2, kind="error",
                        code="IDPCommunicationError")
        check_equal(cloud.value(cloud.fetcher(
            role_arn=arn, web_identity_token_file=write_file("eyJ.first"))), "s3cret")


@test("a web identity that is configured but broken is an error that names it")
def _():
    with Cloud() as cloud:
        check_contains(cloud.failure(cloud.fetcher(web_identity_token_file="/nonexistent/token",
                                                   role_arn=ROLE_ARN)),
                       "[aws] web_identity_token_file: /nonexistent/token: No such file")
        check_contains(cloud.failure(cloud.fetcher(web_identity_token_file="/nonexistent/token")),
                       "[aws] web_identity_token_file: it needs a role_arn beside it")


# --- answers of STS -------------------------------------------------------------------------------


def broken_answer(what, body, part):
    @test(f"{what} of STS is an error without its text")
    def _():
        with Cloud() as cloud:
            arn = cloud.aws.add_role("params")
            cloud.aws.fault("AssumeRole", kind="body", body=body, content_type="text/xml")
            error = cloud.failure(cloud.fetcher(credentials_file=write_file(keys(cloud)),
                                                role_arn=arn))
            check_contains(error, part)
            check("hidden" not in error, error)


broken_answer("a page instead of an answer", "<html>hidden</html>", "is missing in its answer")
broken_answer("an answer without a token",
              "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>hidden</AccessKeyId>"
              "<SecretAccessKey>hidden</SecretAccessKey><Expiration>2038-01-01T00:00:00Z</Expiration>"
              "</Credentials></AssumeRoleResult></AssumeRoleResponse>", "SessionToken is missing")

# --- expiry and clocks ----------------------------------------------------------------------------


@test("credentials that have expired are obtained once more, and the call is repeated once")
def _():
    with Cloud() as cloud, cloud.metadata() as metadata:
        cloud.aws.fault(kind="expired_token", times=1)
        check_equal(cloud.value(cloud.fetcher(metadata)), "s3cret")
        check_equal(len([question for question in metadata.questions
                         if question.path.endswith("/app-role")]), 2)
        cloud.aws.clear_calls()
        cloud.aws.fault(kind="expired_token")
        check_contains(cloud.failure(cloud.fetcher(metadata)), "ExpiredTokenException")
        check_equal(len(cloud.aws.calls), 2)


@test("keys from a file that have expired are not asked for again")
def _():
    with Cloud() as cloud:
        cloud.aws.fault(kind="expired_token")
        check_contains(cloud.failure(cloud.fetcher(credentials_file=write_file(keys(cloud)))),
                       "the credentials have expired: renew them")
        check_equal(len(cloud.aws.calls), 1)


@test("a role's credentials that expire within a minute are not used")
def _():
    with Cloud() as cloud:
        arn = cloud.aws.add_role("params", life=30)
        check_contains(cloud.failure(cloud.fetcher(credentials_file=write_file(keys(cloud)),
                                                   role_arn=arn)), "credentials expire in ")


def clock_test(what, offset, direction):
    @test(f"a clock that is {what} is corrected once from what AWS says, with a warning")
    def _():
        with Cloud(tls=True) as cloud:
            cloud.aws.set_clock(offset)
            arn = cloud.aws.add_role("params")
            fetcher = cloud.fetcher(credentials_file=write_file(keys(cloud)))
            result = fetcher.ask(parameter("/p"))
            check_equal(result.answers[0].value, "s3cret")
            check_equal(len(cloud.aws.calls), 2)
            check_contains(result.warnings[-1], f"seconds {direction} AWS's")
            result = fetcher.with_settings(role_arn=arn).ask(parameter("/p"))
            check_equal(result.answers[0].value, "s3cret")
            check_equal([call.operation for call in cloud.aws.calls[2:]],
                        ["AssumeRole", "AssumeRole", "GetParameters"])


clock_test("behind", 3600, "behind")
clock_test("ahead", -7 * 86400, "ahead of")


@test("a date that is not far off changes nothing, and a wrong secret stays one")
def _():
    with Cloud(tls=True) as cloud:
        cloud.aws.set_clock(200)
        config = keys(cloud).replace(cloud.aws.secret_access_key, "wrong")
        result = cloud.fetcher(credentials_file=write_file(config)).ask(parameter("/p"))
        check_contains(result.errors[0], "InvalidSignatureException")
        check_equal((len(cloud.aws.calls), result.warnings), (1, []))


run()
