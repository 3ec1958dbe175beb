#!/usr/bin/env python3
"""The local stack. `make run`, `make stop` and `make clean` call this: `stack.py up [--detach] | stop | tools | peers |
console [--check] | console-tests [argument…] | screenshots [--check | argument…] | pictures`.

It uses only the standard library until its tools are installed, then restarts itself in their environment.
"""

import argparse
import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event

import accounts
import ports
import tools
import web
from console import StepFailed, bold, dim, report, say, step
from files import write_private
from processes import Processes
from settings import ADMIN_EMAIL, AGENT, API, AWS, AWS_ENV_FILE, LOCAL, LOCK_FILE, LOGS, LOOPBACK, MAIL, OPENID, REGION, ROOT, RUN, SIMULATOR, STACK_FILE, TOOLS, WEBHOOK

STOP_SECONDS = 30
COMPANIONS = SIMULATOR_PROGRAM, AGENT_PROGRAM = "simulator", "demo-agent"
# Commands that need a running stack and a browser, and the scripts behind them.
IN_BROWSER = {"console-tests": "test", "screenshots": "screenshots", "pictures": "pictures"}
# Shows an answer of the API to a person.
TABLE = ROOT / "infra" / "scripts" / "table.py"
# People to write as; the page can add more.
DEMO_PEOPLE = ("Ada Lovelace", "Grace Hopper", "Alan Turing")
DEMO_GERMAN = {"name": "Konrad Zuse", "language": "de-DE"}


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs Vestibule on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="build, deploy to the emulator, start everything")
    up.add_argument("--detach", action="store_true", help="return when everything is up, and leave it running")
    up.add_argument("--scale", default=os.environ.get("VESTIBULE_SEED", "1"), help="how many people to put into a second project; 0 leaves it out, and the team")
    commands.add_parser("stop", help="stop a stack that runs detached")
    commands.add_parser("tools", help="install the pinned tools")
    commands.add_parser("peers", help="install what the benchmark measures beside the webhooks")
    console = commands.add_parser("console", help="build the web console if its sources changed")
    console.add_argument("--check", action="store_true", help="check its types and style, and run its unit tests, instead")
    console_tests = commands.add_parser("console-tests", help="try the web console of the running stack in a browser")
    console_tests.add_argument("arguments", nargs=argparse.REMAINDER, help="handed to Playwright, such as a part of a file's name")
    for name, summary in (("screenshots", "take a picture of every page of the console in every state"), ("pictures", "take the pictures of the README")):
        commands.add_parser(name, help=summary).add_argument("arguments", nargs=argparse.REMAINDER, help="handed to Playwright")
    # A remainder that begins with an option is taken for the parser's own unless this stands before it.
    given = sys.argv[1:]
    arguments = parser.parse_args([*given[:1], "--", *given[1:]] if given[:1] and given[0] in IN_BROWSER else given)
    # A closed terminal and `make stop` end a run as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        if arguments.command == "stop":
            return stop()
        prepare_tools()
        if arguments.command == "tools":
            return 0
        if arguments.command == "peers":
            install_peers()
            return 0
        if arguments.command == "console":
            web.check() if arguments.check else build_console()
            return 0
        if arguments.command == "screenshots" and "--check" in arguments.arguments:
            return 0 if web.check_verdicts() else 1
        if arguments.command in IN_BROWSER:
            return 0 if in_browser(arguments.command, [argument for argument in arguments.arguments if argument != "--"]) else 1
        continue_in_tools_environment()
        scale = _scale(arguments.scale)
        return run_detached(scale) if arguments.detach else run(scale, on_up=None)
    except StepFailed as failure:
        report(failure)
        return 1
    except KeyboardInterrupt:
        return 130


def _scale(text: str) -> float:
    """Reads how many people are wanted."""
    try:
        scale = float(text)
    except ValueError:
        scale = -1.0
    if not 0 <= scale <= 1000:
        raise StepFailed(f"SCALE={text} is not a number from 0 to 1000.", "Choose 1 for some hundreds of people, or 0 for none.")
    return scale


