"""A name server for the stage's own network."""

import socket
import subprocess
import threading

from tap import needs_root


class NameServer:
    """DNS on 127.0.0.1:53 of the stage: 127.0.0.1 for names in known, NXDOMAIN for others; silent
    where told so."""

    def __init__(self, folder, known=(), silent=False):
        needs_root()
        self.known, self.silent, self.asked = known, silent, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.resolver = f"{folder}/resolv.conf"
        with open(self.resolver, "w") as resolver:
            resolver.write("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", self.resolver, "/etc/resolv.conf"], check=True)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            query, address = self.socket.recvfrom(4096)
            if not query:
                return
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            name, wants_v4 = ".".join(labels), query[at + 1:at + 3] == b"\0\1"
            self.asked.append(name)
            known = name in self.known
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if known and wants_v4 else b""
            head = query[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1" + (
                b"\0\1" if answer else b"\0\0") + b"\0\0\0\0"
            if not self.silent:
                self.socket.sendto(head + query[12:at + 5] + answer, address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "/etc/resolv.conf"], check=True)
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()
