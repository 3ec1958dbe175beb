"""A loopback reverse proxy that gives the API a constant address instead of the emulator's changing execute-api path.

Bodies pass unchanged in both directions, because webhook signatures cover the raw bytes.
"""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

from settings import API, AWS, LOOPBACK

MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's own limit
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def serve(api_id: str) -> ThreadingHTTPServer:
    """Starts forwarding the API port to one API of the emulator."""
    handler = type("Handler", (_Handler,), {"base": f"/_aws/execute-api/{api_id}/$default"})
    server = _Server((LOOPBACK, API.number), handler)
    threading.Thread(target=server.serve_forever, daemon=True, name="gateway").start()
    return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """Ignores callers that hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 75
    base = ""

    def log_message(self, format, *args):  # noqa: A002 (the base class names it)
        """Logs nothing, because the functions log API calls."""

    def _forward(self):
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not length.isdigit():
            return self._refuse(411, "Send the body with a Content-Length.")
        if int(length) > MAX_BODY_BYTES:
            return self._refuse(413, "Request Entity Too Large")
        body = self.rfile.read(int(length))
        upstream = http.client.HTTPConnection(LOOPBACK, AWS.number, timeout=35)
        try:
            upstream.putrequest(self.command, self.base + quote(self.path, safe=_PRINTABLE, encoding="latin-1"), skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    upstream.putheader(name, value.encode("latin-1"))
            upstream.endheaders(body or None)
            response = upstream.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            return self._refuse(503, "Service Unavailable")
        finally:
            upstream.close()
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _refuse(self, status: int, message: str):
        content = f'{{"message":"{message}"}}'.encode()
        self.close_connection = True
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _forward
