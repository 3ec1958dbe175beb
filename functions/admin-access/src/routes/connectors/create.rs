//! `POST /v1/projects/{project_id}/connectors`

use super::{
    super::providers::read_provider,
    ConnectorResponse,
    address::webhook_url,
    answering::{self, Answering},
    check_environment, check_message, defaults, facts, own_system, read_message, read_section,
    request_settings, take_sections,
    variants::{self, GivenVariants},
};
use crate::{
    Deps,
    api_types::{AfterApprovalName, HandlerName, PolicyName, ProjectPath},
    serving::client_of_connector,
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, JsonBody, Made, Nullable,
    api_types::IdempotencyHeader, problem::ApiError, read_fields, validation,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    connector::{
        AfterApproval, ApprovalMode, Connector, ExistingUsers, Handler,
        NEW_REQUESTS_PER_MINUTE_DEFAULT, Policy, Provider, QueueNotice, REQUEST_COOLDOWN_DEFAULT,
        RequestLimits, SealedSecrets, WebhookState, secret_context,
    },
    event::{Change, Event},
    ids::{ClientId, ConnectorId, EnvironmentId},
    language::TextVariants,
};
use vestibule_providers::catalogue::{ValidFields, connector_kind};

/// A connector to create. The provider's fields stand under the provider's key; `/v1/providers` lists
/// them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Support on Slack", "provider": "slack", "environment_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W",
    "policy": "OnBoarding",
    "onboarding_message": "Your request is being reviewed. You can expect an answer within one working day. If it is urgent, call 555-0100.",
    "slack": {"api_app_id": "A0123456789", "team_id": "T0123456789", "signing_secret": "…", "bot_token": "xoxb-…"}
}))]
pub struct CreateConnectorRequest {
    /// Name, 1 to 100 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
    /// Key of the provider. It cannot be changed later.
    #[schema(required = true, nullable = false, example = "slack")]
    provider: Option<String>,
    /// Environment whose agent gets the messages.
    #[schema(required = true, nullable = false, format = "id")]
    environment_id: Option<String>,
    /// Client that the agent serves here; the account's default one if left out.
    #[schema(nullable = false, format = "id")]
    client_id: Option<String>,
    /// Access policy; `AllowAll` by default.
    policy: Option<PolicyName>,
    /// Onboarding message, sent to a person whose request awaits approval; required while the policy is
    /// `OnBoarding`. Say that the request is being reviewed, when to expect an answer, and whom to ask
    /// if it is urgent.
    onboarding_message: Option<String>,
    /// Variants of the onboarding message by language tag (BCP 47), such as `de` or `pt-BR`: at most 20,
    /// and 16384 bytes in all. A person gets the one for the language that the platform tells of them,
    /// if it tells one and a variant fits; otherwise `onboarding_message`.
    onboarding_messages: Option<BTreeMap<String, Option<String>>>,
    /// Seconds after a rejection until a new message makes a new request: 0 to 31536000; one day by
    /// default.
    #[schema(maximum = 31_536_000)]
    request_cooldown_seconds: Option<u64>,
    /// Whether an end user who holds the environment is approved without a request while the policy is
    /// `OnBoarding`; true by default. `AllowList` always lets them in.
    preapprove_known_users: Option<bool>,
    /// Number of new requests in a minute, 1 to 600; 60 by default. Beyond it, messages of new people
    /// are counted, and make no request.
    #[schema(minimum = 1, maximum = 600)]
    new_requests_per_minute: Option<u64>,
    /// Days after which a pending request expires, 1 to 365. Requests do not expire if this is left out.
    #[schema(minimum = 1, maximum = 365)]
    requests_expire_after_days: Option<u64>,
    /// Follow-up to an approval; `notify` by default.
    after_approval: Option<AfterApprovalName>,
    /// Approval notice; the default text at `/v1/providers` if left out.
    approval_notice: Option<String>,
    /// Variants of the approval notice by language tag, under the rules of `onboarding_messages`.
    approval_notices: Option<BTreeMap<String, Option<String>>>,
    /// Side that answers its conversations; `agent` by default.
    handler: Option<HandlerName>,
    /// Team whose members get its conversations, once people have them; any member if left out.
    #[schema(format = "id")]
    team_id: Option<String>,
    /// Skills that its conversations ask of a member: at most 50, each 1 to 50 characters. The same skill in other
    /// letter case counts once.
    #[schema(max_items = 50)]
    skills: Option<Vec<String>>,
    /// Whether a member's reply begins with their name; false by default.
    shows_author: Option<bool>,
    /// Text for a person who waits for a member, sent once per wait; none if left out.
    queue_notice: Option<String>,
    /// Variants of that text by language tag, under the rules of `onboarding_messages`.
    queue_notices: Option<BTreeMap<String, Option<String>>>,
}

