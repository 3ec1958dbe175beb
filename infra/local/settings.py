"""Paths, ports and settings of the local stack."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from console import StepFailed

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
INSTALLER = LOCAL / "installer"
TOOLS = LOCAL / "tools"
EMULATOR = LOCAL / "emulator"
COMPAT = LOCAL / "compat"
API_CALLS = LOCAL / "api"
BENCH_PYTHON = LOCAL / "bench-python"
TOOLS_LIST = ROOT / "infra" / "local" / "requirements-tools.txt"
BENCH_NODE = ROOT / "tests" / "bench" / "bolt" / "node"
BROWSER_TESTS = ROOT / "tests" / "console"
OPENID_PROVIDER = ROOT / "infra" / "local" / "openid"
WEB = ROOT / "functions" / "console" / "web"
RUN = LOCAL / "run"
LOGS = RUN / "logs"
STACK_FILE = LOCAL / "stack.json"
AWS_ENV_FILE = LOCAL / "aws.env"
LOCK_FILE = LOCAL / "stack.lock"

STACK_NAME = "vestibule"
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Port:
    """A port of the stack, and the variable that changes it."""

    purpose: str
    variable: str
    default: int

    @property
    def number(self) -> int:
        text = os.environ.get(self.variable, "") or str(self.default)
        if not text.isdigit() or not 1024 <= int(text) <= 65535:
            raise StepFailed(f"{self.variable}={text} is not a port number from 1024 to 65535.", f"Choose another port, or unset {self.variable}.")
        return int(text)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.number}"


API = Port("API", "VESTIBULE_API_PORT", 9080)
SIMULATOR = Port("chat simulator", "VESTIBULE_SIMULATOR_PORT", 9400)
AGENT = Port("demo agent", "VESTIBULE_AGENT_PORT", 9401)
AWS = Port("AWS emulator", "VESTIBULE_AWS_PORT", 4566)
MAIL = Port("caught mails", "VESTIBULE_MAIL_PORT", 9402)
OPENID = Port("OpenID provider", "VESTIBULE_OPENID_PORT", 9403)
DEMO = Port("demo admin's sign-in", "VESTIBULE_DEMO_PORT", 9404)
# Nothing of the stack listens here: the browser tests do, to hear what webhooks are sent.
WEBHOOK = Port("receiver of webhooks in tests", "VESTIBULE_WEBHOOK_PORT", 9405)
PORTS = (API, SIMULATOR, AGENT, AWS, MAIL, OPENID, DEMO, WEBHOOK)

# The first admin of the stack, and the address from which its mails come. Nothing is sent anywhere.
ADMIN_EMAIL = "admin@example.com"
ADMIN_NAME = "Admin"
MAIL_FROM = "vestibule@example.com"


def log_level() -> str:
    """Log level of the functions: LOG_LEVEL, or INFO."""
    return os.environ.get("LOG_LEVEL", "").upper() or "INFO"


def lambda_architecture() -> str:
    """Lambda's name for this machine's processor, on which the functions run."""
    return {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
