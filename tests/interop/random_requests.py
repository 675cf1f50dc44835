"""Requests to sign, many and odd ones, the same for the same seed: headers in any order and case,
queries in several spellings, UTF-8, repeated blanks, session tokens, empty bodies."""

import datetime
import string
from dataclasses import dataclass
from urllib.parse import quote

from independent_signer import Request

UNRESERVED = "-._~"
TOKEN_BYTES = "!#$%&'*+-.^_`|~" + string.digits + string.ascii_letters
# Letters of one to four bytes, none of which str.split() takes for a blank.
LETTERS = string.ascii_letters + string.digits + "äßéñ€ሴ漢𝄞"
# Neither what ends a header, nor blanks, which are added apart.
VISIBLE = [c for c in map(chr, range(0x21, 0x7f))] + list("äßéñ€ሴ漢𝄞")
# Signed by none of the signers compared.
UNSIGNED = ["Expect", "User-Agent", "X-Amzn-Trace-Id"]
RESERVED = ["host", "authorization", "x-amz-date", "x-amz-security-token", "te"]


@dataclass(frozen=True)
class Made:
    request: Request
    encoded_query: str  # the request's query as a client that encodes everything spells it


class Maker:
    """No target has a plain ':', because aws-c-auth takes what stands before :/ for a scheme."""

    def __init__(self, random):
        self.random = random

    def _word(self, letters, longest, shortest=0):
        return "".join(self.random.choices(letters, k=self.random.randint(shortest, longest)))

    def _any_case(self, text):
        return "".join(self.random.choice([c.lower(), c.upper()]) for c in text)

    def _value(self):
        words = [self._word(VISIBLE, 12, 1) for _ in range(self.random.randint(0, 5))]
        blanks = [self._word(" \t", 3, 1) for _ in words]
        text = "".join(word + blank for word, blank in zip(words, blanks))
        if self.random.random() < 0.2:
            text = f'"{text}"'
        return self.random.choice(["", " ", "\t  "]) + text

    def _header_name(self):
        if self.random.random() < 0.1:
            return self._any_case(self.random.choice(UNSIGNED))
        name = self._word(TOKEN_BYTES, 12, 1)
        return f"X{name}" if name.lower() in RESERVED else name

    def _headers(self, host):
        headers = [(self._header_name(), self._value()) for _ in range(self.random.randint(0, 6))]
        if headers and self.random.random() < 0.4:
            name, _ = self.random.choice(headers)
            headers.append((self._any_case(name), self._value()))
        headers.append((self._any_case("host"), host))
        self.random.shuffle(headers)
        return tuple(headers)

    def _host(self):
        host = self.random.choice(["ssm.us-east-2.amazonaws.com", "127.0.0.1", "a.b-c.example"])
        return host + self.random.choice(["", ":4566", ":8443"])

    def _spell(self, text):
        """The same text as careless clients write it into a query."""
        spelt = ""
        for c in text:
            ways = [quote(c, safe=UNRESERVED), quote(c, safe=UNRESERVED).lower(),
                    "".join(f"%{byte:02X}" for byte in c.encode())]
            if c in LETTERS or c in "+/@!$'()*,;":
                ways.append(c)
            elif c == " ":
                ways.append(" ")
            spelt += self.random.choice(ways) if len(c.encode()) > 1 or not c.isalnum() else c
        return spelt

    def _query(self, repeat):
        names = list(dict.fromkeys(self._word(LETTERS + " +/=&%-._~:\n", 8, 1)
                                   for _ in range(self.random.randint(0, 5))))
        if repeat and names and self.random.random() < 0.4:
            names.append(self.random.choice(names))
        sent, encoded = [], []
        for name in names:
            value = self._word(LETTERS + " +/=&%-._~:\t\"", 10)
            bare = not value and self.random.random() < 0.5
            sent.append(self._spell(name) + ("" if bare else "=" + self._spell(value)))
            encoded.append(quote(name, safe=UNRESERVED) +
                           ("" if bare else "=" + quote(value, safe=UNRESERVED)))
        return "&".join(sent), "&".join(encoded)

    def _path(self):
        if self.random.random() < 0.4:
            return "/"
        segments = [self.random.choice(["", ".", "..", self._word(LETTERS + "-._~%+ @", 8)])
                    for _ in range(self.random.randint(1, 6))]
        return "/" + "/".join(segments)

    def make(self, presigned=False, body=True, normalise=True, repeat=True):
        query, encoded = self._query(repeat)
        host = self._host()
        moment = datetime.datetime(2000, 1, 1) + datetime.timedelta(
            seconds=self.random.randrange(40 * 365 * 86400))
        content = self._word(LETTERS + ' {}":,[]\n', 60) if body else ""
        return Made(Request(
            method=self.random.choice(["GET", "POST", "PUT", "DELETE", "HEAD"]),
            path=self._path(), query=query, headers=self._headers(host), body=content.encode(),
            key="AKIA" + self._word(string.ascii_uppercase + string.digits, 28, 12),
            secret=self._word(string.ascii_letters + string.digits + "+/=", 60, 1),
            token=self.random.choice([None, self._word(string.ascii_letters + "+/=", 700, 1)]),
            region=self.random.choice(["us-east-1", "eu-central-1", "us-gov-west-1"]),
            service=self.random.choice(["ssm", "sts", "secretsmanager", "rds-db"]), time=moment,
            normalise=normalise,
            expires=self.random.randint(1, 604800) if presigned else None), encoded)