def prepare_tools() -> None:
    """Checks this machine, and installs the pinned tools if they are missing or outdated."""
    with _named("Tools"):
        tools.check_machine()
    if not tools.ready():
        with step("Tools", "installing, once; takes a minute"):
            tools.install()


def install_peers() -> None:
    """Installs Slack's frameworks for the benchmark."""
    with step("Slack's frameworks", "installing, once; takes a minute"):
        tools.install_peers()


def run_detached(scale: float) -> int:
    """Starts the stack in another process, and returns when it is up or has failed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.setsid()
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)

        def on_up() -> None:
            log = os.open(LOGS / "stack.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)
            os.write(writer, b"up")
            os.close(writer)

        code = 1
        try:
            code = run(scale, on_up)
        except StepFailed as failure:
            report(failure)
        except KeyboardInterrupt:
            code = 130
        finally:
            sys.stdout.flush()
            os._exit(code)
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as outcome:
            return 0 if outcome.read() == b"up" else 1
    except KeyboardInterrupt:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        return 130


def run(scale: float, on_up) -> int:
    """Starts the stack and runs it until it is stopped."""
    # These need the tools environment, so they cannot be imported at the top.
    import demo
    import demo_admin
    import emulator
    import gateway
    import logs
    import mail
    import openid_provider
    import seed
    import team

    lock = _take_lock()
    processes = Processes()
    function_logs = None
    _clear_run()
    say(bold("Vestibule, local stack"))
    try:
        with step("Ports"):
            ports.check_free()
        build_console()
        build(processes)
        credentials = emulator.Credentials.new()
        with step("Start the AWS emulator"):
            emulator.start(processes, credentials)
        with step("Deploy template.yaml"):
            deployment = emulator.deploy(processes, credentials)
            gateway.serve(deployment.outputs["ApiId"])
        functions = deployment.of_type("AWS::Lambda::Function")
        groups = {group: group.rsplit(f"{emulator.STACK_NAME}-", 1)[-1] for name, group in deployment.of_type("AWS::Logs::LogGroup").items() if name != "ApiLogs"}
        function_logs = logs.FunctionLogs(credentials.client("logs"), groups, LOGS / "functions.log")
        function_logs.start()
        with step("Create the demo project"):
            secret = credentials.client("secretsmanager").get_secret_value(SecretId=deployment.outputs["SetupSecretArn"])
            setup_token = secret["SecretString"]
            client = openid_provider.Client.new()
            made = demo.create(setup_token, client)
        with step("Invite the first admin"):
            mail.serve()
            emulator.invite_first_admin(credentials, deployment)
            first_link = mail.link_to(ADMIN_EMAIL)
        with step("Let the demo admin in"):
            admin = demo_admin.join(made)
        with step("Start simulator and agent"):
            start_companions(processes, made)
        with step("Connect the platforms"):
            demo.connect(made)
        with step("Start the OpenID provider"):
            openid_provider.start(processes, client, made.redirect_uri)
            demo.check_login_method(made)
        seated = filled = None
        if scale:
            with step("Seat the team", "two members and people who write to them; SCALE=0 leaves them out"):
                seated = team.seat(made)
            say(f"    {dim(str(seated))}")
            with step("Fill the project of people", f"{seed.PROJECT}; SCALE=0 leaves it out"):
                filled = seed.fill(made, scale)
            say(f"    {dim(f'{seed.PROJECT}: {filled}')}")
        shown = filled.path if filled else f"/v1/projects/{made.project_id}"
        demo_admin.serve(admin, f"/console/a/{made.account_id}/p/{shown.rsplit('/', 1)[-1]}/requests")
        stack = {
            "api_url": API.url,
            "api_key": made.api_key,
            "setup_token": setup_token,
            "setup_secret_arn": deployment.outputs["SetupSecretArn"],
            "admin_email": ADMIN_EMAIL,
            "first_admin_link": first_link,
            "demo_link": admin.link,
            "demo_name": demo_admin.NAME,
            "mail_url": MAIL.url,
            "openid_url": OPENID.url,
            "openid_client_id": client.id,
            "openid_client_secret": client.secret,
            "login_method_id": made.login_method_id,
            "simulator_url": SIMULATOR.url,
            "agent_url": AGENT.url,
            "webhook_url": WEBHOOK.url,
            "agent_signing_secret": made.agent_signing_secret,
            "account_id": made.account_id,
            "project_id": made.project_id,
            "environment_id": made.environment_id,
            **made.connectors["slack"],
            "connectors": made.connectors,
            "accounts": made.accounts,
            "team": seated.facts if seated else None,
            "region": REGION,
            "aws_endpoint_url": AWS.url,
            "aws_access_key_id": credentials.access_key,
            "aws_secret_access_key": credentials.secret_key,
            "stack_name": emulator.STACK_NAME,
            "table_name": deployment.outputs["TableName"],
            "onboarding_queue_url": deployment.outputs["OnboardingQueueUrl"],
            "onboarding_dlq_url": deployment.outputs["OnboardingDlqUrl"],
            "inbox_queue_url": deployment.outputs["InboxQueueUrl"],
            "inbox_dlq_url": deployment.outputs["InboxDlqUrl"],
            "outgoing_queue_url": deployment.outputs["OutgoingQueueUrl"],
            "outgoing_dlq_url": deployment.outputs["OutgoingDlqUrl"],
            "email_queue_url": deployment.outputs["EmailQueueUrl"],
            "email_dlq_url": deployment.outputs["EmailDlqUrl"],
            "email_events_queue_url": deployment.outputs["EmailEventsQueueUrl"],
            "team_queue_url": deployment.outputs["TeamQueueUrl"],
            "index_queue_url": deployment.outputs["IndexQueueUrl"],
            "routing_queue_url": deployment.outputs["RoutingQueueUrl"],
            "routing_dlq_url": deployment.outputs["RoutingDlqUrl"],
            "events_queue_url": deployment.outputs["EventsQueueUrl"],
            "events_dlq_url": deployment.outputs["EventsDlqUrl"],
            "team_dlq_url": deployment.outputs["TeamDlqUrl"],
            "functions": functions,
            "roles": deployment.of_type("AWS::IAM::Role"),
            "log_groups": deployment.of_type("AWS::Logs::LogGroup"),
        }
        write_private(STACK_FILE, json.dumps(stack, indent=2) + "\n")
        write_private(AWS_ENV_FILE, "".join(f"export {name}={value}\n" for name, value in credentials.environment().items()))
        welcome(stack, seated, detached=on_up is not None)
        if on_up:
            on_up()
        function_logs.follow()
        pause = Event()
        while True:
            processes.check_alive()
            pause.wait(0.5)
    except KeyboardInterrupt:
        say("\nStopping.")
        return 0 if STACK_FILE.exists() else 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if function_logs:
            function_logs.stop()
        processes.stop()
        STACK_FILE.unlink(missing_ok=True)
        AWS_ENV_FILE.unlink(missing_ok=True)
        os.close(lock)


def build_console() -> None:
    """Builds the files of the web console, which cargo then embeds, if their sources changed."""
    if not web.is_current():
        with step("Console", "the first build takes a minute"):
            web.build()


def in_browser(command: str, arguments: list[str]) -> bool:
    """Runs the browser tests of the console against the running stack, or takes its pictures."""
    if not STACK_FILE.exists() and not os.environ.get("VESTIBULE_STACK"):
        failure = StepFailed("No local stack is running.", "Start one by `make run DETACH=1`.")
        failure.step = "Browser"
        raise failure
    return web.show_in_browser(IN_BROWSER[command], arguments)


def build(processes: Processes) -> None:
    """Compiles everything for this machine, and puts the functions where the template expects them."""
    target = built()
    noisy = sys.stdout.isatty()
    log = None if noisy else LOGS / "build.log"
    with step("Build", "the first takes five to fifteen minutes; progress is in .local/run/logs/build.log", noisy):
        # There are no examples, but with --examples cargo chooses dependencies' features as for the tests, so nothing is built twice.
        command = ["cargo", "build", "--locked", "--workspace", "--bins", "--examples"]
        processes.run("cargo build", command, dict(os.environ), log, "Fix the compiler's errors.", ROOT)
        functions = function_names()
        if missing := [name for name in (*functions, *COMPANIONS) if not (target / name).exists()]:
            raise StepFailed(f"The build produced no binary named {', '.join(missing)}.", "Each function in template.yaml and each program of shared/testkit needs one.")
        for function in functions:
            package = ROOT / "target" / "lambda" / function
            shutil.rmtree(package, ignore_errors=True)
            package.mkdir(parents=True)
            _copy_stripped(target / function, package / "bootstrap")


def _copy_stripped(binary: Path, copy: Path) -> None:
    """Copies a binary without debug information, nine tenths of it, because each deployment uploads every function."""
    if subprocess.run(["strip", "-S", "-o", str(copy), str(binary)], check=False).returncode != 0:
        raise StepFailed(f"{binary.name} could not be copied.", "Check that the disk has space, and that `strip` works; it comes with the C compiler.")


def built() -> Path:
    """The folder of cargo's binaries. The development profile is also that of the tests."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug"


