use super::*;
use crate::{
    access::decision::{ApproveReason, DropReason},
    chat::{
        kept_block::KeptBlock,
        user::{Block, ChatUser, Grant},
    },
    samples::{any_policy, chat_user, connector, kept_block},
};
use proptest::prelude::*;
use std::time::Duration;

const COOL_DOWN: Duration = Duration::from_hours(24);
/// 22 November 2026, 10:02 UTC.
const NOON: &str = "2026-11-22T10:02:03Z";

fn when(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The state of a person at a connector.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact that holds or does not"
)]
#[derive(Debug, Clone, Default)]
struct State {
    policy: Policy,
    blocked: bool,
    granted: bool,
    directory: DirectoryMatch,
    preapproves: bool,
    kept: bool,
    pending_since: Option<Timestamp>,
    rejected_at: Option<Timestamp>,
}

fn explained(state: &State, now: &str) -> Explanation {
    let connector = Connector {
        policy: state.policy,
        preapprove_known_users: state.preapproves,
        name: "Support".to_owned(),
        ..connector()
    };
    let grant = Grant {
        granted_at: when(NOON),
        granted_by: "Ana".to_owned(),
    };
    let block = Block {
        blocked_at: when(NOON),
        blocked_by: "Ben".to_owned(),
        note: None,
    };
    let user = ChatUser {
        grants: state
            .granted
            .then_some((connector.environment_id, grant))
            .into_iter()
            .collect(),
        block: state.blocked.then_some(block),
        ..chat_user()
    };
    let facts = Facts {
        kept: state.kept,
        ..Facts::of(&connector, Some(&user), None, state.directory)
    };
    let explanation = explain(&Asked {
        facts,
        connector: &connector,
        environment: "Production",
        person: "Ada",
        pending_since: state.pending_since,
        cool_down_ends: state.rejected_at.map(|at| at.plus(COOL_DOWN)),
        now: when(now),
    });
    assert_eq!(explanation.decision, decide(&facts));
    explanation
}

const KNOWN: DirectoryMatch = DirectoryMatch::Known {
    holds_environment: true,
};

fn onboarding() -> State {
    State {
        policy: Policy::OnBoarding,
        preapproves: true,
        ..State::default()
    }
}

/// SPEC A47, CONSOLE U309.
#[test]
fn a_decision_is_told_in_one_sentence_with_its_reason() {
    let later = "2026-11-24T09:00:00Z";
    for (state, now, sentence) in [
        (
            State {
                granted: true,
                ..onboarding()
            },
            later,
            "Ada can talk here: approved in Production by Ana on 22 Nov.",
        ),
        (
            State {
                granted: true,
                ..onboarding()
            },
            "2027-01-01T00:00:00Z",
            "Ada can talk here: approved in Production by Ana on 22 Nov 2026.",
        ),
        (
            State {
                pending_since: Some(when(NOON)),
                ..onboarding()
            },
            "2026-11-22T23:00:00Z",
            "Ada cannot talk here yet: a request is pending since 10:02 UTC.",
        ),
        (
            State {
                pending_since: Some(when(NOON)),
                ..onboarding()
            },
            later,
            "Ada cannot talk here yet: a request is pending since 22 Nov, 10:02 UTC.",
        ),
        (
            State {
                rejected_at: Some(when(NOON)),
                ..onboarding()
            },
            "2026-11-22T11:00:00Z",
            "Ada cannot talk here: rejected, and may ask again from 23 Nov, 10:02 UTC on.",
        ),
        (
            State {
                rejected_at: Some(when(NOON)),
                ..onboarding()
            },
            "2026-11-23T10:02:03Z",
            "Ada cannot talk here yet: the next message makes a request.",
        ),
        (
            State {
                blocked: true,
                ..onboarding()
            },
            later,
            "Ada cannot talk here: blocked by Ben on 22 Nov.",
        ),
        (
            State::default(),
            later,
            "Ada can talk here: Support is open to everybody.",
        ),
        (
            State {
                kept: true,
                ..onboarding()
            },
            later,
            "Ada can talk here: let in before Support began to ask for approval.",
        ),
        (
            State {
                directory: KNOWN,
                ..onboarding()
            },
            later,
            "Ada can talk here: a user with this phone number has access to Production, so the next message is approved at once.",
        ),
        (
            State {
                policy: Policy::AllowList,
                ..State::default()
            },
            later,
            "Ada cannot talk here: Support answers only people with access to Production.",
        ),
    ] {
        assert_eq!(explained(&state, now).sentence, sentence);
    }
}

