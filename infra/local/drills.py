"""Runs a drill on the running local stack."""

import argparse
import json
from collections.abc import Callable

import stack as local_stack
from console import StepFailed, report
from settings import STACK_FILE


def run(drill: Callable[[dict], int], description: str) -> int:
    """Runs a drill with the facts of the running stack, in the environment of the tools, and returns its exit code."""
    argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    try:
        local_stack.prepare_tools()
        local_stack.continue_in_tools_environment()
        if not STACK_FILE.exists():
            failure = StepFailed("No local stack is running.", "Start one by `make run DETACH=1`.")
            failure.step = "Drill"
            raise failure
        return drill(json.loads(STACK_FILE.read_text()))
    except StepFailed as failure:
        report(failure)
        return 1
    except KeyboardInterrupt:
        return 130