def function_names() -> list[str]:
    """The functions in the template."""
    return re.findall(r"CodeUri: target/lambda/([a-z0-9-]+)/", (ROOT / "template.yaml").read_text())


def start_companions(processes: Processes, made) -> None:
    """Starts the stand-ins for the chat platforms and for the agent."""
    configuration = RUN / "simulator.json"
    facts = {
        "workspace_name": "Acme",
        "connectors": made.accounts,
        "users": [*({"name": name} for name in DEMO_PEOPLE), DEMO_GERMAN],
    }
    write_private(configuration, json.dumps(facts, indent=2) + "\n")
    environment = {"PATH": os.environ.get("PATH", ""), "RUST_LOG": "info"}
    programs = (
        ("chat simulator", SIMULATOR, [SIMULATOR_PROGRAM, "--listen", f"{LOOPBACK}:{SIMULATOR.number}", "--api-url", API.url, "--config", str(configuration)]),
        ("demo agent", AGENT, [AGENT_PROGRAM, "--listen", f"{LOOPBACK}:{AGENT.number}", "--signing-secret", made.agent_signing_secret]),
    )
    for name, port, (binary, *arguments) in programs:
        log = LOGS / f"{binary}.log"
        processes.start(name, [str(built() / binary), *arguments], environment, log)
        processes.wait_for(f"An answer from the {name}", lambda number=port.number: ports.is_open(number), 20, log)


