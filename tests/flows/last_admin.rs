//! An account keeps a way in, whatever races: an active super admin, or an unlimited key of its own.

use crate::{
    team_records::{TeamStores, at, entry, key_proof, member, proof, scope, way_in},
    world::HEAVY,
};
use futures_util::future::join_all;
use vestibule_domain::{
    PortError, Timestamp,
    account::{api_key::ApiKey, proof::CallerProof},
    event::Event,
    ports::{ApiKeyStore, By, KeyEnding, MemberOutcome, MemberStore},
    team::{
        member::{Member, MemberStatus},
        role::RoleKey,
    },
};
use vestibule_testkit::proof::scaled;

/// Changes at once in one race.
const AT_ONCE: usize = 50;

/// A change that takes an active super admin away.
fn taken_away(before: &Member, kind: usize) -> Member {
    let mut after = before.clone();
    match kind % 3 {
        0 => after.role = RoleKey::Agent,
        1 => after.status = MemberStatus::Suspended,
        _ => after.status = MemberStatus::Removed,
    }
    after
}

/// A caller of a race.
#[derive(Clone)]
enum Hand {
    Member(Member),
    Key(ApiKey),
}

impl Hand {
    /// The right that the caller has now.
    async fn proof(&self, team: &TeamStores) -> CallerProof {
        match self {
            Self::Member(member) => proof(&team.stored(member).await, &member.name),
            Self::Key(key) => key_proof(key),
        }
    }

    /// Takes the other one's way in away.
    async fn take(
        &self,
        team: &TeamStores,
        account: &str,
        other: &Self,
        kind: usize,
    ) -> Result<bool, PortError> {
        let proof = self.proof(team).await;
        match other {
            Self::Member(member) => {
                let before = team.stored(member).await;
                if !before.is_active_super_admin() {
                    return Ok(false);
                }
                let after = taken_away(&before, kind);
                let audit = entry(account, Event::MemberUpdated(member.id), 5);
                let by = By {
                    audit: &audit,
                    proof: &proof,
                };
                let outcome = team.team.update_member(&after, &before, &[], by).await?;
                Ok(outcome == MemberOutcome::Done)
            }
            Self::Key(key) => {
                let audit = entry(account, Event::ApiKeyRevoked(key.id), 5);
                let by = By {
                    audit: &audit,
                    proof: &proof,
                };
                let keys = [key.clone()];
                let outcome = team.accounts.delete_keys(&keys, by).await?;
                Ok(outcome == KeyEnding::Done)
            }
        }
    }

    async fn is_way_in(&self, team: &TeamStores, now: Timestamp) -> bool {
        match self {
            Self::Member(member) => team.stored(member).await.is_active_super_admin(),
            Self::Key(key) => {
                let stored = team.accounts.get_key(key.scope, key.id).await.unwrap();
                stored.is_some_and(|key| key.is_way_in() && now < key.ends_at())
            }
        }
    }
}

/// Lets everybody take everybody's way in away at once, and returns the number of those left.
async fn race(team: &TeamStores, account: &str, hands: &[Hand]) -> usize {
    let changes = (0..AT_ONCE).map(|number| {
        let one = &hands[number % hands.len()];
        let other = &hands[(number / hands.len() + number + 1) % hands.len()];
        one.take(team, account, other, number / 2)
    });
    for outcome in join_all(changes).await {
        let is_passing = matches!(outcome, Ok(_) | Err(PortError::Conflict { .. }));
        assert!(is_passing, "{outcome:?}");
    }
    let now = at(6);
    let mut left = 0;
    for hand in hands {
        left += usize::from(hand.is_way_in(team, now).await);
    }
    left
}

/// Issue 11, races; SPEC D26, D30.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_changes_at_once_that_take_the_last_two_super_admins_away_leave_one() {
    let _turn = HEAVY.lock().await;
    let team = TeamStores::start().await;
    for round in 0..scaled(3, 200) {
        let account = format!("account {round}");
        let (one, two) = (format!("ada{round}"), format!("bob{round}"));
        let ada = team.account(&account, &one).await;
        let bob = team.join(&ada, &two, RoleKey::SuperAdmin).await;
        let hands = [Hand::Member(ada), Hand::Member(bob)];
        let left = race(&team, &account, &hands).await;
        assert!(left >= 1, "round {round}");
    }
}

