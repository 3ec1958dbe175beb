#!/usr/bin/env python3
"""Erases the running local stack as the runbook says, checks that nothing of it is left, and stops it: `make erase-drill`.

Its data is lost for good. What AWS does only later cannot be tried here: the end of the key, and of the backup that AWS itself makes of a
deleted table.
"""

import base64
import sys
from collections.abc import Iterable

import drills
import stack as local_stack
from console import StepFailed, say, step

PENDING_DAYS = 7
# The list of each kind of resource: the service, the call, and the physical ids in its answer.
LISTS = {
    "AWS::ApiGatewayV2::Api": ("apigatewayv2", "get_apis", "Items[].ApiId"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "describe_alarms", "MetricAlarms[].AlarmName"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch", "list_dashboards", "DashboardEntries[].DashboardName"),
    "AWS::DynamoDB::Table": ("dynamodb", "list_tables", "TableNames[]"),
    "AWS::IAM::Role": ("iam", "list_roles", "Roles[].RoleName"),
    "AWS::KMS::Alias": ("kms", "list_aliases", "Aliases[].AliasName"),
    "AWS::KMS::Key": ("kms", "list_keys", "Keys[].KeyId"),
    "AWS::Lambda::EventSourceMapping": ("lambda", "list_event_source_mappings", "EventSourceMappings[].UUID"),
    "AWS::Lambda::Function": ("lambda", "list_functions", "Functions[].FunctionName"),
    # A run that ends after its group was deleted makes one without retention. On AWS, its role may not.
    "AWS::Logs::LogGroup": ("logs", "describe_log_groups", "logGroups[?retentionInDays].logGroupName"),
    "AWS::SES::ConfigurationSet": ("ses", "list_configuration_sets", "ConfigurationSets[].Name"),
    "AWS::SNS::Subscription": ("sns", "list_subscriptions", "Subscriptions[].SubscriptionArn"),
    "AWS::SNS::Topic": ("sns", "list_topics", "Topics[].TopicArn"),
    "AWS::SQS::Queue": ("sqs", "list_queues", "QueueUrls[]"),
    "AWS::Scheduler::Schedule": ("scheduler", "list_schedules", "Schedules[].Name"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "list_secrets", "SecretList[].Name"),
}
# Parts of the resources above, which go with them.
PARTS = {"Stage", "EventInvokeConfig", "Permission", "ConfigurationSetEventDestination", "TopicPolicy", "QueuePolicy"}


def drill(stack: dict) -> int:
    # These need the tools environment.
    import emulator
    from processes import Processes

    credentials = emulator.Credentials(stack["aws_access_key_id"], stack["aws_secret_access_key"])
    database, kms, formation = (credentials.client(service) for service in ("dynamodb", "kms", "cloudformation"))
    table = stack["table_name"]
    with step("Note what there is"):
        outputs = formation.describe_stacks(StackName=stack["stack_name"])["Stacks"][0]["Outputs"]
        key = next(output["OutputValue"] for output in outputs if output["OutputKey"] == "KeyArn")
        resources = formation.get_paginator("list_stack_resources").paginate(StackName=stack["stack_name"])
        made, others = sorted_out(credentials, resources.search("StackResourceSummaries[]"))
        database.create_backup(TableName=table, BackupName="erase-drill")
        backups = listed(credentials, "dynamodb", "list_backups", "BackupSummaries[].BackupArn", TableName=table)
        # The template protects the table by default, but not in local stacks.
        database.update_table(TableName=table, DeletionProtectionEnabled=True)
    with step("Delete the stack"):
        emulator.sam(Processes(), credentials, "delete", ["--no-prompts"], "The log names what could not be deleted.")
        if code := listed(credentials, "s3", "list_objects_v2", "Contents[].Key", Bucket=emulator.BUCKET):
            raise StepFailed(f"The bucket of the functions' code still has {len(code)} objects.")
    with step("Check what is retained"):
        check_left(credentials, others, {kind: made[kind] for kind in ("AWS::DynamoDB::Table", "AWS::KMS::Key")})
        # All secrets in the table are sealed under this key, which KMS wrapped.
        row = database.get_item(TableName=table, Key={"pk": {"S": "KEYRING"}, "sk": {"S": "CURRENT"}})["Item"]
        wrapped = {"CiphertextBlob": base64.b64decode(row["wrapped_key"]["S"]), "EncryptionContext": {"vestibule": "data-key"}}
        kms.decrypt(**wrapped)
    with step("Delete table and backups"):
        refused("ValidationException", database.delete_table, TableName=table)
        database.update_table(TableName=table, DeletionProtectionEnabled=False)
        database.delete_table(TableName=table)
        database.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        for backup in backups:
            database.delete_backup(BackupArn=backup)
    with step("Schedule the key's end"):
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=PENDING_DAYS)
    with step("Check that nothing is left"):
        check_left(credentials, others, {"AWS::KMS::Key": made["AWS::KMS::Key"]})
        if left := listed(credentials, "dynamodb", "list_backups", "BackupSummaries[].BackupArn", TableName=table):
            raise StepFailed(f"Backups are left: {sorted(left)}.")
        refused("KMSInvalidStateException", kms.decrypt, **wrapped)
        if (state := kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]) != "PendingDeletion":
            raise StepFailed(f"The key is {state}.")
    local_stack.stop()
    say(f"\n{sum(map(len, made.values())) - 1} resources are gone, and their data; the key opens nothing, and ends in {PENDING_DAYS} days.")
    return 0


def listed(credentials, service: str, call: str, ids: str, **arguments) -> set[str]:
    """The ids in all pages of a list."""
    return set(credentials.client(service).get_paginator(call).paginate(**arguments).search(ids)) - {None}


def sorted_out(credentials, resources: Iterable[dict]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The ids of a stack's resources, and all other ids that are listed, by kind. Fails if a resource is not listed, because nobody would see whether it goes."""
    others = {kind: listed(credentials, *where) for kind, where in LISTS.items()}
    made = {kind: set() for kind in LISTS}
    for resource in resources:
        kind, physical = resource["ResourceType"], resource["PhysicalResourceId"]
        if kind.rsplit("::", 1)[-1] in PARTS:
            continue
        if physical not in others.get(kind, ()):
            raise StepFailed(f"{kind} {physical} is in no list.")
        others[kind].remove(physical)
        made[kind].add(physical)
    return made, others


def check_left(credentials, others: dict[str, set[str]], wanted: dict[str, set[str]]) -> None:
    """Fails unless these, and nothing else, are left of the stack."""
    for kind, where in LISTS.items():
        left = listed(credentials, *where) - others[kind]
        if left != wanted.get(kind, set()):
            raise StepFailed(f"{sorted(left) or 'Nothing'} of {kind} is left, instead of {sorted(wanted.get(kind, ())) or 'nothing'}.")


def refused(code: str, call, **arguments) -> None:
    """Fails unless a call is refused for this reason."""
    from botocore.exceptions import ClientError

    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
    else:
        raise StepFailed(f"The call was not refused with {code}.")


if __name__ == "__main__":
    sys.exit(drills.run(drill, __doc__))
