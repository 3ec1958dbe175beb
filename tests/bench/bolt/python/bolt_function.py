"""A function as a team would write it with Slack's own framework: a message is claimed, its author is recorded, and a job is ordered."""

import json
import os

import boto3
from slack_bolt import App
from slack_bolt.adapter.aws_lambda import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult

TABLE = os.environ["TABLE_NAME"]
IS_NEW = "attribute_not_exists(pk)"

table = boto3.client("dynamodb")
queue = boto3.client("sqs")


def authorize(**_) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T0BENCH", bot_token="xoxb-bench", bot_id="B0BENCH", bot_user_id="U0BOT")


app = App(process_before_response=True, signing_secret=os.environ["SLACK_SIGNING_SECRET"], authorize=authorize)
requests = SlackRequestHandler(app=app)


@app.event("message")
def on_message(event: dict, body: dict) -> None:
    claim = {"pk": {"S": f"EVENT#{body['event_id']}"}, "sk": {"S": "EVENT"}, "expires_at": {"N": "1"}}
    table.put_item(TableName=TABLE, Item=claim, ConditionExpression=IS_NEW)
    user = {"pk": {"S": f"USER#{event['user']}"}, "sk": {"S": "USER"}, "state": {"S": "pending"}}
    table.put_item(TableName=TABLE, Item=user, ConditionExpression=IS_NEW)
    queue.send_message(QueueUrl=os.environ["ONBOARDING_QUEUE_URL"], MessageBody=json.dumps({"user": event["user"]}))


def handler(event: dict, context) -> dict:
    return requests.handle(event, context)