/// Create a connector
///
/// Fields that have a `fill` in `/v1/providers` can be left out. The answer shows the next step: if
/// `can_connect` is true, call `…/connect`; if not, follow `set_up_steps`, which contain the address to
/// enter in the platform's console.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/connectors",
    tag = "Connectors",
    params(ProjectPath, IdempotencyHeader),
    request_body = CreateConnectorRequest,
    responses((status = 201, description = "The connector was created, by this call or an earlier one with this Idempotency-Key.", body = ConnectorResponse))
)]
pub async fn create_connector(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ProjectPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let request_hash = idempotency.request_hash(&body.0);
    let (mut draft, mut errors) = Draft::read(body);
    check_environment(&deps, scope, draft.environment_id, &mut errors).await?;
    let client_id = client_of_connector(&deps, &call, draft.client_id, &mut errors).await?;
    let team_id = draft.answering.team_id();
    answering::check_team(&deps, call.scope(), team_id, &mut errors).await?;
    if let (Some(provider), Some(fields)) = (&draft.provider, &mut draft.fields)
        && let Some(kind) = connector_kind(provider)
    {
        let settings = &mut fields.settings;
        own_system::check(&deps, call.scope(), kind, settings, &mut errors).await?;
    }
    let mut draft = draft.complete(errors)?;
    let route = format!("projects/{}/connectors", path.project_id);
    let id: ConnectorId = idempotency.id(&call, &route);
    if let Some(kind) = connector_kind(&draft.provider) {
        let url = webhook_url(&deps, &call.origin, scope, &draft.provider, id);
        defaults::fill_in(kind, &mut draft.fields, url, deps.random.as_ref())?;
    }
    let secrets = deps
        .vault
        .seal(&draft.fields.secrets, &|field| {
            secret_context(scope, id, field)
        })
        .await?;
    let now = call.now();
    let connector = Connector {
        request_hash,
        ..draft.connector(id, scope, client_id, secrets, now)
    };
    let change = Change {
        event: Event::ConnectorCreated(id),
        before: Value::Null,
        after: facts(&connector),
    };
    let entry = call.audit(change, now);
    let outcome = deps.connectors.create_connector(&connector, &entry).await?;
    let made = Made::settle(outcome, connector, &entry, facts)?;
    let found = deps.connectors.summaries(scope, &[id]).await?;
    let summary = found.into_iter().next().unwrap_or_default();
    Ok(made.respond(|connector| ConnectorResponse::of(&deps, &call.origin, connector, summary)))
}

/// The body, as far as it could be read.
#[derive(Debug)]
struct Draft {
    name: Option<String>,
    provider: Option<Provider>,
    environment_id: Option<EnvironmentId>,
    client_id: Option<ClientId>,
    policy: Policy,
    onboarding_message: Option<String>,
    onboarding_messages: TextVariants,
    request_cooldown: Duration,
    preapprove_known_users: bool,
    request_limits: RequestLimits,
    after_approval: AfterApproval,
    answering: Answering,
    fields: Option<ValidFields>,
}

/// The body, complete and valid.
#[derive(Debug)]
struct Complete {
    name: String,
    provider: Provider,
    environment_id: EnvironmentId,
    policy: Policy,
    onboarding_message: Option<String>,
    onboarding_messages: TextVariants,
    request_cooldown: Duration,
    preapprove_known_users: bool,
    request_limits: RequestLimits,
    after_approval: AfterApproval,
    answering: Answering,
    fields: ValidFields,
}

