//! The explanation of a decision for admins (SPEC A47): whether a person may talk to the agent, each fact in the
//! order of SPEC A40, and what would change it.
//!
//! The decision is that of [`decide`], made on the same facts as for a message, so a change of the rule changes
//! both.

use crate::{
    Timestamp,
    access::decision::{
        Decision, DeliverReason, DirectoryMatch, Facts, IgnoreReason, OnboardReason, decide,
    },
    connector::{Connector, Policy},
};
use serde::Serialize;

/// A person at a connector whose next message is decided on.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The facts on which a message would be decided.
    pub facts: Facts<'a>,
    /// The connector.
    pub connector: &'a Connector,
    /// Name of the environment that the connector leads to.
    pub environment: &'a str,
    /// Name of the person.
    pub person: &'a str,
    /// Time of the person's pending request at the connector.
    pub pending_since: Option<Timestamp>,
    /// Time at which the cool-down after a rejection at the connector ends or ended: see
    /// [`cool_down_ends`](crate::access::held_message::cool_down_ends).
    pub cool_down_ends: Option<Timestamp>,
    /// The present.
    pub now: Timestamp,
}

/// A fact that a decision depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// An admin blocked the person.
    Blocked,
    /// The connector is open to everybody.
    OpenConnector,
    /// The person has access to the environment.
    Granted,
    /// The directory vouches for the person, and the connector heeds it.
    KnownPerson,
    /// The connector ignores people without access.
    AllowList,
    /// The person was let in before the connector asked for approval.
    Kept,
    /// A request of the person is pending.
    RequestPending,
    /// The person was rejected too recently to ask again.
    CoolingDown,
}

/// A fact, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedFact {
    /// The fact.
    pub kind: FactKind,
    /// Whether it holds.
    pub holds: bool,
    /// A sentence about it.
    pub sentence: String,
}

/// An admin's action that changes a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    /// Block the person.
    Block,
    /// Unblock the person.
    Unblock,
    /// Lift the block of the person, who is erased.
    LiftBlock,
    /// Approve the person.
    Approve,
    /// Revoke the person's access.
    Revoke,
    /// Change the connector.
    ChangeConnector,
    /// Add the person to the directory, or change their environments there.
    ChangeDirectory,
}

/// A change that would lead to another decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PossibleChange {
    /// The action.
    pub action: ChangeAction,
    /// A sentence about it.
    pub sentence: String,
}

/// The explanation of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// The decision and its reason in one sentence.
    pub sentence: String,
    /// The facts: first those of the decision, in its order. The first of them that holds decides; if none does, the
    /// person has to ask.
    pub facts: Vec<ExplainedFact>,
    /// Changes that would lead to another decision.
    pub changes: Vec<PossibleChange>,
}

/// Explains the decision about a person's next message.
#[must_use]
pub fn explain(asked: &Asked<'_>) -> Explanation {
    let decision = decide(&asked.facts);
    Explanation {
        decision,
        sentence: asked.sentence(decision),
        facts: asked.facts(),
        changes: asked.changes(decision),
    }
}

