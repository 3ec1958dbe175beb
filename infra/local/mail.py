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
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_WAIT_SECONDS = 90
# Nothing of a mail runs or loads anything. Mails inherit this policy.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# Links of a mail open a page of their own, with all its rights.
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Caught mail of the local stack</title>
<style>
:root{{color-scheme:light dark}}
body{{font:1rem/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}}
article{{border-top:1px solid light-dark(#d4d4d8,#3f3f46);padding:1.5rem 0}}
h2{{font-size:1.15rem;margin:0}}h2,p,pre{{overflow-wrap:anywhere}}
.facts{{margin:0 0 1rem;color:light-dark(#52525b,#a1a1aa)}}
iframe{{width:100%;height:38rem;resize:vertical;border:1px solid light-dark(#d4d4d8,#3f3f46);border-radius:.5rem}}
summary{{cursor:pointer}}pre{{white-space:pre-wrap}}
</style></head><body>
<h1>Caught mail of the local stack</h1>
<p>No mail leaves this machine: the functions sent these, and the emulator kept them. The newest comes first; load the page again for more.</p>
{mails}</body></html>
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
        shown = "\n".join(_article(mail) for mail in reversed(mails)) or "<p>There is no mail yet.</p>"
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
    facts = f"{at}, from {mail['Source']} to {', '.join(mail['To'])}"
    text = _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escape(mail["BodyText"]))
    document = mail["BodyHtml"]
    shown = f"<pre>{text}</pre>"
    if document:
        shown = f"""<iframe sandbox="{_SANDBOX}" srcdoc="{escape(_opening_links(document))}" title="{escape(mail["Subject"])}"></iframe>
<details><summary>As text</summary>{shown}</details>"""
    return f"""<article><h2>{escape(mail["Subject"])}</h2><p class="facts">{escape(facts)}</p>
{shown}</article>"""


def _opening_links(document: str) -> str:
    """The mail, whose links would otherwise open within its frame, where the policy forbids them."""
    return _HEAD.sub(lambda head: f'{head[0]}<base target="_blank">', document, count=1)
