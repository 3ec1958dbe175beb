//! Tenant isolation: whatever one account calls, no key of the other one is touched.
#![expect(
    clippy::print_stdout,
    reason = "figures of the proofs are for whoever runs them"
)]

use crate::team_records::{
    TeamStores, accepting, at, email, entry, first_page, invitation, login, proof, session, way_in,
};
use vestibule_domain::{
    account::{api_key::ApiKey, credential::CredentialClaim, proof::CredentialId},
    event::Event,
    ids::{ClientId, LoginMethodId, RoleId, TeamId},
    page::{Cursor, ListError, PageRequest},
    ports::{
        AcceptingLogin, AccountStore, ApiKeyStore, AuditFilter, AuditStore, By, ChannelStore,
        ClientStore, CredentialStore, InvitationStore, LoginMethodStore, LoginStore, MailStore,
        MemberFilter, MemberStore, TeamStore,
    },
    team::{
        identity::IdentityHash, invitation::Invitation, member::Member, role::RoleKey, work::Work,
    },
};
use vestibule_testkit::proof::scaled;

/// A side of the trial: an account, its super admin, and what it has.
#[derive(Clone)]
struct Side {
    account: String,
    admin: Member,
    other: Member,
    invited: Invitation,
    pending: Member,
    key: ApiKey,
    /// Places in its lists, which nobody else can go on from.
    cursor: Option<Cursor>,
}

impl Side {
    async fn set_up(team: &TeamStores, account: &str) -> Self {
        let (admin, other) = (format!("ada-{account}"), format!("bob-{account}"));
        let admin = team.account(account, &admin).await;
        let other = team.join(&admin, &other, RoleKey::Agent).await;
        let invitee = format!("cleo-{account}");
        let (invitation, pending) = team.invite(&admin, &invitee, RoleKey::Agent).await;
        let key = way_in(account, "one");
        team.add_key(&key, &proof(&admin, &admin.name)).await;
        let page = PageRequest {
            limit: 1,
            ..first_page()
        };
        let list = team
            .team
            .list_members(admin.scope, &MemberFilter::default(), &page)
            .await
            .unwrap();
        Self {
            account: account.to_owned(),
            admin,
            other,
            invited: invitation,
            pending,
            key,
            cursor: list.next,
        }
    }

    /// Texts that only keys of this side begin with.
    fn marks(&self) -> Vec<String> {
        let account = format!("ACCOUNT#{}", self.admin.scope.account_id());
        let people = [&self.admin, &self.other];
        let logins = people.map(|member| member.login_id.map(|id| format!("LOGIN#{id}")));
        let mut marks: Vec<String> = logins.into_iter().flatten().collect();
        marks.push(account);
        marks
    }
}

/// A small generator of numbers: the trial is the same every time (Knuth, MMIX).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Reads by `own` that may name what is `named`'s.
async fn read(team: &TeamStores, own: &Side, named: &Side, kind: u64) {
    let scope = own.admin.scope;
    let page = PageRequest {
        cursor: named.cursor.clone(),
        ..first_page()
    };
    match kind {
        0 => drop(team.team.get_member(scope, named.other.id).await.unwrap()),
        1 => drop(
            team.team
                .get_invitation(scope, named.invited.id)
                .await
                .unwrap(),
        ),
        2 => drop(team.accounts.get_key(scope, named.key.id).await.unwrap()),
        3 => {
            let listed = team
                .team
                .list_members(scope, &MemberFilter::default(), &page)
                .await;
            if own.account == named.account {
                drop(listed.unwrap());
            } else {
                let refused = listed.unwrap_err();
                assert!(matches!(refused, ListError::InvalidCursor), "{refused:?}");
            }
        }
        4 => {
            let role = MemberFilter {
                role: Some(RoleKey::SuperAdmin),
                ..MemberFilter::default()
            };
            let list = team.team.list_members(scope, &role, &first_page()).await;
            let own_only = list.unwrap().items.iter().all(|found| found.scope == scope);
            assert!(own_only);
        }
        5 => drop(
            team.team
                .list_invitations(scope, &first_page())
                .await
                .unwrap(),
        ),
        _ => read_further(team, own, named, kind).await,
    }
}