def welcome(stack: dict, seated, detached: bool) -> None:
    """Prints the addresses, and commands to try: also those about the team, if there is one."""
    *others, last = (platform.label for platform in accounts.PLATFORMS)
    members = commands = ""
    if seated:
        members = f"""
  {bold("Team")}          {seated.sign_in}
                {dim(f"sign in at the console as one of them; they answer {seated.connector}")}"""
        commands = f"""
{dim("# the team: who has a conversation, and who waits for what")}
CONVERSATIONS={stack["api_url"]}/v1/projects/{stack["project_id"]}/conversations
curl -sS -H "$KEY" "$CONVERSATIONS?view=assigned&order=oldest" | table id person.name case.assigned_to.name case.assigned_at
curl -sS -H "$KEY" "$CONVERSATIONS?view=queue&order=oldest" | table id person.name case.offered_at case.waits_because.code

{dim("# release the oldest; a second later, whoever waits the longest is assigned")}
ID=$(curl -sS -H "$KEY" "$CONVERSATIONS?view=assigned&order=oldest" | table --first id)
curl -sS -H "$KEY" -X POST "$CONVERSATIONS/${{ID:?nobody has a conversation}}/release" | table id case.state
sleep 2; curl -sS -H "$KEY" "$CONVERSATIONS?view=assigned&order=oldest" | table id person.name case.assigned_to.name case.assigned_at
"""
    say(f"""
{bold("Vestibule is up.")}

  {bold(f"Chat as a {', '.join(others)} or {last} user")}: {stack["simulator_url"]}

  {bold("Console")}       {stack["demo_link"]}
                {dim(f"signs you in as {stack['demo_name']}, on this machine only; the console is at {stack['api_url']}/console")}
  {bold("First admin")}   {stack["first_admin_link"]}
                {dim(f"how it begins on AWS: the link in the mail to {stack['admin_email']}; it works once, and for seven days")}
  {bold("Caught mail")}   {stack["mail_url"]}   {dim("nothing leaves this machine")}
  {bold("OpenID")}        {stack["openid_url"]}   {dim("the provider behind the login method Acme; its page takes anybody")}{members}
  {bold("API")}           {stack["api_url"]}/v1/openapi.json
  {bold("API key")}       {stack["api_key"]}
  {bold("AWS emulator")}  {stack["aws_endpoint_url"]}   {dim("for the AWS CLI (version 2), in a terminal of its own:")}
                . .local/aws.env

Write something in the simulator, then approve that person from another terminal:

KEY='Authorization: Bearer {stack["api_key"]}'
REQUESTS={stack["api_url"]}/v1/projects/{stack["project_id"]}/access-requests
table() {{ python3 {shlex.quote(str(TABLE))} "$@"; }}

{dim("# who is waiting, the longest first")}
curl -sS -H "$KEY" "$REQUESTS?status=pending&order=oldest" | table id connector.name user_name preview

{dim("# approve the first of them; for another one, set ID to the id in its line")}
ID=$(curl -sS -H "$KEY" "$REQUESTS?status=pending&order=oldest" | table --first id)
curl -sS -H "$KEY" -H 'Content-Type: application/json' -d '{{"note":"Welcome"}}' "$REQUESTS/${{ID:?nobody is waiting, or the key is that of an earlier start}}/approve" | table id connector.name status processing_note

{dim("# who was approved, and whether the approval notice was sent")}
curl -sS -H "$KEY" "$REQUESTS?status=approved" | table id connector.name user_name notice_status.status
{commands}
{dim("Details in .local/stack.json, logs in .local/run/logs. " + ("make stop stops it." if detached else "Ctrl-C stops it. The functions' logs follow."))}
""")


