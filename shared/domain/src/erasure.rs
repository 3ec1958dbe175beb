//! Erasures: orders to remove what is kept about a person, messages that a project no longer keeps, an environment
//! from the people who hold it, or everything in a project.
//!
//! The records behind one order may be many, so the call itself only leaves an erasure, and workers go
//! through the records some at a time. Workers that read a record before the order may still write what
//! belongs to it, so a second pass goes through all of them again after a while.

use crate::{
    Timestamp,
    chat::user::ChatUser,
    ids::{ChatUserId, ConnectorId, EnvironmentId, ProjectId},
    scope::ProjectScope,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Time after the order during which workers may still write by what they read before it: a worker runs
/// for a minute at most, and lists lag behind.
pub const ERASURE_GRACE: Duration = Duration::from_mins(2);

/// The records that an erasure is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureTarget {
    /// Everything about a person.
    ChatUser(ChatUserId),
    /// The messages of a project that are older than it keeps them.
    History,
    /// The remains of a deleted environment: its agent's records, and the access of people who hold other
    /// environments too.
    Environment(EnvironmentId),
    /// Everything in a deleted project.
    Project,
}

/// The job of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseData {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The records.
    pub target: ErasureTarget,
}

impl EraseData {
    /// The project, which the job works for.
    #[must_use]
    pub const fn project_id(self) -> ProjectId {
        self.scope.project_id()
    }
}

/// A place among the records of an erasure. Only the store can read its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasurePosition(pub String);

/// An order to erase, with its progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Account and project.
    pub scope: ProjectScope,
    /// The records.
    pub target: ErasureTarget,
    /// The second id of the person, under which a part of the records may lie.
    pub other_id: Option<ChatUserId>,
    /// The environments of the project, whose rows lead to those of their agents.
    pub environments: Vec<EnvironmentId>,
    /// The connectors of the project, which are gone.
    pub connectors: Vec<ConnectorId>,
    /// Time of the order.
    pub since: Timestamp,
    /// Start of the pass under way, if any.
    pub pass_began_at: Option<Timestamp>,
    /// Start of the next page of the pass.
    pub position: Option<ErasurePosition>,
    /// Counts changes.
    pub version: u64,
}

/// The step that follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterErasedPage {
    /// The next page.
    Next(Erasure),
    /// Another pass, not before this time.
    Again(Erasure, Timestamp),
    /// All is erased.
    Finished,
}

impl Erasure {
    /// Makes the erasure of a person.
    #[must_use]
    pub fn of_chat_user(scope: ProjectScope, user: &ChatUser, now: Timestamp) -> Self {
        let other_id = user.other_id.as_ref().map(|id| id.chat_user_id(scope));
        Self {
            other_id,
            ..Self::new(scope, ErasureTarget::ChatUser(user.id), now)
        }
    }

    /// Makes the erasure of the messages that a project no longer keeps.
    #[must_use]
    pub const fn of_history(scope: ProjectScope, now: Timestamp) -> Self {
        Self::new(scope, ErasureTarget::History, now)
    }

    /// Makes the erasure of what is left of a deleted environment.
    #[must_use]
    pub const fn of_environment(scope: ProjectScope, id: EnvironmentId, now: Timestamp) -> Self {
        Self::new(scope, ErasureTarget::Environment(id), now)
    }

    /// Makes the erasure of everything in a deleted project that had these environments and connectors.
    #[must_use]
    pub fn of_project(
        scope: ProjectScope,
        environments: Vec<EnvironmentId>,
        connectors: Vec<ConnectorId>,
        now: Timestamp,
    ) -> Self {
        Self {
            environments,
            connectors,
            ..Self::new(scope, ErasureTarget::Project, now)
        }
    }

    const fn new(scope: ProjectScope, target: ErasureTarget, now: Timestamp) -> Self {
        Self {
            scope,
            target,
            other_id: None,
            environments: Vec::new(),
            connectors: Vec::new(),
            since: now,
            pass_began_at: None,
            position: None,
            version: 1,
        }
    }

    /// The job that works on this erasure.
    #[must_use]
    pub const fn job(&self) -> EraseData {
        EraseData {
            scope: self.scope,
            target: self.target,
        }
    }

