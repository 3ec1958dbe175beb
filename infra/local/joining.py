"""People who join the demo account by the links in their mails."""

import re

import mail
from console import StepFailed
from demo import send
from settings import LOGS

# Calls that open a session come from the console's own pages, which say so.
CONSOLE = {"x-vestibule-console": "1"}
_COOKIE = "__Host-vestibule"


def join(email: str, name: str, password: str) -> str:
    """Accepts the invitation of somebody, and returns the cookie of their session. Waits for the mail."""
    token = mail.link_to(email).split("#", 1)[1]
    _, headers = send("POST", "/v1/auth/invitation/accept", CONSOLE, {"token": token, "name": name, "password": password})
    session = re.search(rf"{_COOKIE}=[^;]+", "\n".join(headers.get_all("set-cookie") or []))
    if not session:
        raise StepFailed(f"The invitation of {name} opened no session.", log=LOGS / "functions.log")
    return session[0]