impl Draft {
    fn read(mut body: JsonBody) -> (Self, FieldErrors) {
        let mut errors = FieldErrors::default();
        let sections = take_sections(&mut body);
        let request: CreateConnectorRequest = read_fields(body.0, &mut errors);
        let name = validation::required_name("name", request.name.as_deref(), &mut errors);
        errors.required("provider", request.provider.as_ref());
        let provider = read_provider("provider", request.provider.as_deref(), &mut errors);
        errors.required("environment_id", request.environment_id.as_ref());
        let environment = request.environment_id.as_deref();
        let environment_id = validation::id("environment_id", environment, &mut errors);
        let client_id = validation::id("client_id", request.client_id.as_deref(), &mut errors);
        let policy = request.policy.map_or_else(Policy::default, Into::into);
        let kind = provider.as_ref().and_then(connector_kind);
        let mut read = |field, given: Option<&str>| match kind {
            Some(kind) => read_message(field, given, kind, &mut errors),
            None => given.and_then(validation::clean_text),
        };
        let onboarding_message = read("onboarding_message", request.onboarding_message.as_deref());
        let notice = read("approval_notice", request.approval_notice.as_deref());
        let mut read_variants = |field, given: Option<GivenVariants>| -> TextVariants {
            let changes =
                variants::read_changes(field, given.unwrap_or_default(), kind, &mut errors);
            let mut read = TextVariants::default();
            variants::apply(&Nullable::Value(changes), &mut read);
            variants::check(field, &read, &mut errors);
            read
        };
        let onboarding_messages = read_variants("onboarding_messages", request.onboarding_messages);
        let after_approval = AfterApproval {
            mode: request
                .after_approval
                .map_or_else(ApprovalMode::default, Into::into),
            notice,
            notices: read_variants("approval_notices", request.approval_notices),
        };
        check_message(policy, onboarding_message.as_deref(), &mut errors);
        let answering = Answering::read(
            answering::Given {
                handler: request.handler,
                team_id: given(request.team_id),
                skills: request.skills,
                shows_author: request.shows_author,
                notice: given(request.queue_notice),
                notices: given(request.queue_notices),
            },
            kind,
            &mut errors,
        );
        answering.check_new(&mut errors);
        let cooldown =
            request_settings::read_cooldown(request.request_cooldown_seconds, &mut errors);
        let new_per_minute =
            request_settings::read_new_per_minute(request.new_requests_per_minute, &mut errors);
        let request_limits = RequestLimits {
            new_per_minute: new_per_minute.unwrap_or(NEW_REQUESTS_PER_MINUTE_DEFAULT),
            expire_after_days: request_settings::read_expiry(
                request.requests_expire_after_days,
                &mut errors,
            ),
        };
        let section = kind.and_then(|kind| read_section(kind, sections, false, &mut errors));
        let draft = Self {
            name,
            provider,
            environment_id,
            client_id,
            policy,
            onboarding_message,
            onboarding_messages,
            request_cooldown: cooldown.unwrap_or(REQUEST_COOLDOWN_DEFAULT),
            preapprove_known_users: request.preapprove_known_users.unwrap_or(true),
            request_limits,
            after_approval,
            answering,
            fields: section.map(|section| section.fields),
        };
        (draft, errors)
    }

    fn complete(self, errors: FieldErrors) -> Result<Complete, ApiError> {
        match (self.name, self.provider, self.environment_id, self.fields) {
            (Some(name), Some(provider), Some(environment_id), Some(fields))
                if errors.is_empty() =>
            {
                Ok(Complete {
                    name,
                    provider,
                    environment_id,
                    policy: self.policy,
                    onboarding_message: self.onboarding_message,
                    onboarding_messages: self.onboarding_messages,
                    request_cooldown: self.request_cooldown,
                    preapprove_known_users: self.preapprove_known_users,
                    request_limits: self.request_limits,
                    after_approval: self.after_approval,
                    answering: self.answering,
                    fields,
                })
            }
            _ => Err(errors.into_validation()),
        }
    }
}

/// A field of a creation, which has nothing to remove.
fn given<T>(value: Option<T>) -> Nullable<T> {
    value.map_or(Nullable::Absent, Nullable::Value)
}

