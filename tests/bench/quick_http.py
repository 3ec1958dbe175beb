"""A server of HTTP/1.1 that costs little: one thread for each connection, and no more of the protocol than Lambda's runtime and the AWS
SDK use.

`http.server` takes longer for a request than a webhook does for an event.
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from threading import Thread
from typing import BinaryIO

# Fifty functions that start at once open several connections each.
_BACKLOG = 1024
_BUFFER = 65536


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request."""

    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to it."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    def on_the_wire(self) -> bytes:
        headers = self.headers | {"Content-Length": str(len(self.body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n{lines}\r\n".encode() + self.body


class Server:
    """A server on a free port of this machine; `handle` answers, or gives None to close the connection."""

    def __init__(self, handle: Callable[[Request], Answer | None], tls: ssl.SSLContext | None = None):
        self._handle = handle
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Serves until `stop`."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._converse, args=(connection,), daemon=True).start()

    def start(self) -> None:
        """Serves in a thread."""
        Thread(target=self.serve, daemon=True).start()

    def stop(self) -> None:
        # Closing alone would not wake the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _converse(self, connection: socket.socket) -> None:
        try:
            # Nagle's algorithm and delayed acknowledgements would add 40 ms that neither Lambda nor AWS has.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb", buffering=_BUFFER) as stream:
                while request := _read(stream):
                    answer = self._handle(request)
                    if answer is None:
                        return
                    connection.sendall(answer.on_the_wire())
        except OSError:
            pass  # A function that is stopped leaves its connections as they are.
        finally:
            connection.close()


def _read(stream: BinaryIO) -> Request | None:
    line = stream.readline()
    if not line:
        return None
    method, path, _ = line.decode().split(" ", 2)
    headers = {}
    while (line := stream.readline().decode()) not in ("\r\n", ""):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(method, path, headers, _body(stream, headers))


def _body(stream: BinaryIO, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        size = int(headers.get("content-length") or 0)
        body = stream.read(size)
        if len(body) < size:
            raise ConnectionResetError("the client gave up in the middle of a request")
        return body
    body = b""
    while size := int(stream.readline(), 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body
