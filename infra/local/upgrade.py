#!/usr/bin/env python3
"""Deploys this tree over a running local stack of an earlier release, with traffic: `make upgrade-test`; `FROM=tag` for another release.

It asserts that no message is lost or answered twice, that nobody gets a 5xx but those whom the changelog warns, and that all data is there
afterwards. Both releases are built, each into a folder of its own below .local/upgrade; the first run takes as long as two cold builds.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import stack as local_stack
from console import StepFailed, bold, dim, report, say, step
from settings import LOCAL, LOGS, ROOT

UPGRADES = LOCAL / "upgrade"
TREE = UPGRADES / "tree"
TARGET = UPGRADES / "target"
# The release before, as the rows that its flows left say.
ROWS = ROOT / "tests" / "rows" / "0.1.0.json"
# Environments of the two trees are shared where their lists of packages are the same.
SHARED = {"installer": "requirements-installer.txt", "tools": "requirements-tools.txt", "emulator": "requirements-emulator.txt"}
# The emulator ends a function's process to replace its code, also if it is at work. AWS lets it finish.
EMULATOR_LOG = TREE / ".local" / "run" / "logs" / "emulator.log"
ENDED_AT_WORK = re.compile(r"Lambda \S*-webhook-\S+: Runtime exited before returning a response")
# Traffic before and after the deployment.
LEAD_SECONDS = 10
# The changelog: calls to the admin API can fail for seconds while a stack is updated.
ADMITTED_SECONDS = 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="release", default="", help="commit or tag of the release that runs at first")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        local_stack.prepare_tools()
        local_stack.continue_in_tools_environment()
        return upgrade(arguments.release or json.loads(ROWS.read_text())["commit"])
    except StepFailed as failure:
        report(failure)
        return 1
    except KeyboardInterrupt:
        return 130


def upgrade(release: str) -> int:
    # These need the tools environment.
    import emulator
    import traffic
    from processes import Processes

    say(bold(f"Vestibule, from {release[:12]} to this tree"))
    LOGS.mkdir(parents=True, exist_ok=True)
    with step("Check out the release before"):
        check_out(release)
    processes = Processes()
    local_stack.build_console()
    local_stack.build(processes)
    try:
        with step("Start the release before", "its log is .local/upgrade/before.log"):
            run_before("up", "--detach")
        stack = json.loads((TREE / ".local" / "stack.json").read_text())
        credentials = emulator.Credentials(stack["aws_access_key_id"], stack["aws_secret_access_key"])
        flow = traffic.Traffic(stack)
        with step("Let people write and admins call"):
            flow.start()
            time.sleep(LEAD_SECONDS)
            before = traffic.everything(stack)
        began = time.monotonic()
        try:
            with step("Deploy this tree over it"):
                deployment = emulator.update(processes, credentials)
            ended = time.monotonic()
            time.sleep(LEAD_SECONDS)
        finally:
            flow.stop()
        with step("Wait for the answers"):
            flow.wait_for_answers()
        with step("Check what was there before"):
            check_data(before, traffic.everything(stack), flow)
            if deployment.outputs["TableName"] != stack["table_name"]:
                raise StepFailed("The deployment replaced the table.")
        with step("Check the console and the health"):
            check_pages(traffic)
        with step("Check the answers during the deployment"):
            told = check_statuses(flow, began, ended)
        strangers = sum(not message.is_answered for message in flow.sent)
        say(f"\n{len(flow.sent)} messages, {strangers} of them of strangers, {len(flow.called)} calls, {len(flow.added)} users added; {told}.")
        say(f"{dim(f'the deployment took {ended - began:.0f} s')}")
        return 0
    finally:
        processes.stop()
        run_before("stop")


def check_out(release: str) -> None:
    """Puts the release into a work tree of its own."""
    git("worktree", "prune")
    if not (TREE / ".git").exists():
        shutil.rmtree(TREE, ignore_errors=True)
        git("worktree", "add", "--force", "--detach", str(TREE), release)
    else:
        git("-C", str(TREE), "checkout", "--force", "--detach", release)
    (TREE / ".local").mkdir(exist_ok=True)
    for folder, requirements in SHARED.items():
        link = TREE / ".local" / folder
        lists = [tree / "infra" / "local" / requirements for tree in (ROOT, TREE)]
        is_same = lists[0].read_bytes() == lists[1].read_bytes()
        if link.is_symlink() and not is_same:
            link.unlink()
        if is_same and not link.exists():
            link.symlink_to(LOCAL / folder)


def git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StepFailed(f"git {arguments[0]} failed: {done.stderr.strip()[-400:]}", "The release before must be in this clone: `git fetch --unshallow --tags`.")


def run_before(*arguments: str) -> None:
    """Runs the release's own script of its local stack."""
    environment = {name: value for name, value in os.environ.items() if name != "VESTIBULE_STACK"}
    environment |= {"CARGO_TARGET_DIR": str(TARGET), "VESTIBULE_SEED": "0"}
    log = UPGRADES / "before.log"
    with log.open("a") as output:
        done = subprocess.run(
            [sys.executable, str(TREE / "infra" / "local" / "stack.py"), *arguments], cwd=TREE, env=environment, stdout=output, stderr=output, check=False
        )
    if done.returncode:
        raise StepFailed(f"The stack of the release before did not {arguments[0]}.", log=log)