    /// Whether the pass in which a page is begun at `began_at` is the last one.
    #[must_use]
    pub fn is_last_pass(&self, began_at: Timestamp) -> bool {
        self.pass_began_at.unwrap_or(began_at) >= self.since.plus(ERASURE_GRACE)
    }

    /// Returns the step that follows a page. The page was begun at `began_at` and ended before `next`.
    #[must_use]
    pub fn after_page(self, began_at: Timestamp, next: Option<ErasurePosition>) -> AfterErasedPage {
        let is_last = self.is_last_pass(began_at);
        let pass_began_at = Some(self.pass_began_at.unwrap_or(began_at));
        match next {
            Some(_) => AfterErasedPage::Next(Self {
                pass_began_at,
                position: next,
                ..self
            }),
            None if is_last => AfterErasedPage::Finished,
            None => {
                let last_begins = self.since.plus(ERASURE_GRACE);
                let rest = Self {
                    pass_began_at: None,
                    position: None,
                    ..self
                };
                AfterErasedPage::Again(rest, last_begins)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::message::PHONE_SCOPE;
    use crate::samples::{at, chat_user, connector, identity};

    fn erasure(since: i64) -> Erasure {
        Erasure::of_history(connector().scope, at(since))
    }

    fn position() -> ErasurePosition {
        ErasurePosition("x".to_owned())
    }

    #[test]
    fn a_person_is_erased_under_both_of_their_ids() {
        let scope = connector().scope;
        let phone = identity(PHONE_SCOPE, "+49");
        let by_phone = phone.chat_user_id(scope);
        for (other_id, erased) in [(None, None), (Some(phone), Some(by_phone))] {
            let user = ChatUser {
                other_id,
                ..chat_user()
            };
            let erasure = Erasure::of_chat_user(scope, &user, at(9));
            assert_eq!(erasure.target, ErasureTarget::ChatUser(user.id));
            assert_eq!((erasure.other_id, erasure.since), (erased, at(9)));
        }
    }

    #[test]
    fn an_erasure_ends_with_a_pass_that_began_when_nobody_could_still_write_by_what_was_read_before()
     {
        let AfterErasedPage::Next(first) = erasure(100).after_page(at(101), Some(position()))
        else {
            panic!("more is left");
        };
        assert_eq!(first.pass_began_at, Some(at(101)));
        assert_eq!(first.position, Some(position()));
        // A pass that began early is followed by another one, however late it ends.
        let AfterErasedPage::Again(again, due) = first.after_page(at(900), None) else {
            panic!("it began too early");
        };
        assert_eq!(due, at(220));
        assert_eq!((&again.pass_began_at, &again.position), (&None, &None));
        assert!(!again.is_last_pass(at(219)));
        assert!(again.is_last_pass(at(220)));
        let AfterErasedPage::Next(last) = again.after_page(at(220), Some(position())) else {
            panic!("more is left");
        };
        assert!(last.is_last_pass(at(221)));
        assert_eq!(last.after_page(at(999), None), AfterErasedPage::Finished);
    }

    #[test]
    fn a_job_to_erase_names_what_goes_and_reads_back() {
        let scope = connector().scope;
        let id = ChatUserId::derive(&["u"]);
        let environment = EnvironmentId::derive(&["e"]);
        for (target, written) in [
            (
                ErasureTarget::ChatUser(id),
                format!(r#"{{"chat_user":"{id}"}}"#),
            ),
            (ErasureTarget::History, r#""history""#.to_owned()),
            (
                ErasureTarget::Environment(environment),
                format!(r#"{{"environment":"{environment}"}}"#),
            ),
            (ErasureTarget::Project, r#""project""#.to_owned()),
        ] {
            let job = EraseData { scope, target };
            let json = serde_json::to_string(&job).unwrap();
            assert!(
                json.ends_with(&format!(r#""target":{written}}}"#)),
                "{json}"
            );
            assert_eq!(serde_json::from_str::<EraseData>(&json).unwrap(), job);
            assert_eq!(job.project_id(), scope.project_id());
        }
    }
}
