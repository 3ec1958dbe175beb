//! Creates a record whose creation may be requested twice.

use crate::{
    api_types::created,
    call::log,
    problem::{ApiError, IDEMPOTENCY_KEY_REUSED},
};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use vestibule_domain::{event::AuditEntry, ports::Created, record::Repeatable};

/// A created record, new or from an earlier call.
#[derive(Debug)]
pub struct Made<R> {
    record: R,
    /// Whether an earlier call created the record.
    replayed: bool,
}

impl<R: Repeatable> Made<R> {
    /// Settles the outcome of creating `asked`, and logs `entry` if it took effect.
    ///
    /// An existing record with the same id was created under the same `Idempotency-Key`. It is the
    /// answer if the earlier call was equal and the record has not changed since, that is, if its
    /// `facts` are the same.
    pub fn settle(
        outcome: Created<R>,
        asked: R,
        entry: &AuditEntry,
        facts: impl Fn(&R) -> Value,
    ) -> Result<Self, ApiError> {
        match outcome {
            Created::New => {
                log(entry);
                Ok(Self {
                    record: asked,
                    replayed: false,
                })
            }
            Created::Existing(existing) => {
                // Records without a request hash, from an earlier release, are compared by their public
                // fields.
                let hash = existing.request_hash();
                let is_equal_call = hash.is_none() || hash == asked.request_hash();
                if is_equal_call && facts(&existing) == facts(&asked) {
                    Ok(Self {
                        record: *existing,
                        replayed: true,
                    })
                } else {
                    Err(ApiError::new(&IDEMPOTENCY_KEY_REUSED))
                }
            }
            Created::Spent => Err(ApiError::idempotency_key(
                &IDEMPOTENCY_KEY_REUSED,
                "created a record that was deleted since; a new record needs a new key",
            )),
        }
    }

    /// Whether an earlier call created the record.
    #[must_use]
    pub const fn is_replayed(&self) -> bool {
        self.replayed
    }

    /// Answers `201` with the record rendered by `shown`.
    pub fn respond<B: Serialize>(self, shown: impl FnOnce(R) -> B) -> Response {
        let version = self.record.version();
        created(version, shown(self.record), self.replayed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::{
        AccountScope, Timestamp,
        account::actor::Actor,
        event::{Change, Event, told::Told},
        ids::{AccountId, AuditId, ProjectId},
        record::Record,
    };

    #[derive(Debug, Clone, PartialEq)]
    struct Page {
        text: &'static str,
        hash: Option<&'static str>,
        version: u64,
    }

    impl Record for Page {
        fn version(&self) -> u64 {
            self.version
        }
    }

    impl Repeatable for Page {
        fn request_hash(&self) -> Option<&str> {
            self.hash
        }
    }

    fn page(text: &'static str, hash: Option<&'static str>) -> Page {
        Page {
            text,
            hash,
            version: 1,
        }
    }

    fn settle(outcome: Created<Page>, asked: Page) -> Result<Made<Page>, ApiError> {
        let entry = AuditEntry {
            id: AuditId::derive(&["audit"]),
            scope: AccountScope::of_verified(AccountId::derive(&["a"])),
            at: Timestamp::from_millis(0),
            actor: Actor::set_up(),
            change: Change {
                event: Event::ProjectCreated(ProjectId::derive(&["p"])),
                before: Value::Null,
                after: Value::Null,
            },
            request_id: "r".to_owned(),
            told: Told::default(),
        };
        Made::settle(outcome, asked, &entry, |page| json!(page.text))
    }

    #[test]
    fn an_equal_call_is_answered_with_what_the_first_one_made() {
        let asked = page("a", Some("1"));
        let made = settle(Created::New, asked.clone()).unwrap();
        assert!(!made.is_replayed());
        for existing in [asked.clone(), page("a", None)] {
            let made = settle(Created::Existing(Box::new(existing.clone())), asked.clone());
            let made = made.unwrap();
            assert!(made.is_replayed());
            assert_eq!(made.record, existing);
        }
    }

    #[test]
    fn an_equal_call_after_the_deletion_is_refused_and_told_why() {
        let refused = settle(Created::Spent, page("a", Some("1"))).unwrap_err();
        assert_eq!(refused.kind(), &IDEMPOTENCY_KEY_REUSED);
        let [error] = refused.errors() else {
            panic!("one field is at fault");
        };
        assert_eq!(error.field, "Idempotency-Key");
        assert!(error.rule.contains("deleted"), "{}", error.rule);
    }

    #[test]
    fn another_call_and_a_record_that_was_changed_since_are_refused() {
        for existing in [page("a", Some("2")), page("b", Some("1")), page("b", None)] {
            let refused = settle(Created::Existing(Box::new(existing)), page("a", Some("1")));
            assert_eq!(refused.unwrap_err().kind(), &IDEMPOTENCY_KEY_REUSED);
        }
    }
}
