//! The audit log, the first admin and recoveries.

use super::{TeamStores, accepting, at, entry, first_page, invitation, login, scope};
use std::collections::BTreeSet;
use vestibule_domain::{
    account::{Account, Client, actor::Actor, rules::AccountRules},
    event::{AuditEntry, Event},
    ids::{ApiKeyId, ClientId},
    page::{Page, PageRequest},
    ports::{
        Accepted, AcceptingLogin, AccountStore, AuditFilter, AuditStore, FirstAdmin,
        FirstAdminStore, InvitationStore, Recovery, RecoveryOutcome, SetUpReader,
    },
    team::{member::MemberStatus, role::RoleKey},
};

async fn listed(team: &TeamStores, filter: &AuditFilter, limit: u16) -> Vec<String> {
    let mut found = Vec::new();
    let mut page = PageRequest {
        limit,
        ..first_page()
    };
    loop {
        let Page { items, next } = team
            .audit
            .list_audit(scope("a"), filter, &page)
            .await
            .unwrap();
        assert!(items.len() <= usize::from(limit));
        found.extend(items.into_iter().map(|entry| entry.action));
        match next {
            None => return found,
            cursor => page.cursor = cursor,
        }
    }
}

/// SPEC G02.
#[tokio::test(flavor = "multi_thread")]
async fn audit_entries_are_found_by_actor_target_action_and_dates() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    let day = 86_400;
    let key = ApiKeyId::derive(&["k"]);
    let by_ada = Actor::member(admin.id, "ada".to_owned());
    for (event, days) in [
        (Event::ApiKeyCreated(key), 1),
        (Event::ApiKeyRenewed(key), 40),
        (Event::ApiKeyRevoked(key), 100),
    ] {
        let entry = AuditEntry {
            actor: by_ada.clone(),
            ..entry("a", event, days * day)
        };
        team.audit.append(&entry).await.unwrap();
        team.audit.append(&entry).await.unwrap();
    }
    let newest = ["api_key.revoked", "api_key.renewed", "api_key.created"];
    let of = |change: &dyn Fn(&mut AuditFilter)| {
        let mut filter = AuditFilter::default();
        change(&mut filter);
        filter
    };
    let actor = of(&|filter| filter.actor = Some(by_ada.id.clone()));
    assert_eq!(listed(&team, &actor, 2).await, newest);
    let target = of(&|filter| filter.target = Some(format!("api_key:{key}")));
    assert_eq!(listed(&team, &target, 2).await, newest);
    let all = listed(&team, &AuditFilter::default(), 2).await;
    assert_eq!(all[..3], newest);
    assert_eq!(all[3..], ["account.created"]);
    let action = of(&|filter| filter.action = Some("api_key.renewed".to_owned()));
    assert_eq!(listed(&team, &action, 2).await, ["api_key.renewed"]);
    let range = |filter: AuditFilter| AuditFilter {
        from: Some(at(40 * day)),
        to: Some(at(100 * day)),
        ..filter
    };
    for filter in [actor, AuditFilter::default()] {
        assert_eq!(listed(&team, &range(filter), 2).await, ["api_key.renewed"]);
    }
    let none = AuditFilter {
        from: Some(at(5)),
        to: Some(at(5)),
        ..AuditFilter::default()
    };
    assert!(listed(&team, &none, 2).await.is_empty());
}

/// SPEC D30.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_is_invited_once_and_a_value_of_the_secret_recovers_once() {
    let team = TeamStores::start().await;
    assert_eq!(team.set_up.set_up_state().await.unwrap(), None);
    let account = scope("a");
    let id = account.account_id();
    let new = invitation(account, "ada", RoleKey::SuperAdmin, 1);
    let first = FirstAdmin {
        account: Some((
            Account {
                id,
                name: "Acme".to_owned(),
                rules: AccountRules::default(),
                version: 1,
                created_at: at(0),
                updated_at: at(0),
            },
            Client {
                id: ClientId::derive(&["c"]),
                name: "Acme".to_owned(),
                channels: BTreeSet::new(),
                first_reply_minutes: None,
                is_default: true,
                request_hash: None,
                version: 1,
                created_at: at(0),
                updated_at: at(0),
            },
        )),
        scope: account,
        invitation: new.invitation.clone(),
        member: new.member.clone(),
        mail: new.mail.clone(),
        audit: entry("a", Event::MemberInvited(new.member.id), 1),
    };
    let store = &team.set_up;
    assert!(store.invite_first_admin(&first).await.unwrap());
    assert!(!store.invite_first_admin(&first).await.unwrap());
    let state = store.set_up_state().await.unwrap().unwrap();
    assert_eq!((state.account_id, state.key_set_up), (id, false));
    let stored = team.accounts.get_account(account).await.unwrap();
    let again = invitation(account, "ada", RoleKey::SuperAdmin, 2);
    let recovery = Recovery {
        account: stored.unwrap(),
        invitation: Some(again.invitation.clone()),
        member: Some(again.member.clone()),
        mail: again.mail.clone(),
        factor_reset: None,
        value_hash: "value".to_owned(),
        audit: entry("a", Event::AccountRecovered(id), 9),
    };
    for expected in [RecoveryOutcome::Done, RecoveryOutcome::Used] {
        let outcome = team.accounts.recover(&recovery).await.unwrap();
        assert_eq!(outcome, expected);
    }
    let state = store.set_up_state().await.unwrap().unwrap();
    assert_eq!(state.recovered_at, Some(at(9)));
    let old = team.stored(&new.member).await;
    assert_eq!(old.status, MemberStatus::Removed);
    let login = AcceptingLogin::New(login("ada"));
    let accepted = accepting(&again.invitation, &again.member, "ada", login);
    assert_eq!(team.team.accept(&accepted).await.unwrap(), Accepted::Joined);
}
