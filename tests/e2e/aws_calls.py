"""Makes AWS calls for the end-to-end tests, as the stack's owner or with what one of its roles may do.

Reads one JSON object a line from standard input:

    {"endpoint_url", "region", "access_key_id", "secret_access_key",
     "role": "name of a deployed role" or null,
     "calls": [{"service", "operation", "arguments"}]}

and answers each with a line: a JSON array with one entry a call, {"answer": …} or {"error": "<code>"}. Bytes travel as
{"$base64": "…"}. One process serves all tests, since starting boto3 costs more than most calls.

The deployed roles can be taken by AWS services alone. So the calls of a role are made under a new role that the account
itself may take, which has exactly the policies of the deployed one and is deleted at the end.
"""

import base64
import json
import secrets
import sys
from functools import lru_cache

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(answered(json.loads(line)), default=encoded), flush=True)


def answered(request: dict) -> list:
    """The outcomes of the calls of one request."""
    settings = (("endpoint_url", request["endpoint_url"]), ("region_name", request["region"]))
    owner = (*settings, ("aws_access_key_id", request["access_key_id"]), ("aws_secret_access_key", request["secret_access_key"]))
    if request["role"] is None:
        return make_calls(request["calls"], owner)
    return as_role(request["role"], request["calls"], settings, owner)


@lru_cache(maxsize=64)
def client(service: str, settings: tuple):
    """A client, made once for one principal."""
    return boto3.client(service, config=Config(retries={"max_attempts": 2}, proxies={}), **dict(settings))


def as_role(role: str, calls: list, settings: tuple, owner: tuple) -> list:
    """Makes the calls with the policies of the deployed role."""
    iam = client("iam", owner)
    sts = client("sts", owner)
    account = sts.get_caller_identity()["Account"]
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    if attached:
        raise SystemExit(f"{role} has managed policies, which are not copied: {attached}")
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}],
    }
    stand_in = f"stand-in-{secrets.token_hex(8)}"
    arn = iam.create_role(RoleName=stand_in, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    policies = iam.list_role_policies(RoleName=role)["PolicyNames"]
    try:
        for policy in policies:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            iam.put_role_policy(RoleName=stand_in, PolicyName=policy, PolicyDocument=document if isinstance(document, str) else json.dumps(document))
        session = sts.assume_role(RoleArn=arn, RoleSessionName="end-to-end")["Credentials"]
        credentials = (
            ("aws_access_key_id", session["AccessKeyId"]),
            ("aws_secret_access_key", session["SecretAccessKey"]),
            ("aws_session_token", session["SessionToken"]),
        )
        return make_calls(calls, (*settings, *credentials))
    finally:
        for policy in policies:
            iam.delete_role_policy(RoleName=stand_in, PolicyName=policy)
        iam.delete_role(RoleName=stand_in)


def make_calls(calls: list, settings: tuple) -> list:
    """Makes each call, whatever became of those before it."""
    outcomes = []
    for call in calls:
        try:
            answer = getattr(client(call["service"], settings), call["operation"])(**decoded(call["arguments"]))
            answer.pop("ResponseMetadata", None)
            outcomes.append({"answer": answer})
        except ClientError as error:
            outcomes.append({"error": error.response["Error"]["Code"]})
    return outcomes


def decoded(value):
    """The value with its bytes as bytes."""
    if isinstance(value, dict):
        if value.keys() == {"$base64"}:
            return base64.b64decode(value["$base64"])
        return {name: decoded(item) for name, item in value.items()}
    return [decoded(item) for item in value] if isinstance(value, list) else value


def encoded(value):
    """Encodes the values for which JSON has no form."""
    return {"$base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main()
