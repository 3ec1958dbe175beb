//! Approval of a person for whom the directory vouches, by the message that lets them in (SPEC A40).

use crate::{
    Timestamp,
    access::{
        approval::Approval,
        direct_approval::approval_id,
        request::{AccessRequest, RequestDecision, Verdict},
        standing::{PendingTask, Standing},
    },
    account::actor::Actor,
    chat::{
        message::InboundMessage,
        send_status::{SendStatus, SkipReason},
        user::{ChatUser, Grant},
    },
    connector::Connector,
    directory::{end_user::PhoneHolder, phone::PhoneKey},
    event::AuditEntry,
    ids::AuditId,
    scope::ProjectScope,
};
use serde_json::{Value, json};

/// Origin of the approval in the audit log.
const ORIGIN: &str = "webhook";

/// A phone number in the directory that the platform of a message asserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownNumber {
    /// The number, in the form that stands for all its forms.
    pub phone: PhoneKey,
    /// Its holder.
    pub holder: PhoneHolder,
}

/// The message of a person for whom the directory vouches, with the records that it finds.
#[derive(Debug)]
pub struct Vouched<'a> {
    /// The connector.
    pub connector: &'a Connector,
    /// The message.
    pub message: &'a InboundMessage,
    /// The sender's number.
    pub number: &'a KnownNumber,
    /// The sender, as they are to be stored apart from the approval.
    pub chat_user: ChatUser,
    /// Whether the sender is new.
    pub is_new: bool,
    /// The sender's standing at the connector; `version` is that of the record, 0 for none.
    pub standing: Standing,
    /// The sender's pending request at the connector, if it is for the connector's environment.
    pub pending: Option<AccessRequest>,
}

/// The records of an approval.
#[derive(Debug, Clone)]
pub struct Preapproval {
    /// Account and project.
    pub scope: ProjectScope,
    /// The number that vouches for the person.
    pub number: KnownNumber,
    /// The person, linked to the holder of the number; `version` is that of the record it was made from, or 1 for
    /// somebody new.
    pub chat_user: ChatUser,
    /// Whether the person is new.
    pub is_new: bool,
    /// The standing, with new tasks; `version` is that of the record it was made from, 0 for none.
    pub standing: Standing,
    /// The approved request.
    pub request: AccessRequest,
    /// Whether the request was pending. If not, it is made for the approval.
    pub was_pending: bool,
    /// The audit entry.
    pub audit: AuditEntry,
}

impl Preapproval {
    /// Approves the person at this time. They get every environment of the holder of their number.
    #[must_use]
    pub fn new(vouched: Vouched<'_>, audit_id: AuditId, now: Timestamp) -> Self {
        let was_pending = vouched.pending.is_some();
        let (request, audit) = approved(&vouched, audit_id, now);
        let Vouched {
            connector,
            message,
            number,
            chat_user,
            is_new,
            standing,
            pending: _,
        } = vouched;
        let chat_user = let_in(chat_user, &number.holder, now);
        let mut pending_tasks = standing.pending_tasks.clone();
        pending_tasks.insert(if is_new {
            PendingTask::Profile
        } else {
            PendingTask::RelatedRequests
        });
        // Other grants of the person become the directory's later: it takes the other chat users along.
        if chat_user.grants.len() > number.holder.environments.len() {
            pending_tasks.insert(PendingTask::Register);
        }
        // The person has just written and is answered, and nothing of theirs waits.
        let skipped = || SendStatus::Skipped {
            at: now,
            reason: Some(SkipReason::NotWanted),
        };
        let by = Actor::user_list();
        let approval = Approval {
            notice: skipped(),
            replay: skipped(),
            ..Approval::new(request.id, connector.environment_id, by, now)
        };
        Self {
            scope: connector.scope,
            number: number.clone(),
            chat_user,
            is_new,
            standing: Standing {
                conversation: message.conversation.clone(),
                request_pending: standing.request_pending && !was_pending,
                approval: Some(approval),
                pending_tasks,
                ..standing
            },
            request,
            was_pending,
            audit,
        }
    }
}

/// Approves the pending request, or makes an approved one, and tells the audit log.
fn approved(
    vouched: &Vouched<'_>,
    audit_id: AuditId,
    now: Timestamp,
) -> (AccessRequest, AuditEntry) {
    let (connector, chat_user_id) = (vouched.connector, vouched.chat_user.id);
    let request = vouched.pending.clone().unwrap_or_else(|| {
        let id = approval_id(chat_user_id, connector.environment_id, now);
        let rejections = vouched.standing.rejections;
        let rejected_before = rejections.map_or(0, |earlier| earlier.count);
        AccessRequest {
            chat_user_id,
            ..AccessRequest::asked_by(vouched.message, connector, id, rejected_before, now)
        }
    });
    let decision = RequestDecision {
        verdict: Verdict::Approve,
        by: Actor::user_list(),
        at: now,
        note: None,
        reason: None,
    };
    let mut audit = decision.audit_entry(&request, audit_id, ORIGIN.to_owned());
    if vouched.pending.is_none() {
        // The request did not exist before.
        audit.change.before = Value::Null;
    }
    if let Some(after) = audit.change.after.as_object_mut() {
        let end_user_id = vouched.number.holder.end_user_id;
        after.insert("end_user_id".to_owned(), json!(end_user_id));
    }
    let request = AccessRequest {
        decision: Some(decision),
        ..request
    };
    (request, audit)
}