impl Complete {
    fn connector(
        self,
        id: ConnectorId,
        scope: ProjectScope,
        client_id: ClientId,
        secrets: SealedSecrets,
        now: Timestamp,
    ) -> Connector {
        let mut connector = Connector {
            id,
            scope,
            environment_id: self.environment_id,
            client_id,
            name: self.name,
            provider: self.provider,
            policy: self.policy,
            environment_since: None,
            onboarding_since: (self.policy == Policy::OnBoarding).then_some(now),
            existing_users: ExistingUsers::default(),
            onboarding_message: self.onboarding_message,
            onboarding_messages: self.onboarding_messages,
            request_cooldown: self.request_cooldown,
            preapprove_known_users: self.preapprove_known_users,
            request_limits: self.request_limits,
            is_archived: false,
            after_approval: self.after_approval,
            handler: Handler::default(),
            team_id: None,
            skills: BTreeSet::new(),
            shows_author: false,
            queue_notice: QueueNotice::default(),
            settings: self.fields.settings,
            secrets,
            webhook: WebhookState::default(),
            request_hash: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        // Its rules were checked when it was read.
        self.answering
            .apply(&mut connector, &mut FieldErrors::default());
        connector
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_admin::problem::VALIDATION;

    const ENVIRONMENT: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

    fn read(value: Value) -> Result<Complete, ApiError> {
        let Value::Object(fields) = value else {
            panic!("not an object")
        };
        let (draft, errors) = Draft::read(JsonBody(fields));
        draft.complete(errors)
    }

    fn broken(value: Value) -> Vec<String> {
        let Err(error) = read(value) else {
            return Vec::new();
        };
        assert_eq!(error.kind(), &VALIDATION);
        let fields = error.errors().iter().map(|error| error.field.clone());
        let mut fields: Vec<_> = fields.collect();
        fields.sort();
        fields
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let fields = broken(json!({
            "name": "", "provider": "slack", "environment_id": "x", "policy": "OnBoarding",
            "onboarding_message": "  ", "request_cooldown_seconds": 99_999_999, "colour": "red",
            "preapprove_known_users": "yes", "new_requests_per_minute": 0, "requests_expire_after_days": 366,
            "slack": {}, "handler": "robot", "team_id": "sales", "skills": [" "], "shows_author": 1,
        }));
        for field in [
            "handler",
            "team_id",
            "skills.0",
            "shows_author",
            "name",
            "environment_id",
            "onboarding_message",
            "request_cooldown_seconds",
            "preapprove_known_users",
            "new_requests_per_minute",
            "requests_expire_after_days",
            "colour",
            "slack.api_app_id",
            "slack.team_id",
            "slack.signing_secret",
            "slack.bot_token",
        ] {
            assert!(fields.contains(&field.to_owned()), "{field}: {fields:?}");
        }
        assert_eq!(broken(json!({})), ["environment_id", "name", "provider"]);
        let variants = json!({
            "provider": "slack", "onboarding_messages": {"german": "x", "de": 5}, "approval_notices": "Hallo",
        });
        let fields = broken(variants);
        for field in [
            "onboarding_messages.german",
            "onboarding_messages.de",
            "approval_notices",
        ] {
            assert!(fields.contains(&field.to_owned()), "{field}: {fields:?}");
        }
        assert!(broken(json!({"policy": "Onboarding"})).contains(&"policy".to_owned()));
        assert!(broken(json!({"provider": "carrier-pigeon"})).contains(&"provider".to_owned()));
    }

    #[test]
    fn the_policy_is_allow_all_and_limits_are_the_default_ones_unless_said_otherwise() {
        let Value::Object(fields) = json!({"provider": "slack", "environment_id": ENVIRONMENT})
        else {
            panic!("not an object");
        };
        let (draft, _) = Draft::read(JsonBody(fields));
        assert_eq!(draft.policy, Policy::AllowAll);
        assert_eq!(draft.request_cooldown, REQUEST_COOLDOWN_DEFAULT);
        assert!(draft.preapprove_known_users);
        assert_eq!(draft.request_limits, RequestLimits::default());
        assert_eq!(draft.onboarding_message, None);
        assert!(draft.onboarding_messages.is_empty());
        assert_eq!(draft.answering.team_id(), None);
        assert!(draft.environment_id.is_some());
    }

    /// SPEC A51, B36, B37.
    #[test]
    fn the_settings_for_requests_are_the_given_ones() {
        let given = json!({
            "name": "Support", "provider": "slack", "environment_id": ENVIRONMENT,
            "preapprove_known_users": false, "new_requests_per_minute": 5,
            "requests_expire_after_days": 30,
        });
        let Value::Object(fields) = given else {
            panic!("not an object");
        };
        let (draft, _) = Draft::read(JsonBody(fields));
        assert!(!draft.preapprove_known_users);
        let limits = RequestLimits {
            new_per_minute: 5,
            expire_after_days: Some(30),
        };
        assert_eq!(draft.request_limits, limits);
    }
}
