//! API keys, throttles, resets and sign-ins at a provider.

use super::{TeamStores, at, email, entry, first_page, proof, session, way_in};
use vestibule_domain::{
    PortError,
    account::{
        api_key::{ApiKey, PREVIOUS_HASH_KEPT, PreviousHash},
        credential::CredentialClaim,
    },
    event::Event,
    ids::{LoginId, LoginMethodId, MailId},
    ports::{
        Admission, ApiKeyStore, By, CredentialStore, DeviceToken, FlowPurpose, FlowStore,
        LoginChange, LoginStore, Opening, Reset, SessionStore, SignInFlow, ThrottleStore,
    },
    team::{
        mail::{Mail, MailKind, MailOwner},
        role::RoleKey,
        session::Session,
        throttle::ThrottleKind,
    },
};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// SPEC D29: the old secret is taken for 24 hours, and renewing keeps the id.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_found_by_both_of_its_hashes_and_a_renewed_one_by_its_own() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    let proof = proof(&admin, "ada");
    let first = way_in("a", "script");
    team.add_key(&first, &proof).await;
    let rotated = ApiKey {
        hash: "key-2".to_owned(),
        previous: Some(PreviousHash {
            hash: first.hash.clone(),
            until: at(5).plus(PREVIOUS_HASH_KEPT),
        }),
        ..first.clone()
    };
    let audit = entry("a", Event::ApiKeyRotated(first.id), 5);
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    team.accounts
        .rotate_key(&rotated, &first, by)
        .await
        .unwrap();
    for hash in [&first.hash, &rotated.hash] {
        let claim = CredentialClaim::ApiKey {
            account_id: admin.scope.account_id(),
            hash: hash.clone(),
        };
        let found = team.credentials.find_credential(&claim).await.unwrap();
        assert!(found.unwrap().caller(&claim, at(6)).is_ok(), "{hash}");
    }
    let stored = team.accounts.get_key(admin.scope, first.id).await.unwrap();
    let stored = stored.unwrap();
    let renewed = ApiKey {
        expires_at: at(2_000_000),
        ..stored.clone()
    };
    let audit = entry("a", Event::ApiKeyRenewed(first.id), 6);
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    team.accounts.renew_key(&renewed, by).await.unwrap();
    let listed = team
        .accounts
        .list_keys(admin.scope, &first_page())
        .await
        .unwrap();
    assert_eq!(listed.items.len(), 1);
    assert_eq!(listed.items[0].expires_at, at(2_000_000));
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
async fn a_throttle_admits_a_burst_and_then_says_how_long_to_wait() {
    let team = TeamStores::start().await;
    let kind = ThrottleKind::Factor;
    for _ in 0..kind.rule().burst {
        let admission = team.logins.admit(kind, "bob", at(0)).await.unwrap();
        assert_eq!(admission, Admission::Admitted);
    }
    let Admission::Wait(wait) = team.logins.admit(kind, "bob", at(0)).await.unwrap() else {
        panic!("the burst is used up");
    };
    assert_eq!(wait, kind.rule().interval);
    let other = team.logins.admit(kind, "cleo", at(0)).await.unwrap();
    assert_eq!(other, Admission::Admitted);
    let later = at(0).plus(wait);
    let again = team.logins.admit(kind, "bob", later).await.unwrap();
    assert_eq!(again, Admission::Admitted);
}

/// SPEC D18, D27: a link and a flow count once.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_and_a_sign_in_at_a_provider_count_once_and_not_after_their_time() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    let bob = team.join(&admin, "bob", RoleKey::Agent).await;
    let login_id = bob.login_id.unwrap();
    let reset = Reset {
        email: email("bob"),
        hash: "reset".to_owned(),
        asked_at: at(0),
        expires_at: at(1800),
    };
    let kind = MailKind::PasswordReset {
        expires_at: at(1800),
    };
    let owner = MailOwner::Login(Mail::owner_by_address(&reset.email));
    let id = MailId::derive(&["reset"]);
    let mail = Mail::queued(id, owner, reset.email.clone(), None, kind, None, at(0));
    team.logins.ask_reset(&reset, &mail).await.unwrap();
    let find = |second| team.logins.find_reset("reset", at(second));
    assert_eq!(find(1799).await.unwrap(), Some(reset));
    assert_eq!(find(1800).await.unwrap(), None);
    let spend = LoginChange {
        reset: Some("reset".to_owned()),
        ..LoginChange::default()
    };
    let login = team.logins.get_login(login_id).await.unwrap().unwrap();
    team.logins.update_login(&login, &spend).await.unwrap();
    let login = team.logins.get_login(login_id).await.unwrap().unwrap();
    assert!(team.logins.update_login(&login, &spend).await.is_err());

    let flow = SignInFlow {
        state_hash: "state".to_owned(),
        browser_hash: "browser".to_owned(),
        scope: admin.scope,
        method_id: LoginMethodId::derive(&["m"]),
        issuer: None,
        nonce: "n".to_owned(),
        verifier: "v".to_owned(),
        purpose: FlowPurpose::SignIn,
        return_to: "/console/".to_owned(),
        expires_at: at(600),
    };
    team.logins.save_flow(&flow).await.unwrap();
    let lost = Rule::new("DynamoDB.TransactWriteItems", Fault::ResetAfter);
    team.to_db.inject(lost);
    let taken = team.logins.take_flow("state", at(1)).await.unwrap();
    assert_eq!(taken, Some(flow.clone()));
    assert_eq!(team.logins.take_flow("state", at(1)).await.unwrap(), None);
    team.logins.save_flow(&flow).await.unwrap();
    assert_eq!(team.logins.take_flow("state", at(600)).await.unwrap(), None);
}

