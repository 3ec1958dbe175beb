#!/usr/bin/env python3
"""Writes the search index of a project anew: `make reindex ACCOUNT=… PROJECT=…`; with CHECK=1 it counts differences and changes nothing.

It puts an order into the queue of worker-index, which goes through the project's users, chat users and access requests page by page and
enqueues the rest by itself. An order that is repeated or interrupted does no harm. The worker's log tells the number of records and
differences of each part ("records of a project were held against the index").
"""

import argparse
import json
import re
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from redrive import use_local_stack

_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--account", default="", help="id of the account")
    parser.add_argument("--project", default="", help="id of the project")
    parser.add_argument("--check", action="store_true", help="count differences and change nothing")
    parser.add_argument("--stack", default="vestibule", help="name of the CloudFormation stack")
    parser.add_argument("--local", action="store_true", help="use the local stack")
    arguments = parser.parse_args()
    if not (_ID.fullmatch(arguments.account) and _ID.fullmatch(arguments.project)):
        print("Say which project: make reindex ACCOUNT=id PROJECT=id", file=sys.stderr)
        return 2
    try:
        return reindex(arguments)
    except (BotoCoreError, ClientError) as error:
        print(f"AWS refused: {error}", file=sys.stderr)
        return 1


def reindex(arguments: argparse.Namespace) -> int:
    if arguments.local and not use_local_stack():
        return 1
    stacks = boto3.client("cloudformation").describe_stacks(StackName=arguments.stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    job = {"job": "index_project", "account_id": arguments.account, "project_id": arguments.project, "only_checks": arguments.check}
    boto3.client("sqs").send_message(QueueUrl=outputs["IndexQueueUrl"], MessageBody=json.dumps(job))
    print("Ordered. The log of worker-index tells the progress.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
