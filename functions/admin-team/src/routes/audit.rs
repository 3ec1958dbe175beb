//! The audit log (SPEC G02): who did what to what, with the values before and after.

pub mod export;

use crate::Deps;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    Call, FieldErrors, ListFilter, ListQuery, PageParams,
    api_types::{ActorResponse, ListResponse},
    problem::ApiError,
};
use vestibule_domain::{
    Timestamp,
    event::Event,
    ports::{AuditFilter, StoredAuditEntry},
    team::client_access::ClientAccess,
};

/// Longest actor or target, in characters.
const NAME_MAX_CHARS: usize = 200;

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "at": "2026-11-22T10:00:00.000Z",
    "actor": {"id": "member:01JD3Q3Z9V8M4T6K2N7P5R1S0X", "name": "Grace Hopper"}, "action": "role.updated",
    "target": "role:01JD3Q3Z9V8M4T6K2N7P5R1S0Y", "before": {"name": "Approver"}, "after": {"name": "Gatekeeper"},
    "request_id": "JKJaXmPLvHcESHA="
}))]
pub struct AuditEntryResponse {
    /// Id; sorts by time.
    id: String,
    /// Time of the change.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Author of the change.
    actor: ActorResponse,
    /// Event, such as `member.invited`.
    action: String,
    /// Target of the event: kind and id.
    target: String,
    /// Changed values before the event, without secrets; null if there were none.
    before: Value,
    /// Changed values after the event, without secrets; null if there are none.
    after: Value,
    /// Id of the call that made the change.
    request_id: String,
}

impl From<StoredAuditEntry> for AuditEntryResponse {
    fn from(entry: StoredAuditEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.at,
            actor: (&entry.actor).into(),
            action: entry.action,
            target: entry.target,
            before: entry.before,
            after: entry.after,
            request_id: entry.request_id,
        }
    }
}

/// Filters of the audit log, as received.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// Only changes by this actor: its id, such as `member:01JD3Q3Z9V8M4T6K2N7P5R1S0X`.
    #[param(nullable = false)]
    actor: Option<String>,
    /// Only this event, such as `member.invited`.
    #[param(nullable = false)]
    action: Option<String>,
    /// Only changes of this target: kind and id, such as `role:01JD3Q3Z9V8M4T6K2N7P5R1S0Y`.
    #[param(nullable = false)]
    target: Option<String>,
    /// Only at this time or later.
    #[param(nullable = false, format = DateTime)]
    from: Option<String>,
    /// Only before this time.
    #[param(nullable = false, format = DateTime)]
    to: Option<String>,
}

/// Filters of the audit log.
#[derive(Debug, Default)]
pub struct AuditList(AuditFilter);

impl ListFilter for AuditList {
    type Params = AuditParams;

    fn read(params: AuditParams, errors: &mut FieldErrors) -> Self {
        Self(read_filter(params, errors))
    }
}

fn read_filter(params: AuditParams, errors: &mut FieldErrors) -> AuditFilter {
    let action = params.action.filter(|action| {
        let is_known = Event::KEYS.contains(&action.as_str());
        if !is_known {
            errors.add("action", "must be an event, such as `member.invited`");
        }
        is_known
    });
    let filter = AuditFilter {
        actor: read_name("actor", params.actor, errors),
        action,
        target: read_name("target", params.target, errors),
        from: read_time("from", params.from.as_deref(), errors),
        to: read_time("to", params.to.as_deref(), errors),
    };
    if let (Some(from), Some(to)) = (filter.from, filter.to)
        && to <= from
    {
        errors.add("to", "must be later than `from`");
    }
    filter
}

fn read_name(field: &str, given: Option<String>, errors: &mut FieldErrors) -> Option<String> {
    let given = given?;
    let is_fitting = (1..=NAME_MAX_CHARS).contains(&given.len())
        && given
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if !is_fitting {
        errors.add(
            field,
            format!(
                "must be 1 to {NAME_MAX_CHARS} visible ASCII characters, without `#` and blanks"
            ),
        );
        return None;
    }
    Some(given)
}

