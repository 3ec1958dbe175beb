//! `PATCH /v1/projects/{project_id}/connectors/{connector_id}`

mod patch;

use super::{
    ConnectorResponse, address::webhook_url, answering, check_environment, defaults, facts,
    own_system, read, secrets, take_sections, variants::GivenVariants,
};
use crate::{
    Deps,
    api_types::{AfterApprovalName, ConnectorPath, ExistingUsersName, HandlerName, PolicyName},
    serving::client_of_connector,
};
use axum::{extract::State, response::Response};
use patch::Patch;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, IfMatch, JsonBody, Nullable, amend,
    api_types::{IfMatchHeader, found},
    given,
    jobs::enqueue_or_leave,
    log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    PortError, Timestamp,
    access::closing::Closing,
    connector::{Connector, Provider},
    event::{Change, Event},
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
    /// Client that the agent serves here. The caller must have access to the present client and to this one. Requests
    /// and conversations go with the connector. A conversation that waits for a member waits for one who answers this
    /// client, at its place, and so does one whose member does not answer this client, within minutes. A connector of
    /// the provider `api` keeps its client and its channel, by which its people are known; both may be repeated.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, format = "id")]
    client_id: Option<String>,
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
    /// Whether an end user who holds the environment is approved without a request while the policy is
    /// `OnBoarding`. `AllowList` always lets them in.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    preapprove_known_users: Option<bool>,
    /// Number of new requests in a minute, 1 to 600.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 1, maximum = 600)]
    new_requests_per_minute: Option<u64>,
    /// Days after which a pending request expires, 1 to 365, counted from its creation; null if requests
    /// shall not expire. It applies to requests that are already pending too.
    #[serde(default)]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 365)]
    requests_expire_after_days: Nullable<u64>,
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
    /// Side that answers its conversations. A conversation that people have stays with them until it is given back.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    handler: Option<HandlerName>,
    /// Team whose members get its conversations, once people have them; null for any member.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "id")]
    team_id: Nullable<String>,
    /// Skills that its conversations ask of a member, in place of the present ones: at most 50, each 1 to 50
    /// characters. The same skill in other letter case counts once.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 50)]
    skills: Option<Vec<String>>,
    /// Whether a member's reply begins with their name.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    shows_author: Option<bool>,
    /// Text for a person who waits for a member, sent once per wait; null or blank for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    queue_notice: Nullable<String>,
    /// Variants of that text by language tag, under the rules of `onboarding_messages`.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    queue_notices: Nullable<GivenVariants>,
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
        let url = webhook_url(deps, &call.origin, scope, &connector.provider, connector.id);
        defaults::refill(kind, &mut changed.settings, url);
        own_system::check_change(deps, kind, &connector, &mut changed, &mut errors);
        if changed.environment_id != connector.environment_id {
            check_environment(deps, scope, Some(changed.environment_id), &mut errors).await?;
        }
        if changed.client_id != connector.client_id && !errors.names("client_id") {
            client_of_connector(deps, call, Some(changed.client_id), &mut errors).await?;
        }
        if changed.team_id != connector.team_id {
            answering::check_team(deps, call.scope(), changed.team_id, &mut errors).await?;
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
        let body = ConnectorResponse::read(deps, call, self.changed).await?;
        let body = body.with_effects(effects);
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
            let body = ConnectorResponse::read(deps, call, connector).await?;
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
        let due = now.plus(OUTBOX_PATIENCE);
        let from = connector.client_id;
        if changed.client_id != from {
            let closing = closing.as_ref().map(|closing| (closing, due));
            deps.connectors
                .update_and_pass_on(&changed, from, closing, &entry)
                .await?;
        } else if let Some(closing) = &closing {
            deps.connectors
                .update_and_close(&changed, closing, due, &entry)
                .await?;
        } else {
            deps.connectors.update_connector(&changed, &entry).await?;
        }
        if let Some(closing) = &closing {
            enqueue_or_leave(deps.onboarding.as_ref(), closing.job()).await;
        }
        log(&entry);
        let version = changed.version + 1;
        let body = ConnectorResponse::read(deps, call, changed).await?;
        Ok(found(version, body))
    }
}
