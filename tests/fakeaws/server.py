"""The sockets: a threading HTTP server, with TLS or without, in front of FrontEnd."""

from __future__ import annotations

import email.utils
import http.client
import itertools
import socket
import ssl
import struct
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Optional

from .faults import CONNECTION_KINDS
from .front import FrontEnd
from .wire import Reply, Request

BODY_MAX = 1024 * 1024
CONTROL = "/_control/"

Control = Callable[[str, bytes], Reply]
_connections = itertools.count(1)


class SocketPeer:
    """See wire.Peer."""

    def __init__(self, connection: socket.socket, stopped: threading.Event) -> None:
        self._connection = connection
        self._stopped = stopped

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def wait_until_closed(self) -> None:
        """Whatever the client still sends is swallowed."""
        try:
            while self._connection.recv(65536):
                pass
        except OSError:
            pass

    def pause(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def reset(self) -> None:
        """Closing sends RST instead of FIN."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self,
        front: FrontEnd,
        control: Control,
        names: tuple[str, ...],
        port: int = 0,
        context: Optional[ssl.SSLContext] = None,
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.front = front
        self.control = control
        self.context = context
        self.stopped = threading.Event()
        self.handshakes_failed = 0
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self.hosts = frozenset(f"{name}{suffix}" for name in names for suffix in self._suffixes())
        self._thread = threading.Thread(
            target=self.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def _suffixes(self) -> tuple[str, ...]:
        default = 443 if self.context else 80
        return ("",) if self.port == default else (f":{self.port}",)

    def finish_request(self, request: Any, client_address: Any) -> None:
        connection: socket.socket = request
        self._track(connection)
        try:
            fault = None
            with self.front.account.lock:
                fault = self.front.faults.for_connection()
            if fault is not None:
                CONNECTION_KINDS[fault.kind](SocketPeer(connection, self.stopped))
                return
            if self.context is not None:
                self._untrack(connection)
                connection = self.context.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False
                )
                self._track(connection)
                self._handshake(connection)
            Handler(connection, client_address, self)
        except OSError:
            pass  # the client went away: its right
        finally:
            self._untrack(connection)
            connection.close()

    def _handshake(self, connection: ssl.SSLSocket) -> None:
        try:
            connection.do_handshake()
        except OSError:
            with self._guard:
                self.handshakes_failed += 1
            raise

    def _track(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.add(connection)

    def _untrack(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not self.stopped.is_set():
            super().handle_error(request, client_address)

    def close(self) -> None:
        self.stopped.set()
        self.shutdown()
        self.server_close()
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self._thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    def setup(self) -> None:
        super().setup()
        self.number = next(_connections)
        with self.server._guard:
            self.server.connections += 1

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or len(self.raw_requestline) > 65536:
            self.close_connection = True
        elif self.parse_request():
            self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        body = self._read_body()
        if body is None:
            return
        target = self.requestline.split()[1]
        if target.startswith(CONTROL) and self.server.context is None:
            reply = self.server.control(target[len(CONTROL) :], body)
        else:
            reply = self._handle(target, body)
        self._deliver(reply)

    def _read_body(self) -> Optional[bytes]:
        length = self.headers.get("Content-Length", "0" if self.command == "GET" else "")
        if self.headers.get("Transfer-Encoding") or not length.isdecimal():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > BODY_MAX:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                return body
        self.close_connection = True
        return None

    def _handle(self, target: str, body: bytes) -> Reply:
        try:
            # A header's bytes are UTF-8, as the signer wrote them; http.server reads Latin-1.
            headers = tuple(
                (name, value.encode("latin-1").decode("utf-8"))
                for name, value in self.headers.raw_items()
            )
        except UnicodeError:
            return Reply(400)
        if any("\n" in value or "\r" in value for _, value in headers) or "#" in target:
            return Reply(400)
        request = Request(
            self.command, target, headers, body, self.number, self.server.context is not None
        )
        return self.server.front.handle(request, self.server.hosts)

    def _deliver(self, reply: Reply) -> None:
        headers = {
            "Server": "Server",
            "Date": email.utils.formatdate(self.server.front.account.now(), usegmt=True),
            "Content-Length": str(len(reply.body)),
            **reply.headers,
        }
        if "Transfer-Encoding" in headers:
            del headers["Content-Length"]
        phrase = http.client.responses.get(reply.status, "")
        head = (
            f"HTTP/1.1 {reply.status} {phrase}\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            + "\r\n"
        )
        keep = reply.delivery(
            SocketPeer(self.connection, self.server.stopped), head.encode(), reply.body
        )
        if not keep:
            self.close_connection = True
