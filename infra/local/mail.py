"""The mails that the emulator caught instead of sending, and a page that shows them."""

import json
import re
import threading
import time
import urllib.request
from datetime import datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from console import StepFailed
from settings import AWS, LOGS, LOOPBACK, MAIL

_LINK = re.compile(r"https?://\S+")
_WAIT_SECONDS = 90
# Nothing of a mail runs or loads anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mails of the local stack</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}}
article{{border-top:1px solid #ccc;padding:1rem 0}}pre{{white-space:pre-wrap;overflow-wrap:anywhere}}</style>
<h1>Mails of the local stack</h1><p>Nothing was sent. The newest mail comes first.</p>
{mails}</html>
"""


def caught() -> list[dict]:
    """Every mail that the functions sent, the oldest first."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{AWS.url}/_ministack/ses/messages", timeout=10) as response:
        of_accounts = json.load(response)["messages"]
    mails = [mail for of_account in of_accounts.values() for mail in of_account]
    return sorted(mails, key=lambda mail: mail["Timestamp"])


def link_to(address: str) -> str:
    """The link in the first mail to this address. Waits for the mail."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        for mail in caught():
            if any(address in to for to in mail["To"]):
                links = [link for link in _LINK.findall(mail["BodyText"]) if "#" in link]
                if links:
                    return links[0]
        time.sleep(0.3)
    raise StepFailed(f"No mail to {address} within {_WAIT_SECONDS} seconds.", "See sweeper, worker-team and worker-email in the log.", LOGS / "functions.log")


def serve() -> ThreadingHTTPServer:
    """Starts the page of the mails."""
    server = ThreadingHTTPServer((LOOPBACK, MAIL.number), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True, name="mail").start()
    return server


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format, *args):  # noqa: A002 (the base class names it)
        """Logs nothing."""

    def do_GET(self):  # noqa: N802 (the base class names it)
        # Other names of this machine would let a page of another site read the links.
        if self.headers.get("host") not in (f"{LOOPBACK}:{MAIL.number}", f"localhost:{MAIL.number}"):
            return self._answer(421, "text/plain", "Open the page at its own address.")
        if self.path != "/":
            return self._answer(404, "text/plain", "The mails are at /.")
        try:
            mails = caught()
        except (OSError, ValueError) as error:
            return self._answer(503, "text/plain", f"The emulator did not answer: {error}")
        shown = "\n".join(_article(mail) for mail in reversed(mails)) or "<p>No mail yet.</p>"
        return self._answer(200, "text/html", _PAGE.format(mails=shown))

    def _answer(self, status: int, kind: str, text: str):
        content = text.encode()
        self.send_response_only(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)


def _article(mail: dict) -> str:
    at = datetime.fromtimestamp(mail["Timestamp"]).strftime("%H:%M:%S")
    text = _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escape(mail["BodyText"]))
    return f"<article><h2>{escape(mail['Subject'])}</h2><p>{at}, to {escape(', '.join(mail['To']))}</p><pre>{text}</pre></article>"
