//! Who has a conversation among the members: the verbs of routing (SPEC E20, E21, E31–E34).

mod asking;
pub mod lines;
mod targets;
pub mod verbs;

pub use targets::check_may_answer;

use super::conversations::case::NamedResponse;
use crate::Deps;
use asking::Asking;
use serde_json::{Value, json};
use vestibule_admin::{
    Call, log,
    problem::{ApiError, CHANGED_MEANWHILE, IDEMPOTENCY_KEY_REUSED, ProblemMember},
    problem_types,
};
use vestibule_domain::{
    ProjectScope,
    event::{AuditEntry, Change, Event},
    ids::ConversationId,
    ports::{Changed, RoutedBy},
    retry::conflict_wait,
    routing::{
        case::{Assigned, Case},
        routed::{NamedMember, RoutedCall},
    },
};

problem_types! {
    TAKEN = "taken", CONFLICT, "Another member has the conversation",
        "`assigned_to` is the member. `…/transfer` passes the conversation on.", [ASSIGNED_TO];
    AT_LIMIT = "at-limit", CONFLICT, "The member is at the limit",
        "The member has `load` of `limit` conversations on the channel. With `override`, a caller with the permission `routing.override` can exceed the limit.",
        [LOAD, LIMIT];
    CANNOT_ANSWER = "cannot-answer", CONFLICT, "The member does not answer such conversations",
        "The member is not active, does not answer on the channel (`obstacle` is `channel`) or the client there (`client`), or may not reply (`permission`). Change the work or the role of the member, or choose another one.",
        [OBSTACLE];
    NOT_OFFERED = "not-offered", CONFLICT, "The conversation is not with the team",
        "It was not offered to members, or that is over. `…/offer` offers it.";
    MEMBERS_ONLY = "members-only", FORBIDDEN, "Only a member can have conversations",
        "A key of the account is no member. `…/assign` names one.";
}

/// The `assigned_to` member of problems about a conversation that another member has.
const ASSIGNED_TO: ProblemMember =
    ProblemMember::named::<NamedResponse>("assigned_to", "The member who has the conversation.");
/// The `load` member of problems about a limit.
const LOAD: ProblemMember = ProblemMember::of::<u32>(
    "load",
    "The conversations that the member has on the channel.",
);
/// The `limit` member of problems about a limit.
const LIMIT: ProblemMember =
    ProblemMember::of::<u32>("limit", "The limit of the member on the channel.");
/// The `obstacle` member of problems about a member who cannot have a conversation.
const OBSTACLE: ProblemMember = ProblemMember::of::<String>(
    "obstacle",
    "What the member lacks: `channel`, `permission` or `client`.",
);

/// Attempts at a change that meets other changes of the case.
const ATTEMPTS: u32 = 8;
/// Number of the latest changes of a case among which a call made before is looked for.
const LOOKED_BACK: u16 = 100;

/// The problem of a conversation that another member has.
fn taken(assigned: &Assigned) -> ApiError {
    let member = &assigned.member;
    ApiError::new(&TAKEN)
        .with_detail(format!("{} has the conversation.", member.name))
        .with_member(
            &ASSIGNED_TO,
            json!({"id": member.id.to_string(), "name": member.name}),
        )
}

/// A call for a change of who has a conversation.
struct Asked<'a> {
    deps: &'a Deps,
    call: &'a Call,
    scope: ProjectScope,
    id: ConversationId,
    /// The call, if it has an `Idempotency-Key`.
    key: Option<RoutedCall>,
    asking: Asking,
}

/// The outcome of a call.
struct Settled {
    case: Option<Case>,
    /// Whether an earlier call with the same key made the change.
    replayed: bool,
}

/// The outcome of an attempt.
enum Attempted {
    /// Everything is as the call asks for.
    AsIs,
    /// The change was made.
    Made(Box<Case>),
    /// Another change came first.
    Again,
}

impl Asked<'_> {
    /// Makes the change, once, and tries again when another one came first.
    async fn settle(&self) -> Result<Settled, ApiError> {
        for attempt in 1..=ATTEMPTS {
            let case = self.deps.routing.case(self.scope, self.id).await?;
            // The case was read before the lines: a call that takes effect in between makes this attempt fail.
            if self.was_made_before(case.as_ref()).await? {
                return Ok(Settled {
                    case,
                    replayed: true,
                });
            }
            let replayed = false;
            match self.attempt(case.as_ref()).await {
                Ok(Attempted::AsIs) => return Ok(Settled { case, replayed }),
                Ok(Attempted::Made(made)) => {
                    let case = Some(*made);
                    return Ok(Settled { case, replayed });
                }
                Ok(Attempted::Again) => {}
                Err(error) if *error.kind() == CHANGED_MEANWHILE => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(conflict_wait(attempt, self.call.ids())).await;
        }
        Err(ApiError::new(&CHANGED_MEANWHILE))
    }

    /// Whether an earlier call with the same `Idempotency-Key` made the change.
    async fn was_made_before(&self, case: Option<&Case>) -> Result<bool, ApiError> {
        let (Some(key), Some(case)) = (&self.key, case) else {
            return Ok(false);
        };
        let after = case.version.saturating_sub(u64::from(LOOKED_BACK));
        let routing = self.deps.routing.as_ref();
        let lines = routing
            .routed(self.scope, self.id, after, LOOKED_BACK)
            .await?;
        let mut calls = lines.into_iter().filter_map(|line| line.call);
        let Some(before) = calls.find(|call| call.id == key.id) else {
            return Ok(false);
        };
        if before.request_hash == key.request_hash {
            return Ok(true);
        }
        Err(ApiError::idempotency_key(
            &IDEMPOTENCY_KEY_REUSED,
            "made another change of this conversation before; another change needs a new key",
        ))
    }

    /// Makes the audit entry of the change of this case.
    fn entry(&self, event: Event, before: Option<&Case>, after: Value) -> AuditEntry {
        let change = Change {
            event,
            before: before.map_or(Value::Null, facts),
            after,
        };
        self.call.audit(change, self.call.now())
    }

    /// The author of a change with this audit entry.
    fn by<'b>(&'b self, entry: &'b AuditEntry) -> RoutedBy<'b> {
        RoutedBy {
            actor: self.call.actor(),
            at: entry.at,
            note: None,
            call: self.key.as_ref(),
            caller: Some(self.call.by(entry)),
        }
    }

    /// Takes in the outcome of a change. A full member is for the caller to tell.
    async fn made(&self, changed: Changed, entry: &AuditEntry) -> Result<Attempted, ApiError> {
        match changed {
            Changed::Done(case) => {
                log(entry);
                self.follow(&case).await;
                Ok(Attempted::Made(case))
            }
            Changed::Stale(_) | Changed::NotAvailable | Changed::NoRoom => Ok(Attempted::Again),
            Changed::Gone => Err(ApiError::new(&NOT_OFFERED)),
        }
    }
}

/// A case as the audit log records it.
fn facts(case: &Case) -> Value {
    let member = case.assigned().map(|assigned| &assigned.member);
    state_facts(case, member)
}

/// A case as the audit log records it once this member has it, or nobody.
fn state_facts(case: &Case, member: Option<&NamedMember>) -> Value {
    json!({
        "channel": case.channel,
        "client_id": case.demand.client_id,
        "team_id": case.demand.team_id,
        "member": member.map(|member| json!({"id": member.id, "name": member.name})),
    })
}
