//! `PATCH /v1/projects/{project_id}/connectors/{connector_id}`

use super::{
    ConnectorResponse, Section, check_cooldown, check_environment, check_message, defaults, facts,
    read, read_message, read_section, secrets, take_sections,
    variants::{self, Changes, GivenVariants},
    webhook_url,
};
use crate::{
    Deps,
    api_types::{AfterApprovalName, ConnectorPath, ExistingUsersName, PolicyName},
};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, Nullable, amend,
    api_types::{IfMatchHeader, found},
    given,
    jobs::enqueue_or_leave,
    log,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    PortError, Timestamp,
    access::closing::Closing,
    connector::{ApprovalMode, Connector, ExistingUsers, Policy, Provider},
    event::{Change, Event},
    ids::EnvironmentId,
    ports::OUTBOX_PATIENCE,
    record::Record,
};
use vestibule_providers::catalogue::{ConnectorKind, connector_kind};

/// Changes to a connector. The provider's fields stand under the provider's key. Fields left out keep
/// their values.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "policy": "OnBoarding", "existing_users": "keep",
    "onboarding_message": "Your request is being reviewed. You can expect an answer within one working day. If it is urgent, call 555-0100.",
    "slack": {"bot_token": "xoxb-…"}
}))]
pub struct UpdateConnectorRequest {
    /// Name, 1 to 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Environment whose agent gets the messages.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, format = "id")]
    environment_id: Option<String>,
    /// Access policy.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    policy: Option<PolicyName>,
    /// Treatment of people already seen here when the policy becomes `OnBoarding`; `keep` by default.
    /// Allowed only while the policy is, or becomes, `OnBoarding`.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    existing_users: Option<ExistingUsersName>,
    /// Onboarding message; null or blank removes it, which is refused while the policy is `OnBoarding`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    onboarding_message: Nullable<String>,
    /// Variants of the onboarding message by language tag, such as `de` or `pt-BR`: at most 20, and 16384
    /// bytes in all. They are merged into those that are stored: a text adds or replaces one, null or
    /// blank removes it, and null for the whole field removes all.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    onboarding_messages: Nullable<GivenVariants>,
    /// Seconds after a rejection until a new message makes a new request: 0 to 31536000.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, maximum = 31_536_000)]
    request_cooldown_seconds: Option<u64>,
    /// Follow-up to an approval.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    after_approval: Option<AfterApprovalName>,
    /// Approval notice; null or blank means the default text at `/v1/providers`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    approval_notice: Nullable<String>,
    /// Variants of the approval notice by language tag, under the rules of `onboarding_messages`.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    approval_notices: Nullable<GivenVariants>,
    /// True to change nothing, and answer with the changed connector and the effects of the change.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    dry_run: Option<bool>,
    /// Key of the provider. It cannot be changed, but may be repeated.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, example = "slack")]
    provider: Option<String>,
}

