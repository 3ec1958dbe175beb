//! Ids: ULIDs in newtypes, so that one kind is never mistaken for another.
//!
//! Most ids are drawn. Some are *derived* from the thing they name: two independent writers then
//! arrive at the same id, and a conditional write decides who was first.
//!
//! A derived id stays spent when its record is deleted (DESIGN §3.8), because other records still name
//! it: people who were let in at a deleted connector are not let in at the next one.
//!
//! | id | derived from | after the record is deleted |
//! |---|---|---|
//! | project, environment, connector | account, route, `Idempotency-Key` | a connector's claim stays; the others are never deleted |
//! | API key, end user | account, route, `Idempotency-Key` | its id stays claimed |
//! | subscription | account, route, `Idempotency-Key` | the call can be made again |
//! | outgoing event | account, type, the change that it tells of | ends with its time |
//! | client, role, login method, invitation | account, route, `Idempotency-Key` | an invitation is never deleted; of the others the call can be made again |
//! | mail of an invitation | invitation, number of its mails | ends with its time |
//! | notice of new requests | project, end of its round, member | ends with its time |
//! | texts that one call added to a conversation, change of who has it, order to redrive | account, route, `Idempotency-Key` | the call can be made again |
//! | chat user | project, provider, platform scope, identifier | after a merge, an alias leads to the survivor |
//! | kept block | keyed by the stack's data key: project, chat user | gone with the lift; it is the same if the person is blocked and erased again |
//! | access request | connector, chat user, event key | never deleted |
//! | entry about a refused sign-in | its job, account | ends with its time |
//! | login as whose mails those that strangers order to an address stand | address | there is no record |
//! | conversation, delivery | connector and the platform's ids | end with their connector |
//! | queue | account, channel, client, team, skills | made again by the next conversation that waits |

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use ulid::Ulid;

/// The error for an id that is not 26 characters of Crockford base 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id has 26 characters of 0-9 and A-Z without I, L, O, U")]
pub struct InvalidId;

/// An id of any kind of record.
pub trait RecordId: Sized {
    /// Makes an id of a drawn ULID.
    fn new(ulid: Ulid) -> Self;
    /// Makes the id that these parts, in this order, always name.
    fn derive(parts: &[&str]) -> Self;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Ulid);

        impl $name {
            /// Makes an id of a drawn ULID.
            #[must_use]
            pub const fn new(ulid: Ulid) -> Self {
                Self(ulid)
            }

            /// Makes the id that these parts, in this order, always name.
            #[must_use]
            pub fn derive(parts: &[&str]) -> Self {
                Self(derive_ulid(stringify!($name), parts))
            }

            /// Veils the id by these words; the same words lift the veil. What is stored tells nothing to anybody who does not
            /// know them.
            #[must_use]
            pub fn veiled(self, by: &str) -> Self {
                Self(veil(self.0, stringify!($name), by))
            }
        }

        impl RecordId for $name {
            fn new(ulid: Ulid) -> Self {
                Self::new(ulid)
            }

            fn derive(parts: &[&str]) -> Self {
                Self::derive(parts)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Ulid::from_string(text)
                    .ok()
                    // ULID parsing folds case and lets 128 bits overflow; an id has only one spelling.
                    .filter(|ulid| ulid.to_string() == text)
                    .map(Self)
                    .ok_or(InvalidId)
            }
        }
    )*};
}

ids! {
    /// A tenant.
    AccountId,
    /// A customer or brand that the account serves.
    ClientId,
    /// One agent with its environments and connectors.
    ProjectId,
    /// Development, Staging, Production or another stage of a project.
    EnvironmentId,
    /// One provider's way into one environment.
    ConnectorId,
    /// A person on a chat platform; derived from provider, platform scope and identifier (SPEC A24).
    ChatUserId,
    /// A stranger's request to talk to the agent.
    AccessRequestId,
    /// A conversation; derived from the connector and the platform's own ids.
    ConversationId,
    /// A script's key to the admin API.
    ApiKeyId,
    /// A record of who did what.
    AuditId,
    /// One delivery to the agent; derived from the event, so that a retry has the same id.
    DeliveryId,
    /// An event of a platform; derived from its key.
    InboundEventId,
    /// One worker's claim on a job.
    LeaseId,
    /// A message that we sent; derived from the connector and the platform's own id of it.
    SentMessageId,
    /// The texts that one call to the API adds to a conversation; derived from its `Idempotency-Key`.
    TextBatchId,
    /// A call that changes who has a conversation; derived from its `Idempotency-Key`.
    RoutedCallId,
    /// An order to try again what was given up; derived from the call's `Idempotency-Key`.
    RedriveId,
    /// One person's way in, whatever the number of accounts.
    LoginId,
    /// A person in one account.
    MemberId,
    /// A role that an account made.
    RoleId,
    /// An invitation of an address to an account.
    InvitationId,
    /// An identity provider that an account set up.
    LoginMethodId,
    /// A mail; one of an invitation is derived from the invitation and the number of its mails.
    MailId,
    /// A person of the project's directory.
    EndUserId,
    /// An import of people from a file.
    ImportId,
    /// A block whose person is erased; a keyed hash of an id of theirs.
    KeptBlockId,
    /// A team of an account.
    TeamId,
    /// The conversations that wait at a desk and ask for the same; derived from the desk and the demand.
    QueueId,
    /// An outgoing event; derived from the change that it tells of, so that a repeated transaction tells it once.
    OutgoingEventId,
    /// An address of an account that hears its outgoing events.
    SubscriptionId,
}