fn read_time(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<Timestamp> {
    let time = Timestamp::parse(given?);
    if time.is_none() {
        errors.add(field, "must be a time such as 2026-11-22T10:00:00Z");
    }
    time
}

/// Kinds of targets that belong to no client.
const KINDS_OF_NO_CLIENT: [&str; 11] = [
    "account",
    "api_key",
    "call",
    "environment",
    "invitation",
    "login",
    "login_method",
    "member",
    "project",
    "role",
    "team",
];
/// An event of a project that tells of records of clients.
const OF_CLIENTS: &str = "project.deliveries_redriven";

/// Whether an event is none of a record that belongs to a client.
fn is_of_no_client(action: &str) -> bool {
    let kind = action.split('.').next().unwrap_or_default();
    KINDS_OF_NO_CLIENT.contains(&kind) && action != OF_CLIENTS
}

/// Removes the entries that the caller may not know of. An entry does not name its client: those who have access to
/// some clients only see none about records of clients (SPEC B39).
fn retain_known(call: &Call, entries: &mut Vec<StoredAuditEntry>) {
    if call.caller.clients != ClientAccess::All {
        entries.retain(|entry| is_of_no_client(&entry.action));
    }
}

/// List the audit log
///
/// Changes and refused attempts, latest first. Nothing changes an entry, and it ends only after the days for which the
/// stack keeps entries. Entries of releases without filters are found by their dates only. A member whose access is limited to some clients sees no entries about clients,
/// connectors, chat users, blocks of erased people, access requests, conversations, deliveries and webhooks; a page may then be short, or empty, before
/// the last one.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "Audit log",
    params(PageParams, AuditParams),
    responses((status = 200, description = "One page.", body = ListResponse<AuditEntryResponse>))
)]
pub async fn list_audit(
    State(deps): State<Arc<Deps>>,
    call: Call,
    query: ListQuery<AuditList>,
) -> Result<Json<ListResponse<AuditEntryResponse>>, ApiError> {
    let AuditList(filter) = query.filter;
    let mut page = deps
        .audit
        .list_audit(call.scope(), &filter, &query.page)
        .await?;
    retain_known(&call, &mut page.items);
    Ok(ListResponse::of(page, Into::into))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(params: AuditParams) -> Result<AuditFilter, Vec<String>> {
        let mut errors = FieldErrors::default();
        let filter = read_filter(params, &mut errors);
        match errors.check_parameters() {
            Ok(()) => Ok(filter),
            Err(error) => Err(error.errors().iter().map(|one| one.field.clone()).collect()),
        }
    }

    /// SPEC G02.
    #[test]
    fn entries_are_filtered_by_actor_action_target_and_dates() {
        let filter = read(AuditParams {
            actor: Some("member:01JD3Q3Z9V8M4T6K2N7P5R1S0X".to_owned()),
            action: Some("member.invited".to_owned()),
            target: Some("role:01JD3Q3Z9V8M4T6K2N7P5R1S0Y".to_owned()),
            from: Some("2026-11-22T10:00:00Z".to_owned()),
            to: Some("2026-11-23T10:00:00Z".to_owned()),
        })
        .unwrap();
        assert_eq!(filter.action.as_deref(), Some("member.invited"));
        assert!(filter.from < filter.to);
        let none = read(AuditParams::default()).unwrap();
        assert!(none.actor.is_none() && none.from.is_none());
    }

    /// SPEC B39.
    #[test]
    fn an_event_of_a_clients_record_is_told_apart() {
        let of_clients = [
            "access_request.approved",
            "access_request.expired",
            "access_request.rejected",
            "access_request.revoked",
            "chat_user.blocked",
            "chat_user.erased",
            "chat_user.exported",
            "chat_user.revoked",
            "chat_user.unblocked",
            "client.created",
            "client.deleted",
            "client.updated",
            "connector.connect_asked",
            "connector.connect_failed",
            "connector.connected",
            "connector.created",
            "connector.deleted",
            "connector.tested",
            "connector.updated",
            "connector.webhook_secret_rotated",
            "conversation.assigned",
            "conversation.claimed",
            "conversation.closed",
            "conversation.given_back",
            "conversation.handed_off",
            "conversation.offered",
            "conversation.released",
            "conversation.reopened",
            "conversation.requeued",
            "conversation.transferred",
            "end_user.created",
            "end_user.deleted",
            "end_user.exported",
            "end_user.linked",
            "end_user.unlinked",
            "end_user.updated",
            "import.cancelled",
            "import.started",
            "kept_block.lifted",
            OF_CLIENTS,
            "webhook.created",
            "webhook.deleted",
            "webhook.event_sent_again",
            "webhook.paused",
            "webhook.resumed",
            "webhook.signing_secret_rotated",
            "webhook.tested",
            "webhook.updated",
        ];
        let mut found: Vec<&str> = Event::KEYS.to_vec();
        found.retain(|key| !is_of_no_client(key));
        found.sort_unstable();
        assert_eq!(found, of_clients);
    }

    #[test]
    fn a_filter_that_can_match_nothing_is_refused_by_name() {
        for (params, field) in [
            (
                AuditParams {
                    action: Some("member.eaten".to_owned()),
                    ..AuditParams::default()
                },
                "action",
            ),
            (
                AuditParams {
                    actor: Some(String::new()),
                    ..AuditParams::default()
                },
                "actor",
            ),
            (
                AuditParams {
                    target: Some("a b".to_owned()),
                    ..AuditParams::default()
                },
                "target",
            ),
            (
                AuditParams {
                    from: Some("yesterday".to_owned()),
                    ..AuditParams::default()
                },
                "from",
            ),
            (
                AuditParams {
                    from: Some("2026-11-22T10:00:00Z".to_owned()),
                    to: Some("2026-11-22T10:00:00Z".to_owned()),
                    ..AuditParams::default()
                },
                "to",
            ),
        ] {
            assert_eq!(read(params).unwrap_err(), [field]);
        }
    }
}
