#!/usr/bin/env python3
"""Puts dead letters back on the queue they fell from: `make redrive QUEUE=inbox|onboarding|outgoing|email|email-events|team|index|routing|events`.

Do it once the cause is fixed; a message that fails again comes back here after its attempts. Both workers stand a job that comes
twice, so redriving is safe at any time.

On AWS, SQS moves the messages itself (StartMessageMoveTask). Where that call does not exist they are received, sent and deleted one
by one: a crash in between can repeat a message and cannot lose one.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from threading import Event

import boto3
from botocore.exceptions import BotoCoreError, ClientError

QUEUES = {
    "inbox": ("InboxQueueUrl", "InboxDlqUrl"),
    "onboarding": ("OnboardingQueueUrl", "OnboardingDlqUrl"),
    "outgoing": ("OutgoingQueueUrl", "OutgoingDlqUrl"),
    "email": ("EmailQueueUrl", "EmailDlqUrl"),
    "email-events": ("EmailEventsQueueUrl", "EmailEventsDlqUrl"),
    "team": ("TeamQueueUrl", "TeamDlqUrl"),
    "index": ("IndexQueueUrl", "IndexDlqUrl"),
    "routing": ("RoutingQueueUrl", "RoutingDlqUrl"),
    "events": ("EventsQueueUrl", "EventsDlqUrl"),
}
STACK_FILE = Path(__file__).resolve().parents[2] / ".local" / "stack.json"
MOVE_SECONDS = 600
# Messages taken by the fallback are hidden from others for this long, which is ample to move one.
TAKE_SECONDS = 60
_NO_SUCH_ACTION = {"InvalidAction", "UnknownOperationException", "AWS.SimpleQueueService.UnsupportedOperation", "UnsupportedOperation"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queue", help=", ".join(QUEUES))
    parser.add_argument("--stack", default="vestibule", help="name of the CloudFormation stack")
    parser.add_argument("--local", action="store_true", help="use the local stack")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    if arguments.queue not in QUEUES:
        print("Say which queue: make redrive QUEUE=" + ", QUEUE=".join(QUEUES), file=sys.stderr)
        return 2
    try:
        return redrive(arguments)
    except (BotoCoreError, ClientError) as error:
        print(f"AWS refused: {error}", file=sys.stderr)
        return 1


def redrive(arguments: argparse.Namespace) -> int:
    if arguments.local and not use_local_stack():
        return 1
    stacks = boto3.client("cloudformation").describe_stacks(StackName=arguments.stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    queue_url, dlq_url = (outputs[name] for name in QUEUES[arguments.queue])
    sqs = boto3.client("sqs")
    waiting = count(sqs, dlq_url)
    print(f"{name_of(dlq_url)}: {waiting} dead letters")
    if waiting == 0:
        return 0
    if not arguments.yes and not confirmed(f"Move them to {name_of(queue_url)}? [y/N] "):
        print("Nothing was moved.")
        return 1
    moved = move_by_sqs(sqs, dlq_url)
    if moved is None:
        moved = move_one_by_one(sqs, dlq_url, queue_url)
    print(f"Moved {moved}; {count(sqs, dlq_url)} left in {name_of(dlq_url)}.")
    return 0


def use_local_stack() -> bool:
    """Points this process at the local stack that runs."""
    try:
        stack = json.loads(STACK_FILE.read_text())
    except FileNotFoundError:
        print("No local stack is running: `make run` starts one.", file=sys.stderr)
        return False
    os.environ.pop("AWS_PROFILE", None)
    os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ |= {
        "AWS_ENDPOINT_URL": stack["aws_endpoint_url"],
        "AWS_ACCESS_KEY_ID": stack["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": stack["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": stack["region"],
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    return True


def confirmed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False


def count(sqs, url: str) -> int:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])


def name_of(url: str) -> str:
    return url.rsplit("/", 1)[-1]


def move_by_sqs(sqs, dlq_url: str) -> int | None:
    """Has SQS move everything; None where it cannot."""
    arn = sqs.get_queue_attributes(QueueUrl=dlq_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    try:
        sqs.start_message_move_task(SourceArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NO_SUCH_ACTION:
            return None
        raise
    deadline = time.monotonic() + MOVE_SECONDS
    pause = Event()
    while True:
        task = sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1)["Results"][0]
        moved = task.get("ApproximateNumberOfMessagesMoved", 0)
        if task["Status"] != "RUNNING":
            if task["Status"] != "COMPLETED":
                print(f"SQS ended the move as {task['Status']}: {task.get('FailureReason', 'no reason given')}", file=sys.stderr)
            return moved
        if time.monotonic() > deadline:
            print("SQS is still moving; it goes on without this script.")
            return moved
        pause.wait(2)


def move_one_by_one(sqs, dlq_url: str, queue_url: str) -> int:
    """Receives, sends and deletes until the dead-letter queue gives nothing more."""
    moved = 0
    while messages := sqs.receive_message(
        QueueUrl=dlq_url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=TAKE_SECONDS,
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["MessageGroupId"],
        MessageAttributeNames=["All"],
    ).get("Messages"):
        for message in messages:
            fifo = {}
            if group := message.get("Attributes", {}).get("MessageGroupId"):
                # A deduplication id of its own: within five minutes of the first send, SQS would swallow a second under the old one.
                fifo = {"MessageGroupId": group, "MessageDeduplicationId": f"redrive-{message['MessageId']}"}
            sqs.send_message(QueueUrl=queue_url, MessageBody=message["Body"], MessageAttributes=message.get("MessageAttributes", {}), **fifo)
            sqs.delete_message(QueueUrl=dlq_url, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


if __name__ == "__main__":
    sys.exit(main())