/// Further reads.
async fn read_further(team: &TeamStores, own: &Side, named: &Side, kind: u64) {
    let scope = own.admin.scope;
    match kind {
        6 => {
            let filter = AuditFilter {
                actor: Some(format!("member:{}", named.admin.id)),
                ..AuditFilter::default()
            };
            let list = team.audit.list_audit(scope, &filter, &first_page()).await;
            drop(list.unwrap());
        }
        7 => drop(
            team.accounts
                .made_by(scope, &CredentialId::ApiKey(named.key.id))
                .await
                .unwrap(),
        ),
        8 => {
            let client = ClientId::derive(&[named.account.as_str()]);
            drop(team.team.get_client(scope, client).await.unwrap());
            drop(team.team.list_clients(scope, &first_page()).await.unwrap());
        }
        9 => {
            let method = LoginMethodId::derive(&[named.account.as_str()]);
            drop(team.team.get_method(scope, method).await.unwrap());
            drop(team.team.list_methods(scope).await.unwrap());
        }
        10 => {
            let identity = IdentityHash::oidc("https://idp.example", &named.account);
            drop(team.logins.find_identity(scope, &identity).await.unwrap());
        }
        11 => {
            drop(team.team.roles(scope).await.unwrap());
            drop(team.accounts.get_account(scope).await.unwrap());
            let id = TeamId::derive(&[named.account.as_str()]);
            drop(team.team.get_team(scope, id).await.unwrap());
            drop(team.team.team_named(scope, &named.account).await.unwrap());
            drop(team.team.list_teams(scope, &first_page()).await.unwrap());
            drop(team.team.channels(scope).await.unwrap());
        }
        12 => {
            let claim = CredentialClaim::ApiKey {
                account_id: scope.account_id(),
                hash: named.key.hash.clone(),
            };
            let found = team.credentials.find_credential(&claim).await.unwrap();
            let caller = found.and_then(|found| found.caller(&claim, at(9)).ok());
            assert_eq!(caller.is_some(), own.account == named.account);
        }
        _ => {
            let claim = CredentialClaim::Session {
                login_id: own.other.login_id.unwrap(),
                hash: session(&format!("bob-{}", named.account)).hash,
                account_id: Some(scope.account_id()),
            };
            let found = team.credentials.find_credential(&claim).await.unwrap();
            let caller = found.and_then(|found| found.caller(&claim, at(9)).ok());
            assert_eq!(caller.is_some(), own.account == named.account);
        }
    }
}

/// Changes by `own` that may name what is `named`'s. Conflicts are part of the trial.
async fn change(team: &TeamStores, own: &mut Side, named: &Side, kind: u64, number: u64) {
    let scope = own.admin.scope;
    let proof = proof(&own.admin, &own.admin.name);
    let audit = entry(&own.account, Event::MemberUpdated(named.other.id), 9);
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    match kind {
        0 => {
            let after = Member {
                name: format!("bob-{}-{number}", own.account),
                work: Work {
                    channels: [("sms".to_owned(), 3)].into(),
                    ..Work::default()
                },
                ..own.other.clone()
            };
            let outcome = team.team.update_member(&after, &own.other, &[], by).await;
            outcome.unwrap();
            own.other = Member {
                version: own.other.version + 1,
                ..after
            };
        }
        1 => {
            // A member of the own account with the id of another account's.
            let foreign = Member {
                id: named.other.id,
                role: RoleKey::Custom(RoleId::derive(&[named.account.as_str()])),
                ..own.other.clone()
            };
            let outcome = team.team.update_member(&foreign, &foreign, &[], by).await;
            if let Ok(_done) = outcome {
                assert_eq!(own.account, named.account);
                own.other = team.stored(&own.other).await;
            }
        }
        2 => {
            let name = format!("dan-{}-{number}", named.account);
            let turn = u32::try_from(number).unwrap();
            let new = invitation(scope, &name, RoleKey::Agent, turn);
            team.team.invite(&new, by).await.unwrap();
        }
        3 => {
            let mut roles = team.team.roles(scope).await.unwrap();
            roles.custom.clear();
            team.team.save_roles(&roles, scope, &[], by).await.unwrap();
        }
        4 => {
            // The invitation of another account, accepted as one of the own.
            let invited = Invitation {
                scope,
                ..named.invited.clone()
            };
            let pending = Member {
                scope,
                ..named.pending.clone()
            };
            let stranger = format!("eve-{}-{number}", own.account);
            let acceptance = accepting(
                &invited,
                &pending,
                &stranger,
                AcceptingLogin::New(login(&stranger)),
            );
            let outcome = team.team.accept(&acceptance).await;
            assert!(outcome.is_err() || own.account == named.account);
        }
        _ => {
            let address = email(&format!("bob-{}", named.account));
            let is_lifted = team.mails.lift_block(scope, &address, by).await;
            assert!(!is_lifted.unwrap());
        }
    }
}

/// SPEC M03, RELIABILITY S17: 0 keys of the other account in 100,000 operations.
#[tokio::test(flavor = "multi_thread")]
async fn no_operation_of_an_account_touches_a_key_of_the_other_one() {
    let team = TeamStores::start().await;
    let mut sides = [
        Side::set_up(&team, "a").await,
        Side::set_up(&team, "b").await,
    ];
    let operations = scaled(800_u64, 100_000);
    let mut numbers = Numbers(11);
    let mut changes = 0_u64;
    for number in 0..operations {
        let own = usize::try_from(numbers.below(2)).unwrap();
        let named = usize::try_from(numbers.below(2)).unwrap();
        let kind = numbers.below(20);
        let foreign = sides[1 - own].marks();
        team.sent.lock().unwrap().clear();
        let of_named = sides[named].clone();
        if kind < 14 {
            read(&team, &sides[own], &of_named, kind).await;
        } else {
            changes += 1;
            change(&team, &mut sides[own], &of_named, kind - 14, number).await;
        }
        let sent = team.sent.lock().unwrap();
        let touched = sent
            .iter()
            .find(|text| foreign.iter().any(|mark| text.starts_with(mark.as_str())));
        assert_eq!(touched, None, "operation {number} of kind {kind}");
    }
    println!("{operations} operations, {changes} of them changes: 0 foreign keys");
    assert!(changes > operations / 5);
}
