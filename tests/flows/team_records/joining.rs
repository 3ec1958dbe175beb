//! Invitations, acceptances, and the rights of those who change members.

use super::{
    TeamStores, accepting, at, email, entry, first_page, invitation, login, proof, session,
};
use std::sync::Arc;
use tokio::task::JoinSet;
use vestibule_domain::{
    account::{credential::CredentialClaim, proof::CallerProof},
    event::Event,
    ids::LoginId,
    ports::{
        Acceptance, Accepted, AcceptingLogin, AccountPlace, By, CredentialStore, DeviceToken,
        InvitationStore, Invited, LoginStore, MemberFilter, MemberStore, Opening, RenewedLogin,
        SessionStore,
    },
    team::{
        invitation::InvitationStatus,
        login::Login,
        member::{Member, MemberStatus},
        rights::Rights,
        role::RoleKey,
        session::Session,
    },
};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// SPEC D26: a copied link is compared with roles that must still be those of the acceptance.
#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_by_roles_that_changed_meanwhile_is_a_conflict() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    let (invited, pending) = team.invite(&admin, "bob", RoleKey::Agent).await;
    let by_roles = |version| Acceptance {
        roles_version: Some(version),
        ..accepting(&invited, &pending, "bob", AcceptingLogin::New(login("bob")))
    };
    assert!(team.team.accept(&by_roles(7)).await.is_err());
    let accepted = team.team.accept(&by_roles(0)).await.unwrap();
    assert_eq!(accepted, Accepted::Joined);
}

/// SPEC D28: an acceptance opens a session as a sign-in does.
#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_ends_the_sessions_beyond_the_limit_and_knows_the_device() {
    let team = TeamStores::start().await;
    let (one, two) = (
        team.account("a", "ada").await,
        team.account("b", "eve").await,
    );
    team.join(&one, "bob", RoleKey::Agent).await;
    let id = login("bob").id;
    let known = team.logins.get_login(id).await.unwrap().unwrap();
    let (invited, pending) = team.invite(&two, "bob", RoleKey::Agent).await;
    let acceptance = Acceptance {
        session: Some(Session {
            hash: "another".to_owned(),
            ..session("bob")
        }),
        opening: Some(Opening {
            end: vec![session("bob").hash],
            device: DeviceToken {
                hash: "phone".to_owned(),
            },
            mail: None,
            audits: Vec::new(),
        }),
        ..accepting(&invited, &pending, "bob", AcceptingLogin::Existing(known))
    };
    let accepted = team.team.accept(&acceptance).await.unwrap();
    assert_eq!(accepted, Accepted::Joined);
    let sessions = team.logins.list_sessions(id).await.unwrap();
    let hashes: Vec<_> = sessions.iter().map(|one| one.hash.as_str()).collect();
    assert_eq!(hashes, ["another"]);
    let seen_at = team.logins.device_seen_at(id, "phone").await.unwrap();
    assert!(seen_at.is_some());
}

/// SPEC D26: the member whose limit ends with the proof of the address is written with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_login_has_no_limit_in_the_account_that_it_joined_before() {
    let team = TeamStores::start().await;
    let (one, two) = (
        team.account("a", "ada").await,
        team.account("b", "eve").await,
    );
    let (invited, pending) = team.invite(&one, "bob", RoleKey::Agent).await;
    let limited = Member {
        limit: Some(Rights::none()),
        ..pending.clone()
    };
    let new = AcceptingLogin::New(login("bob"));
    let accepted = accepting(&invited, &limited, "bob", new);
    team.team.accept(&accepted).await.unwrap();
    let known = team.logins.get_login(login("bob").id).await.unwrap();
    let places = team.logins_accounts("bob").await;
    assert!(places[0].standing.member.limit.is_some());
    let freed = AccountPlace::freed(&places, at(9));
    let renewed = RenewedLogin {
        login: known.unwrap(),
        ended: Vec::new(),
        freed,
    };
    let (invited, pending) = team.invite(&two, "bob", RoleKey::Agent).await;
    let renewed = accepting(&invited, &pending, "bob", AcceptingLogin::Renewed(renewed));
    let accepted = team.team.accept(&renewed).await.unwrap();
    assert_eq!(accepted, Accepted::Joined);
    for place in team.logins_accounts("bob").await {
        assert_eq!(place.standing.member.limit, None);
    }
}

