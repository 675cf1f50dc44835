"""AWS's own signers, with the clock of the request: botocore (the aws command line, version 1) and
aws-c-auth (behind AWS's C++ SDK and others; in Python as awscrt). Both come as packages."""

import datetime
import io

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from independent_signer import Signed

try:
    import awscrt
    import awscrt.auth
    import awscrt.http
except ImportError:
    awscrt = None

BOTOCORE = f"botocore {botocore.__version__}"
AWSCRT = f"aws-c-auth (awscrt {awscrt.__version__})" if awscrt else "aws-c-auth"


class _Clock(datetime.datetime):
    now_utc = None

    @classmethod
    def utcnow(cls):
        return cls.now_utc


class _Module:
    datetime = _Clock


def _recording(base):
    """The signer, keeping what it makes on the way."""

    class Recording(base):
        def canonical_request(self, request):
            self.canonical = super().canonical_request(request)
            return self.canonical

        def string_to_sign(self, request, canonical_request):
            self.to_sign = super().string_to_sign(request, canonical_request)
            return self.to_sign

        def signature(self, string_to_sign, request):
            self.made = super().signature(string_to_sign, request)
            return self.made

    return Recording


_HeaderSigner = _recording(botocore.auth.SigV4Auth)
_QuerySigner = _recording(botocore.auth.SigV4QueryAuth)


def botocore_can(request):
    """It always normalises the path, and takes a presigned request's body for parameters."""
    return request.normalise and (request.expires is None or not request.body)


def sign_with_botocore(request, url_query):
    """url_query is the query as botocore wants it: encoded."""
    botocore.auth.datetime = _Module
    _Clock.now_utc = _Clock(*request.time.timetuple()[:6])
    host = next(value for name, value in request.headers if name.lower() == "host")
    headers = HTTPHeaders()
    for name, value in request.headers:
        headers.add_header(name, value)
    sent = AWSRequest(request.method, f"https://{host}{request.path}" +
                      ("?" + url_query if url_query else ""), data=request.body)
    sent.headers = headers
    credentials = Credentials(request.key, request.secret, request.token)
    if request.expires is None:
        signer = _HeaderSigner(credentials, request.service, request.region)
    else:
        signer = _QuerySigner(credentials, request.service, request.region, request.expires)
    signer.add_auth(sent)
    return Signed(signer.canonical, signer.to_sign, signer.made,
                  sent.headers.get("Authorization", ""), sent.url.partition("?")[2])


def sign_with_awscrt(request):
    """The signature."""
    types = awscrt.auth.AwsSignatureType
    config = awscrt.auth.AwsSigningConfig(
        algorithm=awscrt.auth.AwsSigningAlgorithm.V4,
        signature_type=(types.HTTP_REQUEST_HEADERS if request.expires is None else
                        types.HTTP_REQUEST_QUERY_PARAMS),
        credentials_provider=awscrt.auth.AwsCredentialsProvider.new_static(
            request.key, request.secret, request.token),
        region=request.region, service=request.service,
        date=request.time.replace(tzinfo=datetime.timezone.utc),
        should_normalize_uri_path=request.normalise,
        expiration_in_seconds=request.expires)
    target = request.path + ("?" + request.query if request.query else "")
    sent = awscrt.http.HttpRequest(request.method, target,
                                   awscrt.http.HttpHeaders(list(request.headers)),
                                   io.BytesIO(request.body) if request.body else None)
    sent = awscrt.auth.aws_sign_request(sent, config).result(10)
    if request.expires is None:
        return sent.headers.get("Authorization").rpartition("Signature=")[2]
    return sent.path.rpartition("X-Amz-Signature=")[2]