def check_data(before: dict, after: dict, flow) -> None:
    """Fails if a record is gone, or if a field that it had then is gone."""
    for path, records in before.items():
        for record_id, record in records.items():
            if record_id not in after[path]:
                raise StepFailed(f"{path} no longer has {record_id}.")
            if lost := record.keys() - after[path][record_id].keys():
                raise StepFailed(f"{record_id} of {path} lost {', '.join(sorted(lost))}.")
            for name in ("id", "name", "created_at", "provider", "policy", "email", "first_name", "last_name"):
                if record.get(name) != after[path][record_id].get(name):
                    raise StepFailed(f"{name} of {record_id} of {path} was {record.get(name)} and is {after[path][record_id].get(name)}.")
    users = next(records for path, records in after.items() if path.endswith("/end-users"))
    if missing := [added for added in flow.added if added not in users]:
        raise StepFailed(f"The API said that it added {missing[:5]}, which are not there.")


def check_pages(traffic) -> None:
    """Fails if the console or the health do not answer."""
    for path in ("/console", "/v1/health", "/v1/openapi.json"):
        status, _ = traffic.ask(None, "GET", path)
        if status != 200:
            raise StepFailed(f"GET {path} was answered {status}.", log=LOGS / "functions.log")


def check_statuses(flow, began: float, ended: float) -> str:
    """Fails on a 5xx that the changelog does not admit. Returns what there was."""
    if flow.trouble:
        raise StepFailed(f"The simulator was in trouble: {flow.trouble[0]}")
    failed = [call for call in flow.webhooks if not 200 <= call.status < 300]
    stopped = len(ENDED_AT_WORK.findall(EMULATOR_LOG.read_text()))
    # A platform delivers such a message again, and its answer was waited for.
    if len(failed) > stopped or any(call.status != 502 or not began <= call.at <= ended + LEAD_SECONDS for call in failed):
        statuses = sorted({call.status for call in failed})
        raise StepFailed(
            f"{len(failed)} of {len(flow.webhooks)} calls of webhooks were answered otherwise than with 2xx: {statuses}. The emulator ended {stopped} webhooks at work."
        )
    if refused := [call for call in flow.called if 400 <= call.status < 500]:
        raise StepFailed(f"{refused[0].route} was refused with {refused[0].status}.")
    failures = [call for call in flow.called if call.status == 0 or call.status >= 500]
    if late := [call for call in failures if not began <= call.at <= ended]:
        raise StepFailed(f"{late[0].route} was answered {late[0].status} while nothing was deployed.")
    span = failures[-1].at - failures[0].at if failures else 0
    if span > ADMITTED_SECONDS:
        raise StepFailed(f"The API failed for {span:.0f} s; the changelog admits seconds.")
    again = f"{len(failed)} were delivered again, since the emulator ended their function; " if failed else ""
    return again + (f"{len(failures)} calls failed, within {span:.1f} s" if failures else "no call failed")


if __name__ == "__main__":
    sys.exit(main())