/// SPEC A47, A51.
#[test]
fn the_directory_is_explained_also_where_it_does_not_help() {
    let without = DirectoryMatch::Known {
        holds_environment: false,
    };
    for (directory, preapproves, sentence, change) in [
        (
            DirectoryMatch::Unknown,
            true,
            "No user has the phone number that the platform gives for Ada.",
            None,
        ),
        (
            without,
            true,
            "A user has this phone number, without access to Production.",
            Some("Give the user with this phone number access to Production."),
        ),
        (
            KNOWN,
            false,
            "A user with this phone number has access to Production, but Support does not approve users at once.",
            Some("Let Support approve users at once."),
        ),
    ] {
        let state = State {
            directory,
            preapproves,
            ..onboarding()
        };
        let explanation = explained(&state, NOON);
        let fact = explanation
            .facts
            .iter()
            .find(|fact| fact.kind == FactKind::KnownPerson)
            .unwrap();
        assert_eq!((fact.holds, fact.sentence.as_str()), (false, sentence));
        let last = explanation.changes.get(2);
        assert_eq!(last.map(|change| change.sentence.as_str()), change);
    }
}

/// SPEC C41.
#[test]
fn a_block_that_outlived_its_person_is_explained_and_can_be_lifted() {
    let connector = connector();
    let block = KeptBlock {
        blocked_at: when(NOON),
        blocked_by: "Ben".to_owned(),
        erased_at: when("2026-11-23T08:00:00Z"),
        ..kept_block()
    };
    let facts = Facts {
        kept_block: Some(&block),
        ..Facts::of(&connector, None, None, KNOWN)
    };
    let explanation = explain(&Asked {
        facts,
        connector: &connector,
        environment: "Production",
        person: "U1",
        pending_since: None,
        cool_down_ends: None,
        now: when("2026-11-24T09:00:00Z"),
    });
    assert_eq!(
        explanation.sentence,
        "U1 cannot talk here: blocked by Ben on 22 Nov, and erased on 23 Nov."
    );
    assert!(explanation.facts[0].holds);
    let changes: Vec<_> = explanation
        .changes
        .iter()
        .map(|change| (change.action, change.sentence.as_str()))
        .collect();
    assert_eq!(
        changes,
        [(
            ChangeAction::LiftBlock,
            "Lift the block of U1, who is erased."
        )]
    );
}

#[test]
fn a_day_is_written_without_a_leading_zero() {
    let now = when(NOON);
    assert_eq!(day(when("2026-03-05T00:00:00Z"), now), "5 Mar");
    assert_eq!(day(when("2025-12-31T23:59:59Z"), now), "31 Dec 2025");
    assert_eq!(
        moment(when("2025-12-31T23:59:59Z"), now),
        "31 Dec 2025, 23:59 UTC"
    );
}

fn any_directory() -> impl Strategy<Value = DirectoryMatch> {
    prop_oneof![
        Just(DirectoryMatch::Unknown),
        any::<bool>().prop_map(|holds_environment| DirectoryMatch::Known { holds_environment }),
    ]
}

fn any_state() -> impl Strategy<Value = State> {
    let flags = any::<[bool; 6]>();
    (any_policy(), any_directory(), flags).prop_map(|(policy, directory, flags)| {
        let [blocked, granted, preapproves, kept, pending, rejected] = flags;
        State {
            policy,
            blocked,
            granted,
            directory,
            preapproves,
            kept,
            pending_since: pending.then(|| when(NOON)),
            rejected_at: rejected.then(|| when(NOON)),
        }
    })
}

proptest! {
    /// SPEC A40, A47. Each fact of the decision is judged apart from it, in words of its own.
    #[test]
    fn the_first_fact_that_holds_is_the_reason_of_the_decision(state in any_state()) {
        let explanation = explained(&state, NOON);
        let first = explanation.facts.iter().take(6).find(|fact| fact.holds);
        let expected = match first.map(|fact| fact.kind) {
            Some(FactKind::Blocked) => Decision::Drop(DropReason::Blocked),
            Some(FactKind::OpenConnector) => Decision::Deliver(DeliverReason::OpenConnector),
            Some(FactKind::Granted) => Decision::Deliver(DeliverReason::Granted),
            Some(FactKind::KnownPerson) => Decision::ApproveAndDeliver(ApproveReason::KnownPerson),
            Some(FactKind::AllowList) => Decision::Ignore(IgnoreReason::NotOnAllowList),
            Some(FactKind::Kept) => Decision::Deliver(DeliverReason::Kept),
            _ => Decision::Onboard(OnboardReason::NotApproved),
        };
        prop_assert_eq!(explanation.decision, expected);
        prop_assert_eq!(explanation.facts.len(), 8);
        prop_assert!(!explanation.changes.is_empty());
        let can = explanation.sentence.starts_with("Ada can talk here:");
        let lets_in = matches!(expected, Decision::Deliver(_) | Decision::ApproveAndDeliver(_));
        prop_assert_eq!(can, lets_in, "{}", explanation.sentence);
    }

    /// SPEC A47.
    #[test]
    fn somebody_unknown_is_explained_too(policy in any_policy(), directory in any_directory()) {
        let connector = Connector { policy, ..connector() };
        let facts = Facts::of(&connector, None, None, directory);
        let explanation = explain(&Asked {
            facts, connector: &connector, environment: "Production", person: "+15550100",
            pending_since: None, cool_down_ends: None, now: when(NOON),
        });
        prop_assert_eq!(explanation.decision, decide(&facts));
        prop_assert!(explanation.sentence.starts_with("+15550100 can"));
    }
}
