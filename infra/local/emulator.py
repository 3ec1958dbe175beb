"""Starts the AWS emulator and deploys the real template to it."""

import json
import os
import re
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass

import boto3
from botocore.config import Config

from console import StepFailed
from processes import Processes
from settings import (
    ADMIN_EMAIL,
    ADMIN_NAME,
    AGENT,
    API,
    AWS,
    EMULATOR,
    LOGS,
    LOOPBACK,
    MAIL_FROM,
    OPENID,
    REGION,
    ROOT,
    RUN,
    SIMULATOR,
    STACK_NAME,
    WEBHOOK,
    lambda_architecture,
    log_level,
)
from tools import python, tool

BUCKET = f"{STACK_NAME}-local-artifacts"
LOG = LOGS / "emulator.log"
DEPLOY_LOG = LOGS / "deploy.log"
_FUNCTION_REFERENCE = re.compile(r"\$\{(\w+)\.Arn\}")


@dataclass(frozen=True)
class Credentials:
    """Keys of the emulated account's root user, new in every run so that no other program can guess them."""

    access_key: str
    secret_key: str

    @classmethod
    def new(cls) -> "Credentials":
        return cls("AKIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30))

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": AWS.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str):
        return boto3.client(
            service,
            endpoint_url=AWS.url,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(retries={"max_attempts": 3}, proxies={}),
        )


@dataclass(frozen=True)
class Deployment:
    """The deployed outputs and resources, by their names in the template."""

    outputs: dict[str, str]
    resources: dict[str, tuple[str, str]]  # logical id -> (type, physical id)

    def of_type(self, resource_type: str) -> dict[str, str]:
        return {name: physical for name, (kind, physical) in self.resources.items() if kind == resource_type}


def start(processes: Processes, credentials: Credentials) -> None:
    """Starts the emulator with IAM and signature checks on.

    The functions inherit its environment, so it contains only the path. Docker is hidden from it, so that it behaves the same on
    machines with and without Docker.
    """
    home = RUN / "home"
    temporary = RUN / "tmp"
    for directory in (home, temporary):
        directory.mkdir(parents=True)
    environment = credentials.environment() | {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "AUTH": "true",
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "MINISTACK_REGION": REGION,
        "GATEWAY_PORT": str(AWS.number),
        "STATE_DIR": str(RUN / "state"),
        "S3_DATA_DIR": str(RUN / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{RUN}/no-docker.sock",
    }
    processes.start("AWS emulator", [python(EMULATOR), "-m", "ministack"], environment, LOG)
    processes.wait_for("An answer from the AWS emulator", _is_healthy, 60, LOG)


def deploy(processes: Processes, credentials: Credentials) -> Deployment:
    """Deploys template.yaml with `sam deploy`, as to AWS, then adds the parts that the emulator leaves out."""
    credentials.client("s3").create_bucket(Bucket=BUCKET)
    credentials.client("ses").verify_email_identity(EmailAddress=MAIL_FROM)
    return update(processes, credentials)


def update(processes: Processes, credentials: Credentials) -> Deployment:
    """Deploys template.yaml over the stack that is there, if any."""
    parameters = {
        "Architecture": lambda_architecture(),
        "PublicUrl": API.url,
        # Names no API, so that a new one cannot be left out and called for real.
        "PlatformApiUrls": f"*={SIMULATOR.url}",
        "TeamsOpenIdMetadataUrl": f"{SIMULATOR.url}/botframework/v1/.well-known/openidconfiguration",
        "TeamsServiceOrigins": SIMULATOR.url,
        "AgentOriginAllowList": f"{AGENT.url},{WEBHOOK.url}",
        "ProviderOriginAllowList": OPENID.url,
        "AdminEmail": ADMIN_EMAIL,
        "AdminName": ADMIN_NAME,
        "AccountName": "Acme",
        "EmailFrom": MAIL_FROM,
        "LogLevel": log_level(),
        "TableDeletionProtection": "false",
    }
    options = [
        "--template-file", str(ROOT / "template.yaml"),
        "--s3-bucket", BUCKET,
        "--capabilities", "CAPABILITY_IAM",
        "--no-confirm-changeset",
        "--no-progressbar",
        "--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items()),
    ]  # fmt: skip
    sam(processes, credentials, "deploy", options, "The log names the refused resource; `cfn-lint template.yaml` checks the template.")

    cloudformation = credentials.client("cloudformation")
    outputs = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["Outputs"]
    resources = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    deployment = Deployment(
        {output["OutputKey"]: output["OutputValue"] for output in outputs},
        {resource["LogicalResourceId"]: (resource["ResourceType"], resource["PhysicalResourceId"]) for resource in resources},
    )
    _make_routes(credentials, deployment)
    _link_mail_events(credentials, deployment)
    _renew_scaling_configs(credentials)
    return deployment


def sam(processes: Processes, credentials: Credentials, command: str, options: list[str], hint: str) -> None:
    """Runs a command of SAM on the stack here."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= credentials.environment() | {
        # The developer's profile and proxy must have no influence, and no usage statistics are sent.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(RUN / "sam"),
    }
    # samconfig.toml has no settings for this environment; those in it are for AWS.
    line = [tool("sam"), command, "--config-env", "local", "--stack-name", STACK_NAME, *options]
    processes.run(f"sam {command}", line, environment, DEPLOY_LOG, hint)


def invite_first_admin(credentials: Credentials, deployment: Deployment) -> None:
    """Runs the sweeper at once. It would run within a minute anyway, and orders the first admin's invitation."""
    sweeper = deployment.resources["SweeperFunction"][1]
    credentials.client("lambda").invoke(FunctionName=sweeper, InvocationType="Event", Payload=b"{}")


def _is_healthy() -> bool:
    # Ignores proxies from the environment, because this is loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{AWS.url}/_ministack/health", timeout=2) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


def _processed_template(credentials: Credentials) -> dict:
    body = credentials.client("cloudformation").get_template(StackName=STACK_NAME, TemplateStage="Processed")["TemplateBody"]
    return json.loads(body) if isinstance(body, str) else body


def _link_mail_events(credentials: Credentials, deployment: Deployment) -> None:
    """Sends what becomes of mails to the topics of the event destinations.

    The emulator keeps event destinations and delivers nothing to them. It does publish what became of the mails of an identity, in the
    older form that the function reads as well.
    """
    ses = credentials.client("ses")
    for resource in _processed_template(credentials)["Resources"].values():
        if resource["Type"] != "AWS::SES::ConfigurationSetEventDestination":
            continue
        topic = resource["Properties"]["EventDestination"]["SnsDestination"]["TopicARN"]["Ref"]
        for kind in ("Bounce", "Complaint", "Delivery"):
            ses.set_identity_notification_topic(Identity=MAIL_FROM, NotificationType=kind, SnsTopic=deployment.resources[topic][1])


def _make_routes(credentials: Credentials, deployment: Deployment) -> None:
    """Makes the HTTP API's routes. SAM only writes them to the OpenAPI `Body`, which the emulator does not read."""
    template = _processed_template(credentials)
    gateway = credentials.client("apigatewayv2")
    functions = credentials.client("lambda")
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::ApiGatewayV2::Api":
            continue
        api_id = deployment.resources[name][1]
        before = {route["RouteKey"]: route["RouteId"] for route in gateway.get_routes(ApiId=api_id)["Items"]}
        for path, methods in resource["Properties"]["Body"]["paths"].items():
            for method, operation in methods.items():
                wanted = operation["x-amazon-apigateway-integration"]
                reference = _FUNCTION_REFERENCE.search(wanted["uri"]["Fn::Sub"])
                if reference is None:
                    raise StepFailed(f"The integration of {method} {path} names no function of this template.")
                function = functions.get_function_configuration(FunctionName=deployment.resources[reference[1]][1])
                integration = gateway.create_integration(
                    ApiId=api_id,
                    IntegrationType=wanted["type"].upper(),
                    IntegrationUri=function["FunctionArn"],
                    PayloadFormatVersion=wanted["payloadFormatVersion"],
                )
                verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                key, target = f"{verb} {path}", f"integrations/{integration['IntegrationId']}"
                if route := before.pop(key, None):
                    gateway.update_route(ApiId=api_id, RouteId=route, Target=target)
                else:
                    gateway.create_route(ApiId=api_id, RouteKey=key, Target=target)
        for route in before.values():
            gateway.delete_route(ApiId=api_id, RouteId=route)


def _renew_scaling_configs(credentials: Credentials) -> None:
    """Sets `MaximumConcurrency` again as a number. The emulator keeps parameters as text, on which its poller stops."""
    functions = credentials.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        concurrency = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
        if concurrency is not None:
            functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": int(concurrency)})
