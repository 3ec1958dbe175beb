"""The demo admin: a super admin of the demo account, and the address that signs a browser in as them.

It calls the API's own sign-in with the admin's password, which is new in every run, and hands the session's cookie to the browser: cookies belong
to a host, whatever the port. The product knows nothing of it.
"""

import secrets
import threading
from dataclasses import dataclass
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import joining
from console import StepFailed
from demo import Demo, call, send
from settings import API, DEMO, LOOPBACK

EMAIL = "demo@example.com"
NAME = "Demo Admin"


@dataclass(frozen=True)
class DemoAdmin:
    """The login of the demo admin, and the secret of their address."""

    password: str
    secret: str

    @property
    def link(self) -> str:
        """Opens the console, signed in."""
        return f"{DEMO.url}/{self.secret}"


def join(made: Demo) -> DemoAdmin:
    """Invites the demo admin, and accepts. Needs the page of the mails."""
    admin = DemoAdmin(password=secrets.token_urlsafe(15), secret=secrets.token_urlsafe(24))
    call("POST", "/v1/invitations", made.api_key, {"email": EMAIL, "name": NAME, "role": "super_admin"})
    joining.join(EMAIL, NAME, admin.password)
    return admin


def serve(admin: DemoAdmin, page: str) -> ThreadingHTTPServer:
    """Starts the address, which leads to this page of the console."""
    handler = type("Handler", (_Handler,), {"admin": admin, "page": f"{API.url}{page}"})
    server = ThreadingHTTPServer((LOOPBACK, DEMO.number), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True, name="demo-admin").start()
    return server


class _Handler(BaseHTTPRequestHandler):
    admin: DemoAdmin
    page = ""

    def log_message(self, format, *args):  # noqa: A002 (the base class names it)
        """Logs nothing."""

    def do_GET(self):  # noqa: N802 (the base class names it)
        # The console would not get the cookie of another name of this machine.
        if self.headers.get("host") != f"{LOOPBACK}:{DEMO.number}":
            return self._answer(421, "Open the printed link at its own address.")
        if not compare_digest(self.path.encode(), f"/{self.admin.secret}".encode()):
            return self._answer(404, "The link is that of another start. Copy the printed one again.")
        device = {"user-agent": self.headers.get("user-agent", "")}
        try:
            _, headers = send("POST", "/v1/auth/sign-in", joining.CONSOLE | device, {"email": EMAIL, "password": self.admin.password})
        except StepFailed as failure:
            return self._answer(502, f"The sign-in failed. {failure}")
        cookies = [("Set-Cookie", cookie) for cookie in headers.get_all("set-cookie") or []]
        return self._answer(303, "", ("Location", self.page), *cookies)

    def _answer(self, status: int, text: str, *headers: tuple[str, str]):
        content = text.encode()
        self.send_response_only(status)
        for name, value in (*headers, ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)