impl KeptBlockId {
    /// Makes the id of a keyed hash.
    #[must_use]
    pub const fn of_hash(hash: [u8; 16]) -> Self {
        Self(Ulid::from_bytes(hash))
    }
}

/// Derives a ULID. Each part is hashed with its length, so that `["ab", "c"]` and `["a", "bc"]` differ.
fn derive_ulid(kind: &str, parts: &[&str]) -> Ulid {
    let mut hash = Sha256::new();
    for part in std::iter::once(&kind).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    Ulid::from_bytes(bytes)
}

fn veil(id: Ulid, kind: &str, by: &str) -> Ulid {
    let mask = derive_ulid("veil", &[kind, by]);
    Ulid::from(u128::from(id) ^ u128::from(mask))
}

/// Draws new ids. A port, so that tests can compare whole bodies that contain ids.
pub trait IdSource: Send + Sync {
    /// Draws a ULID that was never drawn before.
    fn draw(&self) -> Ulid;
}

/// Draws ids from the operating system's randomness and the system's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn draw(&self) -> Ulid {
        Ulid::generate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_id_depends_on_every_part_and_on_where_the_parts_end() {
        let id = ChatUserId::derive(&["ab", "c"]);
        assert_eq!(id, ChatUserId::derive(&["ab", "c"]));
        assert_ne!(id, ChatUserId::derive(&["a", "bc"]));
        assert_ne!(
            id.to_string(),
            ConversationId::derive(&["ab", "c"]).to_string()
        );
    }

    #[test]
    fn an_id_has_one_spelling() {
        let text = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";
        assert_eq!(text.parse::<ProjectId>().unwrap().to_string(), text);
        for wrong in [
            "",
            "01jd3q3z9v8m4t6k2n7p5r1s0w",
            "01JD3Q3Z9V8M4T6K2N7P5R1S0",
            "81JD3Q3Z9V8M4T6K2N7P5R1S0W",
            "01JD3Q3Z9V8M4T6K2N7P5R1S0#",
        ] {
            assert_eq!(wrong.parse::<ProjectId>(), Err(InvalidId), "{wrong}");
        }
    }

    /// Rows are found by derived ids. A release that derived different ids would find nothing.
    #[test]
    fn an_id_is_derived_as_it_was_in_every_release_before() {
        let parts = ["ab", "c"];
        assert_eq!(
            ChatUserId::derive(&parts).to_string(),
            "50H79E7Q962NRNF5EHFQMRQ370"
        );
        assert_eq!(
            ConversationId::derive(&parts).to_string(),
            "6ZE5XE7AY0YK6AQX5BF0ZDCRF8"
        );
    }

    #[test]
    fn a_veil_is_lifted_by_the_words_that_made_it_and_by_no_others() {
        let id = ConversationId::derive(&["d"]);
        let veiled = id.veiled("slack:T1:C1:1.2");
        assert_ne!(veiled, id);
        assert_eq!(veiled.veiled("slack:T1:C1:1.2"), id);
        assert_ne!(veiled.veiled("slack:T1:C1:1.3"), id);
        let of_another_kind = DeliveryId::derive(&["d"]).veiled("slack:T1:C1:1.2");
        assert_ne!(of_another_kind.to_string(), veiled.to_string());
    }

    #[test]
    fn no_id_is_drawn_twice() {
        let ids: std::collections::BTreeSet<_> = (0..1000).map(|_| SystemIds.draw()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