def stop() -> int:
    """Stops a stack that runs detached or in another terminal."""
    holder = _lock_holder()
    if holder is None:
        say("No local stack is running.")
        return 0
    os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    pause = Event()
    while _lock_holder() is not None:
        if time.monotonic() > deadline:
            raise StepFailed(f"The stack (process {holder}) did not stop within {STOP_SECONDS} s.", f"Run kill -9 {holder}; its child processes end with it.")
        pause.wait(0.1)
    say("The local stack is stopped.")
    return 0


def _take_lock() -> int:
    """Takes the lock of the running stack. The kernel frees it when its holder ends, so it is never stale."""
    LOCAL.mkdir(exist_ok=True)
    lock = os.open(LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        failure = StepFailed(f"A local stack is running already (process {_pid_in(lock)}).", "Run `make stop`, or press Ctrl-C in its terminal.")
        failure.step = "Start"
        raise failure from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _lock_holder() -> int | None:
    try:
        lock = os.open(LOCK_FILE, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid_in(lock)
    finally:
        os.close(lock)
    return None


def _pid_in(lock: int) -> int | None:
    text = os.pread(lock, 20, 0)
    return int(text) if text.isdigit() else None


def _clear_run() -> None:
    """Deletes the files of the last run, whose state was in the emulator's memory."""
    shutil.rmtree(RUN, ignore_errors=True)
    LOGS.mkdir(parents=True)
    STACK_FILE.unlink(missing_ok=True)


def continue_in_tools_environment() -> None:
    """Restarts this program with the Python of the tools."""
    if Path(sys.prefix).resolve() != TOOLS.resolve():
        interpreter = tools.python(TOOLS)
        os.execv(interpreter, [interpreter, *sys.argv])


def _interrupt(*_):
    raise KeyboardInterrupt


class _named:
    """Names the step of a failure, for checks that are too quick to be announced."""

    def __init__(self, name: str):
        self._name = name

    def __enter__(self):
        return self

    def __exit__(self, _, failure, __):
        if isinstance(failure, StepFailed):
            failure.step = failure.step or self._name


if __name__ == "__main__":
    sys.exit(main())