impl Asked<'_> {
    /// The time from which a message makes a new request, if the person was rejected too recently.
    fn cools_down_until(&self) -> Option<Timestamp> {
        self.cool_down_ends
            .filter(|until| self.pending_since.is_none() && self.now < *until)
    }

    fn sentence(&self, decision: Decision) -> String {
        let (person, environment) = (self.person, self.environment);
        let connector = &self.connector.name;
        match decision {
            Decision::Drop(_) => format!("{person} cannot talk here: {}", self.block()),
            Decision::Deliver(DeliverReason::OpenConnector) => {
                format!("{person} can talk here: {connector} is open to everybody.")
            }
            Decision::Deliver(DeliverReason::Granted) => {
                format!("{person} can talk here: {}", self.grant())
            }
            Decision::Deliver(DeliverReason::Kept) => format!(
                "{person} can talk here: let in before {connector} began to ask for approval."
            ),
            Decision::ApproveAndDeliver(_) => format!(
                "{person} can talk here: a user with this phone number has access to {environment}, so the next message is approved at once."
            ),
            Decision::Ignore(IgnoreReason::NotOnAllowList) => format!(
                "{person} cannot talk here: {connector} answers only people with access to {environment}."
            ),
            Decision::Onboard(OnboardReason::NotApproved) => {
                match (self.pending_since, self.cools_down_until()) {
                    (Some(since), _) => format!(
                        "{person} cannot talk here yet: a request is pending since {}.",
                        moment(since, self.now)
                    ),
                    (None, Some(until)) => format!(
                        "{person} cannot talk here: rejected, and may ask again from {} on.",
                        moment(until, self.now)
                    ),
                    (None, None) => {
                        format!("{person} cannot talk here yet: the next message makes a request.")
                    }
                }
            }
        }
    }

    /// The block, as the end of a sentence.
    fn block(&self) -> String {
        if let Some(kept) = self.facts.kept_block {
            let blocked = day(kept.blocked_at, self.now);
            let erased = day(kept.erased_at, self.now);
            return format!(
                "blocked by {} on {blocked}, and erased on {erased}.",
                kept.blocked_by
            );
        }
        let block = self.facts.chat_user.and_then(|user| user.block.as_ref());
        block.map_or_else(
            || "not blocked.".to_owned(),
            |block| {
                let day = day(block.blocked_at, self.now);
                format!("blocked by {} on {day}.", block.blocked_by)
            },
        )
    }

    /// The access to the environment, as the end of a sentence.
    fn grant(&self) -> String {
        let environment = self.environment;
        let grants = self.facts.chat_user.map(|user| &user.grants);
        let grant = grants.and_then(|grants| grants.get(&self.facts.environment_id));
        grant.map_or_else(
            || format!("not approved in {environment}."),
            |grant| {
                let day = day(grant.granted_at, self.now);
                format!(
                    "approved in {environment} by {} on {day}.",
                    grant.granted_by
                )
            },
        )
    }

    fn facts(&self) -> Vec<ExplainedFact> {
        let facts = &self.facts;
        let user = facts.chat_user;
        let (person, connector) = (self.person, &self.connector.name);
        let is_open = facts.policy == Policy::AllowAll;
        let is_list = facts.policy == Policy::AllowList;
        let pending = self.pending_since.map(|at| moment(at, self.now));
        let cooling = self.cools_down_until().map(|at| moment(at, self.now));
        let fact = |kind, holds, sentence| ExplainedFact {
            kind,
            holds,
            sentence,
        };
        vec![
            fact(
                FactKind::Blocked,
                facts.kept_block.is_some() || user.is_some_and(|user| user.block.is_some()),
                format!("{person}: {}", self.block()),
            ),
            fact(
                FactKind::OpenConnector,
                is_open,
                if is_open {
                    format!("{connector} is open to everybody.")
                } else {
                    format!("{connector} is not open to everybody.")
                },
            ),
            fact(
                FactKind::Granted,
                user.is_some_and(|user| user.grants.contains_key(&facts.environment_id)),
                format!("{person}: {}", self.grant()),
            ),
            fact(
                FactKind::KnownPerson,
                self.is_vouched_for(),
                self.directory(),
            ),
            fact(
                FactKind::AllowList,
                is_list,
                if is_list {
                    format!("{connector} ignores people without access.")
                } else {
                    format!("{connector} does not ignore people without access.")
                },
            ),
            fact(
                FactKind::Kept,
                facts.kept,
                if facts.kept {
                    format!("{person} was let in before {connector} began to ask for approval.")
                } else {
                    format!("{person} was not let in before {connector} began to ask for approval.")
                },
            ),
            fact(
                FactKind::RequestPending,
                pending.is_some(),
                pending.map_or_else(
                    || format!("No request of {person} is pending here."),
                    |since| format!("A request of {person} is pending since {since}."),
                ),
            ),
            fact(
                FactKind::CoolingDown,
                cooling.is_some(),
                cooling.map_or_else(
                    || format!("No rejection keeps {person} from asking here."),
                    |until| format!("{person} was rejected, and may ask again from {until} on."),
                ),
            ),
        ]
    }

    /// Whether the directory vouches for the person, and the connector heeds it.
    fn is_vouched_for(&self) -> bool {
        let known = DirectoryMatch::Known {
            holds_environment: true,
        };
        self.facts.directory == known && self.heeds_directory()
    }

    fn heeds_directory(&self) -> bool {
        self.facts.policy == Policy::AllowList || self.facts.preapproves
    }

    fn directory(&self) -> String {
        let (person, environment) = (self.person, self.environment);
        match self.facts.directory {
            DirectoryMatch::Unknown => {
                format!("No user has the phone number that the platform gives for {person}.")
            }
            DirectoryMatch::Known {
                holds_environment: false,
            } => format!("A user has this phone number, without access to {environment}."),
            DirectoryMatch::Known { .. } if self.heeds_directory() => {
                format!("A user with this phone number has access to {environment}.")
            }
            DirectoryMatch::Known { .. } => format!(
                "A user with this phone number has access to {environment}, but {} does not approve users at once.",
                self.connector.name
            ),
        }
    }

    fn changes(&self, decision: Decision) -> Vec<PossibleChange> {
        let (person, environment) = (self.person, self.environment);
        let connector = &self.connector.name;
        let change = |action, sentence| PossibleChange { action, sentence };
        let block = || change(ChangeAction::Block, format!("Block {person}."));
        let approve = || {
            let sentence = format!("Approve {person} in {environment}.");
            change(ChangeAction::Approve, sentence)
        };
        let mut changes = match decision {
            Decision::Drop(_) if self.facts.kept_block.is_some() => vec![change(
                ChangeAction::LiftBlock,
                format!("Lift the block of {person}, who is erased."),
            )],
            Decision::Drop(_) => vec![change(ChangeAction::Unblock, format!("Unblock {person}."))],
            Decision::Deliver(DeliverReason::OpenConnector) => vec![
                change(
                    ChangeAction::ChangeConnector,
                    format!("Let {connector} ask for approval, or answer only people with access."),
                ),
                block(),
            ],
            Decision::Deliver(DeliverReason::Granted) => vec![
                change(
                    ChangeAction::Revoke,
                    format!("Revoke the access of {person} to {environment}."),
                ),
                block(),
            ],
            Decision::Deliver(DeliverReason::Kept) => vec![
                change(
                    ChangeAction::ChangeConnector,
                    format!(
                        "Let {connector} ask for the approval of people who were let in before."
                    ),
                ),
                block(),
            ],
            Decision::ApproveAndDeliver(_) => vec![
                change(
                    ChangeAction::ChangeDirectory,
                    format!("Take {environment} from the user with this phone number."),
                ),
                block(),
            ],
            Decision::Ignore(_) => {
                let policy = format!("Let {connector} ask for approval, or open it to everybody.");
                vec![approve(), change(ChangeAction::ChangeConnector, policy)]
            }
            Decision::Onboard(_) => {
                let policy = format!("Open {connector} to everybody.");
                vec![approve(), change(ChangeAction::ChangeConnector, policy)]
            }
        };
        if let Decision::Ignore(_) | Decision::Onboard(_) = decision {
            changes.extend(self.change_of_directory());
        }
        changes
    }

    /// The change by which the directory comes to vouch for the person.
    fn change_of_directory(&self) -> Option<PossibleChange> {
        let environment = self.environment;
        let (action, sentence) = match self.facts.directory {
            DirectoryMatch::Unknown => return None,
            DirectoryMatch::Known {
                holds_environment: false,
            } => (
                ChangeAction::ChangeDirectory,
                format!("Give the user with this phone number access to {environment}."),
            ),
            DirectoryMatch::Known { .. } => (
                ChangeAction::ChangeConnector,
                format!("Let {} approve users at once.", self.connector.name),
            ),
        };
        Some(PossibleChange { action, sentence })
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A day in words, with its year if that is not the present one. In UTC: the reader's time zone is not known.
fn day(at: Timestamp, now: Timestamp) -> String {
    let (at, now) = (at.to_string(), now.to_string());
    let part = |from: usize, to: usize| at.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().unwrap_or_default();
    let month = MONTHS.get(month.wrapping_sub(1)).copied().unwrap_or("?");
    let day = part(8, 10).trim_start_matches('0');
    if now.get(..4) == at.get(..4) {
        format!("{day} {month}")
    } else {
        format!("{day} {month} {}", part(0, 4))
    }
}

/// A moment in words: the time alone if it is today.
fn moment(at: Timestamp, now: Timestamp) -> String {
    let (text, today) = (at.to_string(), now.to_string());
    let time = text.get(11..16).unwrap_or_default();
    if text.get(..10) == today.get(..10) {
        format!("{time} UTC")
    } else {
        format!("{}, {time} UTC", day(at, now))
    }
}

#[cfg(test)]
mod tests;
