//! Connectors: one provider, one environment, one policy (SPEC A01–A20, A42).
//!
//! The provider's own fields stand under the provider's key, so this module names no provider: the
//! catalogue says which fields there are and which of them are secret.

mod address;
mod answering;
pub mod connect;
pub mod create;
mod defaults;
pub mod delete;
mod effects;
#[cfg(test)]
mod fixtures;
pub mod get;
pub mod list;
pub mod messages;
pub mod outcome;
mod own_system;
mod request_settings;
pub mod rotate;
mod secrets;
mod summary;
pub mod test;
pub mod trace;
pub mod update;
mod variants;

pub(super) use address::base_url;
pub use effects::PolicyEffectsResponse;
pub use summary::LastTestResponse;

use crate::{
    Deps,
    api_types::{AfterApprovalName, ExistingUsersName, HandlerName, PolicyName},
};
use address::{address_at_platform, webhook_path};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use vestibule_admin::{
    Call, CallOrigin, FieldErrors, JsonBody, api_types::CountResponse, problem::ApiError,
    problem_types, validation,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    connector::{Connector, ConnectorSummary, ONBOARDING_MESSAGE_DEFAULT, Policy, Provider},
    ids::{ConnectorId, EnvironmentId},
    ports::PolicyEffects,
};
use vestibule_providers::{
    catalogue::{
        ConnectorKind, ValidFields, connector_kind, connector_kinds, connector_setup, validate,
    },
    setup::connects,
};

problem_types! {
    CONNECT_FIRST = "connect-first", CONFLICT, "The platform was not told the last webhook secret yet",
        "The platform may still use the previous secret, which another rotation would invalidate. Connect the connector first, or wait until `previous_secrets_until`.";
    NO_SECRET_OF_OURS = "no-secret-of-ours", CONFLICT, "This connector has no webhook secret that is made here",
        "If the platform signs with a secret, create a new one in its console, then change the connector. The previous one stays valid for 24 hours.";
    NOT_BY_API = "not-by-api", CONFLICT, "A platform sends the messages of this connector",
        "Only a connector of the provider `api` takes messages of people through the API.";
    KEYS_ONLY = "keys-only", FORBIDDEN, "Messages of people come from your own system, with an API key",
        "A member's session brings none: nobody who answers people may write as one of them.";
    CHANNEL_REMOVED = "channel-removed", CONFLICT, "The account removed the channel of this connector",
        "No member can answer on it, so no message is taken. Add the channel again, or delete the connector.";
    TOO_MANY_MESSAGES = "too-many-messages", TOO_MANY_REQUESTS, "The connector brought too many messages in this minute",
        "Bring the message again after the seconds in `Retry-After`.";
}