/// Links the person to the holder and adds the grants of the holder's environments.
fn let_in(user: ChatUser, holder: &PhoneHolder, now: Timestamp) -> ChatUser {
    let mut grants = user.grants;
    for environment in &holder.environments {
        grants.entry(*environment).or_insert_with(|| Grant {
            granted_at: now,
            granted_by: Actor::user_list().name,
        });
    }
    ChatUser {
        grants,
        end_user_id: Some(holder.end_user_id),
        updated_at: now,
        ..user
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{request::RequestStatus, standing::Rejections},
        directory::phone::PhoneNumber,
        ids::EndUserId,
        samples::{at, chat_user, connector, environment, grant, message, request, standing},
    };
    use std::collections::{BTreeMap, BTreeSet};

    fn number(environments: &[&str]) -> KnownNumber {
        KnownNumber {
            phone: PhoneNumber::parse("+4915112345678").unwrap().key(),
            holder: PhoneHolder {
                end_user_id: EndUserId::derive(&["ada"]),
                environments: environments.iter().map(|name| environment(name)).collect(),
            },
        }
    }

    /// The approval of a known person, with these environments in the directory.
    fn approve(
        environments: &[&str],
        user: ChatUser,
        standing: Standing,
        pending: Option<AccessRequest>,
    ) -> Preapproval {
        let vouched = Vouched {
            connector: &connector(),
            message: &message(),
            number: &number(environments),
            chat_user: user,
            is_new: false,
            standing,
            pending,
        };
        Preapproval::new(vouched, AuditId::derive(&["a"]), at(9))
    }

    /// SPEC A40.
    #[test]
    fn a_person_whom_the_directory_vouches_for_gets_its_environments_and_an_approved_request() {
        let made = approve(&["e", "f"], chat_user(), standing(), None);
        let given = Grant {
            granted_at: at(9),
            granted_by: "User list".to_owned(),
        };
        let expected =
            BTreeMap::from([(environment("e"), given.clone()), (environment("f"), given)]);
        assert_eq!(made.chat_user.grants, expected);
        assert_eq!(
            made.chat_user.end_user_id,
            Some(EndUserId::derive(&["ada"]))
        );
        assert_eq!(made.chat_user.version, chat_user().version);
        let request = &made.request;
        assert_eq!(request.status(), RequestStatus::Approved);
        let expected = approval_id(chat_user().id, environment("e"), at(9));
        assert_eq!((request.id, made.was_pending), (expected, false));
        assert_eq!(request.decision.as_ref().unwrap().by, Actor::user_list());
        assert_eq!(made.audit.actor, Actor::user_list());
        assert_eq!(made.audit.change.before, Value::Null);
        let after = &made.audit.change.after;
        assert_eq!(after["end_user_id"], json!(EndUserId::derive(&["ada"])));
        let approval = made.standing.approval.unwrap();
        assert_eq!(approval.request_id, request.id);
        let skipped = SendStatus::Skipped {
            at: at(9),
            reason: Some(SkipReason::NotWanted),
        };
        assert_eq!((&approval.notice, &approval.replay), (&skipped, &skipped));
        let tasks = Vec::from_iter(made.standing.pending_tasks);
        assert_eq!(tasks, [PendingTask::RelatedRequests]);
        assert_eq!(made.standing.version, standing().version);
    }

    #[test]
    fn a_pending_request_is_approved_and_no_other_is_made() {
        let waiting = Standing {
            request_id: Some(request().id),
            request_pending: true,
            ..standing()
        };
        let made = approve(&["e"], chat_user(), waiting.clone(), Some(request()));
        assert_eq!((made.request.id, made.was_pending), (request().id, true));
        assert_eq!(made.request.status(), RequestStatus::Approved);
        assert!(!made.standing.request_pending);
        assert_eq!(made.audit.change.before["status"], "pending");
        // One for another environment is left to whoever moved the connector.
        let made = approve(&["e"], chat_user(), waiting, None);
        assert_ne!(made.request.id, request().id);
        assert!(made.standing.request_pending);
    }

    #[test]
    fn grants_that_the_person_had_stay_and_are_brought_to_the_directory() {
        let user = ChatUser {
            grants: BTreeMap::from([(environment("g"), grant())]),
            ..chat_user()
        };
        let made = approve(&["e"], user, standing(), None);
        let held: BTreeSet<_> = made.chat_user.grants.keys().copied().collect();
        assert_eq!(held, BTreeSet::from([environment("e"), environment("g")]));
        assert_eq!(made.chat_user.grants[&environment("g")], grant());
        let tasks = made.standing.pending_tasks;
        assert!(tasks.contains(&PendingTask::Register), "{tasks:?}");
    }

    #[test]
    fn somebody_new_has_nothing_pending_elsewhere_and_a_rejection_is_shown() {
        let vouched = Vouched {
            connector: &connector(),
            message: &message(),
            number: &number(&["e"]),
            chat_user: chat_user(),
            is_new: true,
            standing: Standing {
                rejections: Some(Rejections {
                    count: 2,
                    last_at: at(1),
                }),
                ..standing()
            },
            pending: None,
        };
        let made = Preapproval::new(vouched, AuditId::derive(&["a"]), at(9));
        assert!(made.is_new);
        let tasks = Vec::from_iter(made.standing.pending_tasks);
        assert_eq!(tasks, [PendingTask::Profile]);
        assert_eq!(made.request.rejected_before, 2);
    }
}
