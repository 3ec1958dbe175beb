#!/usr/bin/env python3
"""Backs up the running local stack, breaks its data, restores it as the runbook says, and checks that the stack works: `make restore-drill`.

The calls are those of AWS: CreateBackup, RestoreTableFromBackup, and what the restored table lacks. Point-in-time recovery cannot be tried
here, because the emulator restores a table as it is at present, whatever the time that is asked for.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import drills
from console import StepFailed, say, step
from settings import LOGS

# How long a restore may take here. On AWS it takes from minutes to hours.
RESTORE_SECONDS = 120
# Rows of the demo project whose loss nobody can overlook.
BROKEN = ("REQUEST", "USER", "CONNECTOR", "CONVERSATION")


def drill(stack: dict) -> int:
    # These need the tools environment.
    import emulator
    import traffic

    credentials = emulator.Credentials(stack["aws_access_key_id"], stack["aws_secret_access_key"])
    database = credentials.client("dynamodb")
    table = stack["table_name"]
    restored = f"{table}-restored"
    with step("Let people write"):
        flow = traffic.Traffic(stack)
        flow.greet()
        flow.wait_for_answers()
    before = traffic.everything(stack)
    with step("Back up"):
        earlier = rows(database, table)
        backup = database.create_backup(TableName=table, BackupName="restore-drill")["BackupDetails"]["BackupArn"]
        # Workers go on meanwhile: what they wrote at that moment may be in the backup or not.
        kept = {key: row for key, row in rows(database, table).items() if earlier.get(key) == row}
    with step("Break the data"):
        lost = break_data(database, table, stack)
        project = f"/v1/projects/{stack['project_id']}"
        status, answer = traffic.ask(stack["api_key"], "GET", f"{project}/access-requests")
        if status == 200 and answer["items"]:
            raise StepFailed("The requests are still there: nothing was broken.")
    with step("Restore into another table"):
        restore(database, backup, restored)
        compare(kept, rows(database, restored))
    with step("Pause the functions"), paused(credentials.client("lambda"), list(stack["functions"].values())):
        replace(database, backup, table)
    with step("Check what is there"):
        compare_lists(before, traffic.everything(stack))
    with step("Let people write again"):
        # Secrets of connectors and of the agent open only if the row of the data key and the KMS key belong together.
        after = traffic.Traffic(stack)
        after.greet()
        after.wait_for_answers()
    with step("Clean up"):
        database.delete_table(TableName=restored)
        database.delete_backup(BackupArn=backup)
    say(f"\n{len(kept)} rows were backed up, {lost} deleted, all restored; {len(flow.sent) + len(after.sent)} messages were answered before and after.")
    return 0


def rows(database, table: str) -> dict[tuple[str, str], dict]:
    """Every row of a table, by its key."""
    pages = database.get_paginator("scan").paginate(TableName=table)
    return {(row["pk"]["S"], row["sk"]["S"]): row for page in pages for row in page["Items"]}


def break_data(database, table: str, stack: dict) -> int:
    """Deletes rows of the demo project, and returns their number."""
    ids = {one for pair in stack["connectors"].values() for one in pair.values()}
    keys = [
        (pk, sk)
        for pk, sk in rows(database, table)
        if sk in BROKEN and (f"#PROJECT#{stack['project_id']}" in pk or pk.removeprefix("CONNECTOR#") in ids)
    ]
    for pk, sk in keys:
        database.delete_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    return len(keys)


def restore(database, backup: str, target: str) -> None:
    """Restores a backup into a table that is not there yet, and waits for it."""
    database.restore_table_from_backup(TargetTableName=target, BackupArn=backup)
    deadline = time.monotonic() + RESTORE_SECONDS
    while database.describe_table(TableName=target)["Table"]["TableStatus"] != "ACTIVE":
        if time.monotonic() > deadline:
            raise StepFailed(f"{target} was not restored within {RESTORE_SECONDS} s.")
        time.sleep(0.5)


def replace(database, backup: str, table: str) -> None:
    """Puts the restored rows under the name of the stack's table, so that neither the template nor a role changes."""
    was = database.describe_table(TableName=table)["Table"]
    lifetime = database.describe_time_to_live(TableName=table)["TimeToLiveDescription"].get("AttributeName")
    database.update_table(TableName=table, DeletionProtectionEnabled=False)
    database.delete_table(TableName=table)
    database.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    restore(database, backup, table)
    # A restored table lacks these.
    if lifetime:  # The emulator does not take it from the template.
        database.update_time_to_live(TableName=table, TimeToLiveSpecification={"AttributeName": lifetime, "Enabled": True})
    database.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    database.update_table(TableName=table, DeletionProtectionEnabled=was.get("DeletionProtectionEnabled") in (True, "true"))
    now = database.describe_table(TableName=table)["Table"]
    indexes = [sorted(index["IndexName"] for index in one["GlobalSecondaryIndexes"]) for one in (was, now)]
    if indexes[0] != indexes[1] or was["TableArn"] != now["TableArn"]:
        raise StepFailed(f"The restored table differs: {indexes}, {was['TableArn']}, {now['TableArn']}.")


@contextmanager
def paused(functions, names: list[str]) -> Iterator[None]:
    """Keeps every function from running, and queues from being read, so that nothing is taken while there is no table."""
    reserved = {name: functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions") for name in names}
    mappings = [mapping["UUID"] for mapping in functions.list_event_source_mappings()["EventSourceMappings"]]
    for mapping in mappings:
        functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    for name in names:
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        for name in names:
            if reserved[name] is None:
                functions.delete_function_concurrency(FunctionName=name)
            else:
                functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved[name])
        for mapping in mappings:
            functions.update_event_source_mapping(UUID=mapping, Enabled=True)


def compare(kept: dict, found: dict) -> None:
    """Fails if a row is not as it was in the backup."""
    if different := [key for key, row in kept.items() if found.get(key) != row]:
        raise StepFailed(f"{len(different)} rows are not as in the backup, such as {different[0]}.")


def compare_lists(before: dict, after: dict) -> None:
    """Fails if the API does not list every record that it listed before."""
    for path, records in before.items():
        if gone := records.keys() - after[path].keys():
            raise StepFailed(f"{path} lacks {len(gone)} of {len(records)} records.", log=LOGS / "functions.log")


if __name__ == "__main__":
    sys.exit(drills.run(drill, __doc__))