/// Two holders of full keys cannot delete each other at once.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_revocations_and_demotions_at_once_leave_a_key_or_a_super_admin() {
    let _turn = HEAVY.lock().await;
    let team = TeamStores::start().await;
    for round in 0..scaled(3, 200) {
        let account = format!("account {round}");
        let name = format!("ada{round}");
        let ada = team.account(&account, &name).await;
        let (one, two) = (way_in(&account, "one"), way_in(&account, "two"));
        let by = proof(&ada, &name);
        for key in [&one, &two] {
            team.add_key(key, &by).await;
        }
        let hands = match round % 2 {
            0 => {
                let suspended = taken_away(&ada, 1);
                team.overwrite(&suspended);
                vec![Hand::Key(one), Hand::Key(two)]
            }
            _ => vec![Hand::Member(ada), Hand::Key(one), Hand::Key(two)],
        };
        let left = race(&team, &account, &hands).await;
        assert!(left >= 1, "round {round}");
    }
}

/// SPEC D26.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_super_admin_stays_and_a_suspended_or_pending_one_is_no_other() {
    let team = TeamStores::start().await;
    let ada = team.account("a", "ada").await;
    let bob = team.join(&ada, "bob", RoleKey::SuperAdmin).await;
    team.invite(&ada, "cleo", RoleKey::SuperAdmin).await;
    let of_ada = proof(&ada, "ada");
    let change = async |before: &Member, after: &Member, proof: &CallerProof| {
        let audit = entry("a", Event::MemberUpdated(before.id), 5);
        let by = By {
            audit: &audit,
            proof,
        };
        team.team.update_member(after, before, &[], by).await
    };
    let suspended = taken_away(&bob, 1);
    let outcome = change(&bob, &suspended, &of_ada).await.unwrap();
    assert_eq!(outcome, MemberOutcome::Done);
    for kind in 0..3 {
        let outcome = change(&ada, &taken_away(&ada, kind), &of_ada).await;
        assert_eq!(outcome.unwrap(), MemberOutcome::LastSuperAdmin, "{kind}");
    }
    assert_eq!(team.stored(&ada).await, ada);
    // Another super admin lets the first one go.
    let suspended = team.stored(&bob).await;
    let back = Member {
        status: MemberStatus::Active,
        ..suspended.clone()
    };
    change(&suspended, &back, &of_ada).await.unwrap();
    let outcome = change(&ada, &taken_away(&ada, 2), &of_ada).await.unwrap();
    assert_eq!(outcome, MemberOutcome::Done);
    let gone = team.logins_accounts("ada").await;
    assert!(gone.is_empty(), "{gone:?}");
}

/// A key of the account is a way in as long as nobody ends the last.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_in_cannot_be_revoked_by_itself_but_by_a_super_admin() {
    let team = TeamStores::start().await;
    let ada = team.account("a", "ada").await;
    let of_ada = proof(&ada, "ada");
    let key = way_in("a", "one");
    team.add_key(&key, &of_ada).await;
    let audit = entry("a", Event::ApiKeyRevoked(key.id), 5);
    let own = key_proof(&key);
    let by_itself = By {
        audit: &audit,
        proof: &own,
    };
    // The account's super admin is suspended behind the store's back: no other way is left.
    let row = member("a", "ada", RoleKey::SuperAdmin, MemberStatus::Suspended);
    team.overwrite(&row);
    let keys = [key.clone()];
    let outcome = team.accounts.delete_keys(&keys, by_itself).await.unwrap();
    assert_eq!(outcome, KeyEnding::LastWay);
    team.overwrite(&ada);
    let by_ada = By {
        audit: &audit,
        proof: &of_ada,
    };
    let outcome = team.accounts.delete_keys(&keys, by_ada).await.unwrap();
    assert_eq!(outcome, KeyEnding::Done);
    assert_eq!(
        team.accounts.get_key(scope("a"), key.id).await.unwrap(),
        None
    );
    // A key that is gone already does no harm.
    let again = entry("a", Event::ApiKeyRevoked(key.id), 6);
    let by_ada = By {
        audit: &again,
        proof: &of_ada,
    };
    let outcome = team.accounts.delete_keys(&keys, by_ada).await.unwrap();
    assert_eq!(outcome, KeyEnding::Done);
}