/// SPEC D17, D19, E16.
#[tokio::test(flavor = "multi_thread")]
async fn an_invited_person_joins_and_is_found_by_every_way_that_leads_to_them() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    let (invited, pending) = team.invite(&admin, "bob", RoleKey::Agent).await;
    let view = team.team.get_invitation(admin.scope, invited.id).await;
    let view = view.unwrap().unwrap();
    assert_eq!((&view.invitation, &view.member), (&invited, &pending));
    assert_eq!(view.mails.len(), 1);
    team.team
        .note_opened(admin.scope, invited.id, at(2))
        .await
        .unwrap();
    let new = AcceptingLogin::New(login("bob"));
    let accepted = team
        .team
        .accept(&accepting(&invited, &pending, "bob", new))
        .await
        .unwrap();
    assert_eq!(accepted, Accepted::Joined);
    team.sign_in("bob").await;

    let found = team.logins.find_login(&email("bob")).await.unwrap();
    assert_eq!(found, Some(login("bob")));
    let places = team.logins.accounts(login("bob").id).await.unwrap();
    assert_eq!(places.len(), 1);
    assert_eq!(places[0].standing.member.status, MemberStatus::Active);
    let claim = CredentialClaim::Session {
        login_id: login("bob").id,
        hash: session("bob").hash,
        account_id: Some(admin.scope.account_id()),
    };
    let credential = team.credentials.find_credential(&claim).await.unwrap();
    let caller = credential.unwrap().caller(&claim, at(3)).unwrap();
    assert_eq!(caller.member_id, Some(pending.id));
    let all = team
        .team
        .list_members(admin.scope, &MemberFilter::default(), &first_page())
        .await
        .unwrap();
    let names: Vec<_> = all
        .items
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!(names, ["ada", "bob"]);
    let agents = MemberFilter {
        role: Some(RoleKey::Agent),
        status: Some(MemberStatus::Active),
        team_id: None,
    };
    let agents = team
        .team
        .list_members(admin.scope, &agents, &first_page())
        .await
        .unwrap();
    assert_eq!(agents.items.len(), 1);
    let listed = team
        .team
        .list_invitations(admin.scope, &first_page())
        .await
        .unwrap();
    assert_eq!(
        listed.items[0].invitation.status(at(3)),
        InvitationStatus::Accepted
    );
}

/// SPEC D16, D21.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_invited_once_unless_the_new_invitation_replaces_the_old_one() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    let (first, pending) = team.invite(&admin, "bob", RoleKey::Agent).await;
    let (audit, proof) = (
        entry("a", Event::MemberInvited(pending.id), 2),
        proof(&admin, "ada"),
    );
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    let again = invitation(admin.scope, "bob", RoleKey::Agent, 1);
    let again = team.team.invite(&again, by).await.unwrap();
    assert!(matches!(again, Invited::Existing(stored) if *stored == first));
    let mut other = invitation(admin.scope, "bob", RoleKey::SuperAdmin, 2);
    let taken = team.team.invite(&other, by).await.unwrap();
    let Invited::Taken(holder, Some(held)) = taken else {
        panic!("{taken:?}");
    };
    assert_eq!((*holder, *held), (pending.clone(), first.clone()));
    other.replaces = Some(first.clone());
    let invited = team.team.invite(&other, by).await.unwrap();
    assert!(matches!(invited, Invited::New), "{invited:?}");
    assert_eq!(team.stored(&pending).await.status, MemberStatus::Removed);
    let new = AcceptingLogin::New(login("bob"));
    let late = accepting(&first, &pending, "bob", new.clone());
    assert_eq!(
        team.team.accept(&late).await.unwrap(),
        Accepted::NotPending(InvitationStatus::Revoked)
    );
    let accepted = accepting(&other.invitation, &other.member, "bob", new);
    assert_eq!(team.team.accept(&accepted).await.unwrap(), Accepted::Joined);
}