/// The session of Bob with this hash, opened when his login had this version.
fn bobs(hash: &str, login_version: u64) -> Session {
    Session {
        hash: hash.to_owned(),
        login_version,
        ..session("bob")
    }
}

async fn open(team: &TeamStores, session: &Session) -> Result<(), PortError> {
    let opening = Opening {
        end: Vec::new(),
        device: DeviceToken {
            hash: "device".to_owned(),
        },
        mail: None,
        audits: Vec::new(),
    };
    team.logins.open_session(session, &opening).await
}

/// The sessions of Bob's that admit him, of these.
async fn admitting<'a>(team: &TeamStores, hashes: &[&'a str]) -> Vec<&'a str> {
    let login_id = LoginId::derive(&["bob"]);
    let listed = team.logins.list_sessions(login_id).await.unwrap();
    let mut admitting = Vec::new();
    for hash in hashes {
        let claim = CredentialClaim::Session {
            login_id,
            hash: (*hash).to_owned(),
            account_id: None,
        };
        let found = team.credentials.find_credential(&claim).await.unwrap();
        let admits = found.is_some_and(|found| found.login(&claim, at(3)).is_ok());
        let is_listed = listed.iter().any(|session| session.hash == *hash);
        assert_eq!(admits, is_listed, "{hash}");
        if admits {
            admitting.push(*hash);
        }
    }
    admitting
}

/// SPEC D28: the change of a password lists the sessions that it ends before it is written, and a sign-in reads the
/// login before it opens one. Neither sees the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_opened_while_all_of_a_login_end_does_not_outlive_them() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    team.join(&admin, "bob", RoleKey::Agent).await;
    let login_id = LoginId::derive(&["bob"]);
    let before = team.logins.get_login(login_id).await.unwrap().unwrap();
    let hashes = ["unseen", "new", "late", "later"];
    // Opened after the sessions were listed.
    open(&team, &bobs("unseen", before.version)).await.unwrap();
    assert_eq!(admitting(&team, &hashes).await, ["unseen"]);
    let change = LoginChange {
        ends_earlier: true,
        session: Some(bobs("new", before.version)),
        ..LoginChange::default()
    };
    team.logins.update_login(&before, &change).await.unwrap();
    assert_eq!(admitting(&team, &hashes).await, ["new"]);
    // Opened by a sign-in that read the login before the change.
    let late = open(&team, &bobs("late", before.version)).await;
    assert!(late.is_err());
    assert_eq!(admitting(&team, &hashes).await, ["new"]);
    let after = team.logins.get_login(login_id).await.unwrap().unwrap();
    open(&team, &bobs("later", after.version)).await.unwrap();
    assert_eq!(admitting(&team, &hashes).await, ["new", "later"]);
    // Another change of the login ends none.
    let change = LoginChange::default();
    team.logins.update_login(&after, &change).await.unwrap();
    assert_eq!(admitting(&team, &hashes).await, ["new", "later"]);
}

/// SPEC D28: the code of a second factor completes no sign-in that was ended meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_is_not_replaced_by_another() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    team.join(&admin, "bob", RoleKey::Agent).await;
    let login_id = LoginId::derive(&["bob"]);
    let login = team.logins.get_login(login_id).await.unwrap().unwrap();
    open(&team, &bobs("waiting", login.version)).await.unwrap();
    let change = |replaces: &str| LoginChange {
        replaces: Some(replaces.to_owned()),
        session: Some(bobs("complete", login.version)),
        ..LoginChange::default()
    };
    let refused = team.logins.update_login(&login, &change("gone")).await;
    assert!(refused.is_err());
    let hashes = ["waiting", "complete"];
    assert_eq!(admitting(&team, &hashes).await, ["waiting"]);
    let change = change("waiting");
    team.logins.update_login(&login, &change).await.unwrap();
    assert_eq!(admitting(&team, &hashes).await, ["complete"]);
}