/// A connector. The provider's fields stand under the provider's key; secrets are shown only as set or
/// not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Support on Slack", "provider": "slack",
    "environment_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X", "client_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Y",
    "policy": "OnBoarding", "onboarding_since": "2026-11-22T10:00:00.000Z", "existing_users": "keep",
    "onboarding_message": "Your request is being reviewed. You can expect an answer within one working day. If it is urgent, call 555-0100.",
    "onboarding_messages": {"de": "Ihre Anfrage wird geprüft. Sie erhalten innerhalb eines Arbeitstages eine Antwort."},
    "request_cooldown_seconds": 86400, "preapprove_known_users": true, "new_requests_per_minute": 60,
    "requests_expire_after_days": null, "after_approval": "notify", "approval_notice": null, "approval_notices": {},
    "handler": "agent", "team_id": null, "skills": [], "shows_author": false, "queue_notice": null, "queue_notices": {},
    "slack": {"api_app_id": "A0123456789", "team_id": "T0123456789", "signing_secret": {"set": true}, "bot_token": {"set": true}},
    "webhook_path": "/webhooks/slack/01JD3Q3Z9V8M4T6K2N7P5R1S0W",
    "webhook_url": "https://api.example.com/webhooks/slack/01JD3Q3Z9V8M4T6K2N7P5R1S0W",
    "set_up_steps": ["Set the request URL to https://api.example.com/webhooks/slack/01JD3Q3Z9V8M4T6K2N7P5R1S0W."],
    "can_connect": false, "webhook_connected_at": null, "previous_secrets_until": null,
    "pending_count": {"count": 3, "more": false}, "last_message_at": "2026-11-22T10:20:00.000Z",
    "last_test": {"at": "2026-11-22T10:05:00.000Z", "outcome": "ok", "problem": null},
    "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z"
}))]
pub struct ConnectorResponse {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Key of the provider.
    provider: String,
    /// Environment whose agent gets the messages.
    environment_id: String,
    /// Client that the agent serves here.
    client_id: String,
    /// Access policy.
    policy: PolicyName,
    /// Time at which the policy last became `OnBoarding`; null under another policy.
    #[schema(value_type = Option<String>, format = DateTime)]
    onboarding_since: Option<Timestamp>,
    /// Treatment of the people already seen here at that time.
    existing_users: ExistingUsersName,
    /// Onboarding message, sent to a person whose request awaits approval.
    onboarding_message: Option<String>,
    /// Variants of the onboarding message by language tag (BCP 47). A person gets the one for the
    /// language that the platform tells of them, if it tells one and a variant fits; otherwise
    /// `onboarding_message`.
    onboarding_messages: BTreeMap<String, String>,
    /// Seconds after a rejection until a new message makes a new request.
    request_cooldown_seconds: u64,
    /// Whether an end user who holds the environment is approved without a request while the policy is
    /// `OnBoarding`. `AllowList` always lets them in.
    preapprove_known_users: bool,
    /// Number of new requests in a minute. Beyond it, messages of new people are counted, and make no
    /// request.
    new_requests_per_minute: u16,
    /// Days after which a pending request expires; null if requests do not expire.
    requests_expire_after_days: Option<u16>,
    /// Follow-up to an approval.
    after_approval: AfterApprovalName,
    /// Approval notice; null for the default text at `/v1/providers`.
    approval_notice: Option<String>,
    /// Variants of the approval notice by language tag, chosen like `onboarding_messages`.
    approval_notices: BTreeMap<String, String>,
    /// Side that answers its conversations.
    handler: HandlerName,
    /// Team whose members get its conversations, once people have them; null for any member. A handoff may name another
    /// one.
    team_id: Option<String>,
    /// Skills that its conversations ask of a member, beside those that a handoff names.
    skills: Vec<String>,
    /// Whether a member's reply begins with their name.
    shows_author: bool,
    /// Text for a person who waits for a member, sent once per wait; null for none.
    queue_notice: Option<String>,
    /// Variants of that text by language tag, chosen like `onboarding_messages`.
    queue_notices: BTreeMap<String, String>,
    /// Fields of the provider, under its key.
    #[serde(flatten)]
    #[schema(ignore)]
    section: Map<String, Value>,
    /// Path to which the platform sends messages, or your own system.
    webhook_path: String,
    /// Address to which the platform sends messages, or your own system; null when this API does not know its own address.
    webhook_url: Option<String>,
    /// Steps to take in the platform's console, with this connector's address.
    set_up_steps: Vec<String>,
    /// Whether `…/connect` can register the address with the platform. Where it cannot, the steps say
    /// where to enter the address.
    can_connect: bool,
    /// Time at which the platform received the current address and webhook secret; null while it has
    /// not, and where `can_connect` is false.
    #[schema(value_type = Option<String>, format = DateTime)]
    webhook_connected_at: Option<Timestamp>,
    /// Time until which requests made with the previous secret are accepted too. Null when there is no
    /// previous secret, or when it was set by hand and is accepted until it is blanked.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secrets_until: Option<Timestamp>,
    /// Pending requests of this connector, up to 100. `more` is true if there may be more.
    pending_count: CountResponse,
    /// Time of the last message of a person who has access or asks for it, at most a minute behind; null for
    /// none yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_message_at: Option<Timestamp>,
    /// Last test of the credentials; null if there was none.
    last_test: Option<LastTestResponse>,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Effects of the change; only in the answer to a change with `dry_run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    dry_run: Option<PolicyEffectsResponse>,
}

impl ConnectorResponse {
    fn of(
        deps: &Deps,
        origin: &CallOrigin,
        connector: Connector,
        summary: ConnectorSummary,
    ) -> Self {
        let path = webhook_path(connector.scope, &connector.provider, connector.id);
        let url = address_at_platform(deps, origin, &connector);
        let kind = connector_kind(&connector.provider);
        let can_connect =
            connector_setup(&connector.provider).is_some_and(|setup| connects(setup, &connector));
        Self {
            id: connector.id.to_string(),
            environment_id: connector.environment_id.to_string(),
            client_id: connector.client_id.to_string(),
            policy: connector.policy.into(),
            onboarding_since: connector.onboarding_since,
            existing_users: connector.existing_users.into(),
            request_cooldown_seconds: connector.request_cooldown.as_secs(),
            preapprove_known_users: connector.preapprove_known_users,
            new_requests_per_minute: connector.request_limits.new_per_minute,
            requests_expire_after_days: connector.request_limits.expire_after_days,
            after_approval: connector.after_approval.mode.into(),
            approval_notice: connector.after_approval.notice.clone(),
            approval_notices: variants::shown(&connector.after_approval.notices),
            handler: connector.handler.into(),
            team_id: connector.team_id.map(|id| id.to_string()),
            skills: connector.skills.iter().map(ToString::to_string).collect(),
            shows_author: connector.shows_author,
            queue_notice: connector.queue_notice.text.clone(),
            queue_notices: variants::shown(&connector.queue_notice.variants),
            onboarding_messages: variants::shown(&connector.onboarding_messages),
            section: section_of(&connector, kind),
            set_up_steps: kind
                .map(|kind| kind.set_up_steps(url.as_deref().unwrap_or(&path)))
                .unwrap_or_default(),
            webhook_path: path,
            webhook_url: url,
            can_connect,
            webhook_connected_at: connector.webhook.connected_at,
            previous_secrets_until: connector.webhook.previous_secrets_until,
            pending_count: summary.pending.into(),
            last_message_at: summary.last_message_at,
            last_test: summary.last_test.map(Into::into),
            provider: connector.provider.key().to_owned(),
            name: connector.name,
            onboarding_message: connector.onboarding_message,
            created_at: connector.created_at,
            updated_at: connector.updated_at,
            dry_run: None,
        }
    }

    fn with_effects(self, effects: PolicyEffects) -> Self {
        Self {
            dry_run: Some(effects.into()),
            ..self
        }
    }
}

/// The provider's fields under its key, with secrets as set or not.
fn section_of(connector: &Connector, kind: Option<&dyn ConnectorKind>) -> Map<String, Value> {
    let Some(kind) = kind else {
        return Map::new();
    };
    let fields: Map<String, Value> = kind
        .fields()
        .iter()
        .map(|field| {
            let value = if field.secret {
                json!({"set": connector.secrets.fields.contains_key(field.name)})
            } else {
                json!(connector.settings.get(field.name))
            };
            (field.name.to_owned(), value)
        })
        .collect();
    Map::from_iter([(kind.provider().key().to_owned(), Value::Object(fields))])
}

/// Removes the providers' sections from a body, and returns them. The remaining fields are the same for
/// all providers.
fn take_sections(body: &mut JsonBody) -> BTreeMap<Provider, Value> {
    connector_kinds()
        .iter()
        .filter_map(|kind| {
            let provider = kind.provider();
            let section = body.take(provider.key())?;
            Some((provider, section))
        })
        .collect()
}

/// The provider's fields of a body, checked.
#[derive(Debug, Default)]
struct Section {
    /// Fields with a value.
    fields: ValidFields,
    /// Optional fields given blank or as null: their stored values are removed.
    cleared: BTreeSet<String>,
}

/// Checks the provider's section of a body, and refuses sections of other providers. With `partial`,
/// fields may be missing.
fn read_section(
    kind: &dyn ConnectorKind,
    mut sections: BTreeMap<Provider, Value>,
    partial: bool,
    errors: &mut FieldErrors,
) -> Option<Section> {
    let provider = kind.provider();
    let section = sections.remove(&provider);
    for other in sections.keys() {
        errors.add(
            other.key(),
            format!("is not for a connector of the provider {provider}"),
        );
    }
    let given = match section {
        None if partial => return Some(Section::default()),
        None => Map::new(),
        Some(Value::Object(fields)) => fields,
        Some(_) => {
            errors.add(provider.key(), "must be an object");
            return None;
        }
    };
    let (mut texts, mut cleared, mut wrong_type) =
        (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    for (name, value) in given {
        let optional = kind
            .fields()
            .iter()
            .any(|field| field.name == name && !field.required);
        match value {
            Value::Null if optional => {
                cleared.insert(name);
            }
            Value::String(text) if optional && text.trim().is_empty() => {
                cleared.insert(name);
            }
            Value::String(text) => {
                texts.insert(name, text.trim().to_owned());
            }
            _ => {
                // An unknown field of any type is reported below.
                if kind.fields().iter().any(|field| field.name == name) {
                    errors.add(format!("{provider}.{name}"), "must be text");
                    wrong_type.insert(name);
                } else {
                    texts.insert(name, String::new());
                }
            }
        }
    }
    match validate(kind, &texts, partial) {
        Ok(fields) if wrong_type.is_empty() => Some(Section { fields, cleared }),
        Ok(_) => None,
        Err(broken) => {
            for error in broken {
                if wrong_type.contains(&error.field) {
                    continue;
                }
                // A missing field is reported in the same words as in the rest of the body.
                let rule = if texts.contains_key(&error.field) {
                    error.rule
                } else {
                    "is required".to_owned()
                };
                errors.add(format!("{provider}.{}", error.field), rule);
            }
            None
        }
    }
}

/// Reads a message to people, as it is stored; a blank one is `None`.
fn read_message(
    field: &str,
    given: Option<&str>,
    kind: &dyn ConnectorKind,
    errors: &mut FieldErrors,
) -> Option<String> {
    let message = validation::clean_text(given?)?;
    let most = kind.message_max_chars();
    if message.chars().count() > most {
        errors.add(
            field,
            format!(
                "must be at most {most} characters, the limit of {}",
                kind.label()
            ),
        );
    }
    Some(message)
}

/// SPEC A16: a message is required while the policy is `OnBoarding`.
fn check_message(policy: Policy, message: Option<&str>, errors: &mut FieldErrors) {
    if policy == Policy::OnBoarding && message.is_none() && !errors.names("onboarding_message") {
        errors.add(
            "onboarding_message",
            format!(
                "is required while the policy is OnBoarding. A suggestion: {ONBOARDING_MESSAGE_DEFAULT}"
            ),
        );
    }
}

/// Checks that the environment belongs to the project.
pub(super) async fn check_environment(
    deps: &Deps,
    scope: ProjectScope,
    id: Option<EnvironmentId>,
    errors: &mut FieldErrors,
) -> Result<(), ApiError> {
    let Some(id) = id else { return Ok(()) };
    if deps
        .environments
        .get_environment(scope, id)
        .await?
        .is_none()
    {
        // The environment may be missing because the project is.
        super::projects::read(deps, scope.account(), scope.project_id()).await?;
        errors.add(
            "environment_id",
            "must be the id of an environment of this project",
        );
    }
    Ok(())
}

pub(super) async fn read(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    id: ConnectorId,
) -> Result<Connector, ApiError> {
    deps.connectors
        .get_connector(scope, id)
        .await?
        .filter(|connector| call.may_serve(connector.client_id))
        .ok_or_else(|| ApiError::not_found("connector"))
}

/// The connector as the audit log records it, without secrets.
fn facts(connector: &Connector) -> Value {
    json!({
        "name": connector.name,
        "provider": connector.provider,
        "environment_id": connector.environment_id,
        "client_id": connector.client_id,
        "policy": connector.policy,
        "existing_users": connector.existing_users,
        "onboarding_message": connector.onboarding_message,
        "onboarding_messages": connector.onboarding_messages,
        "request_cooldown_seconds": connector.request_cooldown.as_secs(),
        "preapprove_known_users": connector.preapprove_known_users,
        "new_requests_per_minute": connector.request_limits.new_per_minute,
        "requests_expire_after_days": connector.request_limits.expire_after_days,
        "after_approval": connector.after_approval.mode,
        "approval_notice": connector.after_approval.notice,
        "approval_notices": connector.after_approval.notices,
        "handler": connector.handler,
        "team_id": connector.team_id,
        "skills": connector.skills,
        "shows_author": connector.shows_author,
        "queue_notice": connector.queue_notice.text,
        "queue_notices": connector.queue_notice.variants,
        "settings": connector.settings,
        "secrets_set": connector.secrets.fields.keys().collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::connector::APPROVAL_NOTICE_DEFAULT;

    fn slack() -> &'static dyn ConnectorKind {
        connector_kind(&Provider::new("slack")).unwrap()
    }

    fn sections(value: Value) -> (BTreeMap<Provider, Value>, JsonBody) {
        let Value::Object(fields) = value else {
            panic!("not an object")
        };
        let mut body = JsonBody(fields);
        (take_sections(&mut body), body)
    }

    #[test]
    fn a_section_is_checked_field_by_field_and_no_value_is_repeated() {
        let (sections, rest) = sections(json!({
            "name": "x", "slack": {"team_id": 5, "bot_token": "canary", "colour": "red"},
        }));
        assert_eq!(rest.0.len(), 1);
        let mut errors = FieldErrors::default();
        assert!(read_section(slack(), sections, false, &mut errors).is_none());
        for field in [
            "team_id",
            "api_app_id",
            "signing_secret",
            "bot_token",
            "colour",
        ] {
            assert!(
                errors.names(&format!("slack.{field}")),
                "{field}: {errors:?}"
            );
        }
        let error = errors.into_validation();
        let all = error.errors();
        assert_eq!(all.len(), 5, "{all:?}");
        assert!(!format!("{all:?}").contains("canary"));
    }

    #[test]
    fn a_section_may_be_left_out_of_a_change_and_not_of_a_creation() {
        let mut errors = FieldErrors::default();
        assert!(read_section(slack(), BTreeMap::new(), true, &mut errors).is_some());
        assert!(errors.is_empty());
        assert!(read_section(slack(), BTreeMap::new(), false, &mut errors).is_none());
        assert!(errors.names("slack.bot_token"));
        let mut errors = FieldErrors::default();
        let (sections, _) = sections(json!({"slack": "text"}));
        assert!(read_section(slack(), sections, true, &mut errors).is_none());
        assert!(errors.names("slack"));
    }

    #[test]
    fn a_field_that_need_not_be_there_is_taken_away_by_leaving_it_blank() {
        for blank in [json!(" "), json!(null)] {
            let mut errors = FieldErrors::default();
            let (sections, _) = sections(json!({"slack": {"previous_signing_secret": blank}}));
            let section = read_section(slack(), sections, true, &mut errors).unwrap();
            assert!(section.cleared.contains("previous_signing_secret"));
            assert!(section.fields.secrets.is_empty());
            let (sections, _) = self::sections(json!({"slack": {"bot_token": null}}));
            assert!(read_section(slack(), sections, true, &mut errors).is_none());
            assert!(errors.names("slack.bot_token"));
        }
    }

    #[test]
    fn a_message_is_required_while_onboarding_and_a_text_is_offered() {
        let mut errors = FieldErrors::default();
        check_message(Policy::AllowAll, None, &mut errors);
        check_message(Policy::AllowList, None, &mut errors);
        check_message(Policy::OnBoarding, Some("Hello"), &mut errors);
        assert!(errors.is_empty());
        check_message(Policy::OnBoarding, None, &mut errors);
        assert!(format!("{errors:?}").contains(ONBOARDING_MESSAGE_DEFAULT));
    }

    #[test]
    fn a_message_fits_the_platform() {
        let most = slack().message_max_chars();
        let mut errors = FieldErrors::default();
        let field = "approval_notice";
        let mut read = |text: &str| read_message(field, Some(text), slack(), &mut errors);
        assert!(read(&"é".repeat(most)).is_some());
        assert_eq!(read(" \n "), None);
        assert!(errors.is_empty());
        read_message(field, Some(&"é".repeat(most + 1)), slack(), &mut errors);
        assert!(errors.names(field));
        for kind in connector_kinds() {
            for offered in [ONBOARDING_MESSAGE_DEFAULT, APPROVAL_NOTICE_DEFAULT] {
                assert!(offered.chars().count() <= kind.message_max_chars());
            }
        }
    }
}