/// Issue 11, races: 50 parallel accepts of one invitation make one member.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_who_accept_one_invitation_at_once_make_one_member_and_one_login() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    let (invited, pending) = team.invite(&admin, "bob", RoleKey::Agent).await;
    let mut tries = JoinSet::new();
    for number in 0..50 {
        let new = AcceptingLogin::New(Login {
            id: LoginId::derive(&["bob", &number.to_string()]),
            ..login("bob")
        });
        let acceptance = accepting(&invited, &pending, "bob", new);
        let store = Arc::clone(&team.team);
        tries.spawn(async move { store.accept(&acceptance).await });
    }
    let outcomes = tries.join_all().await;
    let joined = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Ok(Accepted::Joined)));
    assert_eq!(joined.count(), 1, "{outcomes:?}");
    let rows = team.db.items().unwrap();
    let of = |sk: &str| rows.iter().filter(|row| row["sk"] == sk).count();
    assert_eq!((of("LOGIN"), of("EMAIL"), of("MEMBER")), (1, 1, 2));
}

/// SPEC E04: rights are checked in the transaction of the change.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_lost_the_right_meanwhile_changes_nothing() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    let bob = team.join(&admin, "bob", RoleKey::SuperAdmin).await;
    let cleo = team.join(&admin, "cleo", RoleKey::Agent).await;
    let audit = entry("a", Event::MemberSuspended(cleo.id), 5);
    let suspended = |member: &Member| Member {
        status: MemberStatus::Suspended,
        ..member.clone()
    };
    let of_bob = proof(&bob, "bob");
    let stale = By {
        audit: &audit,
        proof: &of_bob,
    };
    // The member changed.
    let of_ada = proof(&admin, "ada");
    let other = entry("a", Event::MemberUpdated(bob.id), 5);
    let by_ada = By {
        audit: &other,
        proof: &of_ada,
    };
    let demoted = Member {
        role: RoleKey::Agent,
        ..bob.clone()
    };
    team.team
        .update_member(&demoted, &bob, &[], by_ada)
        .await
        .unwrap();
    let after = suspended(&cleo);
    let refused = team.team.update_member(&after, &cleo, &[], stale).await;
    assert!(CallerProof::is_lost(&refused.unwrap_err()));
    // The session ended.
    let now = team.stored(&bob).await;
    let of_bob = proof(&now, "bob");
    team.logins
        .end_sessions(LoginId::derive(&["bob"]), &[session("bob").hash], &[])
        .await
        .unwrap();
    let ended = By {
        audit: &audit,
        proof: &of_bob,
    };
    let refused = team.team.update_member(&after, &cleo, &[], ended).await;
    assert!(CallerProof::is_lost(&refused.unwrap_err()));
    assert_eq!(team.stored(&cleo).await.status, MemberStatus::Active);
}

/// RELIABILITY §2.2.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_answer_was_lost_took_effect_once_and_says_so() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    let (invited, pending) = team.invite(&admin, "bob", RoleKey::Agent).await;
    let lost = || Rule::new("DynamoDB.TransactWriteItems", Fault::ResetAfter);
    team.to_db.inject(lost());
    let new = AcceptingLogin::New(login("bob"));
    let acceptance = accepting(&invited, &pending, "bob", new);
    let accepted = team.team.accept(&acceptance).await.unwrap();
    assert_eq!(accepted, Accepted::Joined);
    let bob = team.stored(&pending).await;
    let audit = entry("a", Event::MemberUpdated(bob.id), 5);
    let proof = proof(&admin, "ada");
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    let promoted = Member {
        role: RoleKey::SuperAdmin,
        ..bob.clone()
    };
    team.to_db.inject(lost());
    team.team
        .update_member(&promoted, &bob, &[], by)
        .await
        .unwrap();
    assert!(!team.to_db.has_pending_rules());
    let stored = team.stored(&bob).await;
    assert_eq!((stored.role, stored.version), (RoleKey::SuperAdmin, 3));
}