/// Change a connector
///
/// When the policy is no longer `OnBoarding`, the connector's pending requests are rejected within
/// minutes, with the `reason_code` `policy_off`. The people are not notified, and it does not count as
/// a rejection. When the connector moves to another environment, its pending requests are rejected the
/// same way, with `connector_moved`: an approval would give access to the previous environment.
///
/// When a verification secret is replaced, the previous one stays valid for 24 hours, until
/// `previous_secrets_until`. If the field of the previous secret is given too, its value is accepted
/// until the field is blanked. When the connector comes to speak for another app, account or number,
/// no secret of the former one stays valid beside a new one, whichever is changed first.
#[utoipa::path(
    patch,
    path = "/v1/projects/{project_id}/connectors/{connector_id}",
    tag = "Connectors",
    params(ConnectorPath, IfMatchHeader),
    request_body = UpdateConnectorRequest,
    responses(
        (status = 200, description = "The changed connector. Its webhook follows within ten seconds.", body = ConnectorResponse, headers(("ETag" = String, description = "Version of the record, for `If-Match`."))),
        (status = 409, description = "Other callers keep changing the connector, or the platform does not have the last webhook secret yet.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_connector(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    ApiPath(path): ApiPath<ConnectorPath>,
    mut body: JsonBody,
) -> Result<Response, ApiError> {
    let sections = take_sections(&mut body);
    let (deps, call, fields, sections) = (&deps, &call, &body.0, &sections);
    amend(
        &if_match,
        || Intended::read(deps, call, path, fields, sections),
        |intended| async move {
            if intended.patch.dry_run {
                return intended.effects(deps, call).await;
            }
            intended.make(deps, call).await
        },
    )
    .await
}

/// The current connector, and the connector that the call asks for.
struct Intended {
    connector: Connector,
    kind: &'static dyn ConnectorKind,
    patch: Patch,
    /// The connector with every change except to secrets.
    changed: Connector,
    now: Timestamp,
}

impl Record for Intended {
    fn version(&self) -> u64 {
        self.connector.version
    }
}

impl Intended {
    /// Reads the connector, and checks the body against it.
    async fn read(
        deps: &Deps,
        call: &Call,
        at: ConnectorPath,
        fields: &Map<String, Value>,
        sections: &BTreeMap<Provider, Value>,
    ) -> Result<Self, ApiError> {
        let scope = call.scope().project(at.project_id);
        let connector = read(deps, call, scope, at.connector_id).await?;
        let kind = connector_kind(&connector.provider)
            .ok_or_else(|| PortError::corrupt("connector", "its provider is not known"))?;
        let (patch, mut errors) = Patch::read(fields.clone(), sections.clone(), kind);
        let now = call.now();
        let mut changed = patch.applied(&connector, now, &mut errors);
        let url = webhook_url(deps, &call.origin, &connector.provider, connector.id);
        defaults::refill(kind, &mut changed.settings, url);
        if changed.environment_id != connector.environment_id {
            check_environment(deps, scope, Some(changed.environment_id), &mut errors).await?;
        }
        errors.check_body()?;
        Ok(Self {
            connector,
            kind,
            patch,
            changed,
            now,
        })
    }

    /// Answers with the effects of the change.
    async fn effects(self, deps: &Deps, call: &Call) -> Result<Response, ApiError> {
        let effects = deps
            .connectors
            .policy_effects(&self.connector, &self.changed)
            .await?;
        let body = ConnectorResponse::of(deps, &call.origin, self.changed).with_effects(effects);
        Ok(found(self.connector.version, body))
    }

    /// Makes the change.
    async fn make(self, deps: &Deps, call: &Call) -> Result<Response, ApiError> {
        let Self {
            connector,
            kind,
            patch,
            mut changed,
            now,
        } = self;
        let vault = deps.vault.as_ref();
        let section = patch.section;
        let replaced =
            secrets::replace(vault, kind, &connector, &mut changed, section, now).await?;
        if changed.settings != connector.settings {
            changed.webhook.connected_at = None;
        }
        if changed == connector {
            let body = ConnectorResponse::of(deps, &call.origin, connector);
            return Ok(found(changed.version, body));
        }
        let changed = Connector {
            updated_at: now,
            ..changed
        };
        let mut after = facts(&changed);
        if let Some(after) = after.as_object_mut()
            && !replaced.is_empty()
        {
            let replaced = replaced.into_iter().collect();
            after.insert("secrets_replaced".to_owned(), replaced);
        }
        let change = Change {
            event: Event::ConnectorUpdated(changed.id),
            before: facts(&connector),
            after,
        };
        let entry = call.audit(change, now);
        let request_id = &call.origin.request_id;
        let closing = Closing::of_change(&connector, &changed, call.actor(), request_id, now);
        match &closing {
            None => deps.connectors.update_connector(&changed, &entry).await?,
            Some(closing) => {
                let due = now.plus(OUTBOX_PATIENCE);
                deps.connectors
                    .update_and_close(&changed, closing, due, &entry)
                    .await?;
                enqueue_or_leave(deps.onboarding.as_ref(), closing.job()).await;
            }
        }
        log(&entry);
        let version = changed.version + 1;
        let body = ConnectorResponse::of(deps, &call.origin, changed);
        Ok(found(version, body))
    }
}

/// The body, as far as it could be read.
#[derive(Debug)]
struct Patch {
    name: Option<String>,
    provider: Option<Provider>,
    environment_id: Option<EnvironmentId>,
    policy: Option<Policy>,
    existing_users: Option<ExistingUsers>,
    onboarding_message: Nullable<String>,
    onboarding_messages: Nullable<Changes>,
    request_cooldown: Option<Duration>,
    after_approval: Option<ApprovalMode>,
    approval_notice: Nullable<String>,
    approval_notices: Nullable<Changes>,
    dry_run: bool,
    section: Section,
}

impl Patch {
    fn read(
        fields: Map<String, Value>,
        sections: BTreeMap<Provider, Value>,
        kind: &dyn ConnectorKind,
    ) -> (Self, FieldErrors) {
        let mut errors = FieldErrors::default();
        let request: UpdateConnectorRequest = read_fields(fields, &mut errors);
        check_cooldown(request.request_cooldown_seconds, &mut errors);
        let environment = request.environment_id.as_deref();
        let name = validation::name("name", request.name.as_deref(), &mut errors);
        let environment_id = validation::id("environment_id", environment, &mut errors);
        let section = read_section(kind, sections, true, &mut errors)
            .map(|section| defaults::keep_filled(kind, section, &mut errors))
            .unwrap_or_default();
        let mut read = |field, text: Nullable<String>| match text {
            Nullable::Absent => Nullable::Absent,
            Nullable::Null => Nullable::Null,
            Nullable::Value(text) => read_message(field, Some(&text), kind, &mut errors)
                .map_or(Nullable::Null, Nullable::Value),
        };
        let onboarding_message = read("onboarding_message", request.onboarding_message);
        let approval_notice = read("approval_notice", request.approval_notice);
        let mut read_variants = |field, given: Nullable<GivenVariants>| match given {
            Nullable::Absent => Nullable::Absent,
            Nullable::Null => Nullable::Null,
            Nullable::Value(given) => Nullable::Value(variants::read_changes(
                field,
                given,
                Some(kind),
                &mut errors,
            )),
        };
        let patch = Self {
            name,
            provider: request.provider.as_deref().map(Provider::new),
            environment_id,
            policy: request.policy.map(Into::into),
            existing_users: request.existing_users.map(Into::into),
            onboarding_message,
            onboarding_messages: read_variants("onboarding_messages", request.onboarding_messages),
            after_approval: request.after_approval.map(Into::into),
            approval_notice,
            approval_notices: read_variants("approval_notices", request.approval_notices),
            dry_run: request.dry_run.unwrap_or_default(),
            request_cooldown: request.request_cooldown_seconds.map(Duration::from_secs),
            section,
        };
        (patch, errors)
    }

    /// The connector with every change except to secrets, and every rule that it then breaks.
    fn applied(
        &self,
        connector: &Connector,
        now: Timestamp,
        errors: &mut FieldErrors,
    ) -> Connector {
        let mut changed = connector.clone();
        if self
            .provider
            .as_ref()
            .is_some_and(|provider| *provider != connector.provider)
        {
            errors.add(
                "provider",
                "cannot be changed; create another connector instead",
            );
        }
        if let Some(name) = &self.name {
            changed.name.clone_from(name);
        }
        if let Some(id) = self.environment_id {
            changed.move_to(id, now);
        }
        if let Some(cooldown) = self.request_cooldown {
            changed.request_cooldown = cooldown;
        }
        match &self.onboarding_message {
            Nullable::Absent => {}
            Nullable::Null => changed.onboarding_message = None,
            Nullable::Value(message) => changed.onboarding_message = Some(message.clone()),
        }
        if let Some(mode) = self.after_approval {
            changed.after_approval.mode = mode;
        }
        match &self.approval_notice {
            Nullable::Absent => {}
            Nullable::Null => changed.after_approval.notice = None,
            Nullable::Value(notice) => changed.after_approval.notice = Some(notice.clone()),
        }
        for (field, changes, variants) in [
            (
                "onboarding_messages",
                &self.onboarding_messages,
                &mut changed.onboarding_messages,
            ),
            (
                "approval_notices",
                &self.approval_notices,
                &mut changed.after_approval.notices,
            ),
        ] {
            variants::apply(changes, variants);
            variants::check(field, variants, errors);
        }
        let settings = self.section.fields.settings.iter();
        changed
            .settings
            .extend(settings.map(|(name, value)| (name.clone(), value.clone())));
        let cleared = &self.section.cleared;
        changed.settings.retain(|name, _| !cleared.contains(name));
        self.switch_policy(&mut changed, now, errors);
        check_message(
            changed.policy,
            changed.onboarding_message.as_deref(),
            errors,
        );
        changed
    }

    fn switch_policy(&self, changed: &mut Connector, now: Timestamp, errors: &mut FieldErrors) {
        let policy = self.policy.unwrap_or(changed.policy);
        if changed
            .switch_policy(policy, self.existing_users, now)
            .is_err()
        {
            errors.add(
                "existing_users",
                "can be given only while the policy is, or becomes, OnBoarding",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_admin::problem::VALIDATION;
    use vestibule_domain::{
        AccountScope,
        connector::{AfterApproval, SealedSecrets, WebhookState},
        ids::{AccountId, ClientId, ConnectorId, ProjectId},
        language::{Language, TextVariants},
    };

    const NOW: Timestamp = Timestamp::from_millis(5000);

    fn connector(policy: Policy) -> Connector {
        let scope =
            AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
        Connector {
            id: ConnectorId::derive(&["c"]),
            scope,
            environment_id: EnvironmentId::derive(&["e"]),
            client_id: ClientId::derive(&["c"]),
            name: "Support".to_owned(),
            provider: Provider::new("slack"),
            policy,
            environment_since: None,
            onboarding_since: (policy == Policy::OnBoarding).then_some(Timestamp::from_millis(1)),
            existing_users: ExistingUsers::Keep,
            onboarding_message: Some("Wait".to_owned()),
            onboarding_messages: TextVariants::default(),
            request_cooldown: Duration::from_mins(1),
            after_approval: AfterApproval::default(),
            settings: BTreeMap::from([("team_id".to_owned(), "T0".to_owned())]),
            secrets: SealedSecrets::default(),
            webhook: WebhookState::default(),
            request_hash: None,
            version: 3,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    fn apply(connector: &Connector, body: Value) -> Result<Connector, Vec<String>> {
        let Value::Object(fields) = body else {
            panic!("not an object")
        };
        let mut body = JsonBody(fields);
        let sections = take_sections(&mut body);
        let kind = connector_kind(&connector.provider).unwrap();
        let (patch, mut errors) = Patch::read(body.0, sections, kind);
        let changed = patch.applied(connector, NOW, &mut errors);
        match errors.check_body() {
            Ok(()) => Ok(changed),
            Err(error) => {
                assert_eq!(error.kind(), &VALIDATION);
                let fields = error.errors().iter().map(|error| error.field.clone());
                Err(fields.collect())
            }
        }
    }

    #[test]
    fn what_is_left_out_stays() {
        let before = connector(Policy::OnBoarding);
        assert_eq!(apply(&before, json!({})).unwrap(), before);
        assert_eq!(
            apply(&before, json!({"provider": "slack"})).unwrap(),
            before
        );
        let renamed = apply(&before, json!({"name": " Help  desk "})).unwrap();
        assert_eq!(
            renamed,
            Connector {
                name: "Help desk".to_owned(),
                ..before
            }
        );
    }

    #[test]
    fn turning_onboarding_on_keeps_people_unless_said_otherwise() {
        let before = connector(Policy::AllowAll);
        let on = apply(&before, json!({"policy": "OnBoarding"})).unwrap();
        assert_eq!(on.onboarding_since, Some(NOW));
        assert_eq!(on.existing_users, ExistingUsers::Keep);
        let on = apply(
            &before,
            json!({"policy": "OnBoarding", "existing_users": "require_approval"}),
        );
        assert_eq!(on.unwrap().existing_users, ExistingUsers::RequireApproval);
    }

    #[test]
    fn onboarding_that_is_on_already_goes_on_since_when_it_did() {
        let before = connector(Policy::OnBoarding);
        let again = apply(&before, json!({"policy": "OnBoarding"})).unwrap();
        assert_eq!(again, before);
        let stricter = apply(&before, json!({"existing_users": "require_approval"})).unwrap();
        assert_eq!(stricter.onboarding_since, before.onboarding_since);
        assert_eq!(stricter.existing_users, ExistingUsers::RequireApproval);
    }

    #[test]
    fn turning_onboarding_off_forgets_since_when_it_was_on() {
        for policy in ["AllowAll", "AllowList"] {
            let off = apply(&connector(Policy::OnBoarding), json!({"policy": policy})).unwrap();
            assert_eq!(off.onboarding_since, None);
        }
    }

    #[test]
    fn variants_of_both_texts_are_merged_and_those_left_out_stay() {
        let german = |text: &str| -> TextVariants {
            let german = Language::parse("de").map(|german| (german, text.to_owned()));
            german.into_iter().collect()
        };
        let before = connector(Policy::OnBoarding);
        let told = apply(
            &before,
            json!({"onboarding_messages": {"DE": "Warten", "fr": " "}, "approval_notices": {"de": "Willkommen"}}),
        )
        .unwrap();
        assert_eq!(told.onboarding_messages, german("Warten"));
        assert_eq!(told.after_approval.notices, german("Willkommen"));
        assert_eq!(told.onboarding_message, before.onboarding_message);
        let renamed = apply(&told, json!({"name": "Help", "approval_notices": {}})).unwrap();
        assert_eq!(renamed.onboarding_messages, german("Warten"));
        assert_eq!(renamed.after_approval.notices, german("Willkommen"));
        let fewer = json!({"onboarding_messages": null, "approval_notices": {"de": null}});
        assert_eq!(apply(&told, fewer).unwrap(), before);
    }

    #[test]
    fn a_change_that_leaves_a_rule_broken_is_refused() {
        let on = connector(Policy::OnBoarding);
        let off = connector(Policy::AllowAll);
        let no_message = Connector {
            onboarding_message: None,
            ..off.clone()
        };
        for (before, body, field) in [
            (
                &on,
                json!({"onboarding_message": null}),
                "onboarding_message",
            ),
            (
                &on,
                json!({"onboarding_message": " "}),
                "onboarding_message",
            ),
            (
                &no_message,
                json!({"policy": "OnBoarding"}),
                "onboarding_message",
            ),
            (&off, json!({"existing_users": "keep"}), "existing_users"),
            (
                &off,
                json!({"onboarding_messages": {"german": "Warten"}}),
                "onboarding_messages.german",
            ),
            (
                &off,
                json!({"approval_notices": {"de": 5}}),
                "approval_notices.de",
            ),
            (&off, json!({"approval_notices": []}), "approval_notices"),
            (&off, json!({"provider": "teams"}), "provider"),
            (&off, json!({"name": null}), "name"),
            (&off, json!({"slack": {"team_id": ""}}), "slack.team_id"),
            (
                &off,
                json!({"request_cooldown_seconds": 31_536_001}),
                "request_cooldown_seconds",
            ),
            (&off, json!({"webhook_url": "https://x"}), "webhook_url"),
        ] {
            assert_eq!(apply(before, body), Err(vec![field.to_owned()]));
        }
        let both = json!({"onboarding_message": null, "policy": "AllowAll"});
        assert_eq!(apply(&on, both).unwrap().onboarding_message, None);
    }
}
