//! The first invitation, with stores in memory.

use crate::{Deps, handle, unused::Unused};
use async_trait::async_trait;
use ring::rand::SystemRandom;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use vestibule_domain::{
    AccountScope, Clock, PortError, Timestamp,
    account::email_address::EmailAddress,
    connector::SealedSecrets,
    ids::{AccountId, SystemIds},
    job::{InviteFirstAdmin, SendMail, TeamJob},
    ports::{EmailQueue, FirstAdmin, FirstAdminStore, SecretVault, SetUpReader, SetUpState},
    secret::Secret,
    team::{
        invitation::{InvitationStatus, TokenKind},
        mail::{Mail, MailKind, MailOwner, MailStatus},
        member::MemberStatus,
        role::RoleKey,
    },
};
use vestibule_edge::batch::Outcome;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }

    async fn wait_until(&self, at: Timestamp) {
        panic!("no wait until {at}");
    }
}

/// Every port, in memory.
#[derive(Default)]
struct Memory {
    state: Option<SetUpState>,
    account_name: Option<String>,
    invited: Mutex<Vec<FirstAdmin>>,
    enqueued: Mutex<Vec<SendMail>>,
    queue_fails: bool,
}

#[async_trait]
impl SetUpReader for Memory {
    async fn set_up_state(&self) -> Result<Option<SetUpState>, PortError> {
        Ok(self.state)
    }
}

#[async_trait]
impl FirstAdminStore for Memory {
    async fn account_name(&self, _scope: AccountScope) -> Result<Option<String>, PortError> {
        Ok(self.account_name.clone())
    }

    async fn invite_first_admin(&self, first: &FirstAdmin) -> Result<bool, PortError> {
        let mut invited = self.invited.lock().unwrap();
        let is_first = invited.is_empty();
        if is_first {
            invited.push(first.clone());
        }
        Ok(is_first)
    }
}

#[async_trait]
impl EmailQueue for Memory {
    async fn enqueue_email(&self, job: SendMail) -> Result<(), PortError> {
        if self.queue_fails {
            return Err(PortError::unavailable("queue", "down"));
        }
        self.enqueued.lock().unwrap().push(job);
        Ok(())
    }
}

/// A vault that shows its contents and contexts.
#[async_trait]
impl SecretVault for Memory {
    async fn seal(
        &self,
        fields: &BTreeMap<String, Secret>,
        context: &(dyn for<'a> Fn(&'a str) -> String + Send + Sync),
    ) -> Result<SealedSecrets, PortError> {
        let sealed = fields.iter().map(|(field, secret)| {
            let place = context(field);
            (field.clone(), format!("{place} {}", secret.reveal()))
        });
        Ok(SealedSecrets {
            wrapped_key: String::new(),
            fields: sealed.collect(),
        })
    }

    async fn open(
        &self,
        _sealed: &SealedSecrets,
        _field: &str,
        _context: &str,
    ) -> Result<Option<Secret>, PortError> {
        Ok(None)
    }
}

fn deps(memory: &Arc<Memory>, sends_mail: bool) -> Deps {
    Deps {
        set_up: memory.clone(),
        first_admins: memory.clone(),
        vault: memory.clone(),
        notices: Arc::new(Unused),
        refusals: Arc::new(Unused),
        email: memory.clone(),
        team: Arc::new(Unused),
        sends_mail,
        clock: Arc::new(Still),
        ids: Arc::new(SystemIds),
        random: Arc::new(SystemRandom::new()),
    }
}

fn job() -> String {
    let job = TeamJob::InviteFirstAdmin(InviteFirstAdmin {
        email: EmailAddress::parse("ana@example.com").unwrap(),
        name: "Ana".to_owned(),
        account_name: "Acme".to_owned(),
    });
    serde_json::to_string(&job).unwrap()
}

async fn only_invitation(memory: Memory, sends_mail: bool) -> (Arc<Memory>, FirstAdmin) {
    let memory = Arc::new(memory);
    let outcome = handle(&deps(&memory, sends_mail), &job(), 1).await;
    assert_eq!(outcome, Outcome::Done);
    let first = memory.invited.lock().unwrap()[0].clone();
    (memory, first)
}

fn set_up(admin_invited_at: Option<Timestamp>) -> SetUpState {
    SetUpState {
        account_id: AccountId::derive(&["a"]),
        at: Timestamp::from_millis(0),
        admin_invited_at,
        key_set_up: true,
        recovered_at: None,
    }
}

/// SPEC D15, D24.
#[tokio::test]
async fn a_new_stack_gets_an_account_and_a_super_admin_who_is_invited_for_seven_days() {
    let (memory, first) = only_invitation(Memory::default(), true).await;
    let (account, client) = first.account.clone().unwrap();
    assert_eq!((account.name.as_str(), account.version), ("Acme", 1));
    assert!(client.is_default);
    assert_eq!(first.scope.account_id(), account.id);
    let (member, invitation) = (&first.member, &first.invitation);
    assert_eq!(member.role, RoleKey::SuperAdmin);
    assert_eq!(member.status, MemberStatus::Pending);
    assert_eq!(member.invitation_id, Some(invitation.id));
    assert_eq!(invitation.member_id, member.id);
    assert_eq!(invitation.status(NOW), InvitationStatus::Pending);
    let ends = Timestamp::from_millis(NOW.millis() + 7 * DAY_MILLIS);
    assert_eq!(invitation.expires_at, ends);
    let mail = first.mail.clone().unwrap();
    assert_eq!(mail.status, MailStatus::Queued);
    assert_eq!(mail.owner, MailOwner::Account(first.scope));
    assert_eq!(mail.id, Mail::id_of_invitation(invitation.id, 1));
    assert!(matches!(
        &mail.kind,
        MailKind::Invitation { account_name, expires_at, .. } if account_name == "Acme" && *expires_at == ends
    ));
    let order = SendMail {
        owner: mail.owner,
        mail_id: mail.id,
    };
    assert_eq!(*memory.enqueued.lock().unwrap(), [order]);
}

#[tokio::test]
async fn the_token_is_sealed_for_its_mail_and_the_invitation_holds_its_hash_alone() {
    let (_, first) = only_invitation(Memory::default(), true).await;
    let mail = first.mail.unwrap();
    let sealed = mail.token.unwrap();
    let (place, token) = sealed.fields[Mail::TOKEN].split_once(' ').unwrap();
    assert_eq!(place, Mail::secret_context(mail.id));
    let [stored] = first.invitation.tokens.as_slice() else {
        panic!("one link was made");
    };
    assert_eq!(stored.kind, TokenKind::Mailed);
    let hash = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
    assert_eq!(stored.hash, data_encoding::HEXLOWER.encode(hash.as_ref()));
}

#[tokio::test]
async fn a_stack_that_was_set_up_by_key_gets_its_first_super_admin_in_the_account_it_has() {
    let memory = Memory {
        state: Some(set_up(None)),
        account_name: Some("Globex".to_owned()),
        ..Memory::default()
    };
    let (_, first) = only_invitation(memory, true).await;
    assert!(first.account.is_none());
    let mail = first.mail.unwrap();
    assert!(matches!(
        &mail.kind,
        MailKind::Invitation { account_name, .. } if account_name == "Globex"
    ));
    assert_eq!(first.scope.account_id(), AccountId::derive(&["a"]));
    assert_eq!(first.member.scope, first.scope);
}

#[tokio::test]
async fn nobody_is_invited_twice() {
    let memory = Arc::new(Memory {
        state: Some(set_up(Some(NOW))),
        ..Memory::default()
    });
    assert_eq!(handle(&deps(&memory, true), &job(), 1).await, Outcome::Done);
    assert!(memory.invited.lock().unwrap().is_empty());
    // Two jobs at once: the store admits one, and the other sends nothing.
    let memory = Arc::new(Memory::default());
    for receives in [1, 2] {
        let outcome = handle(&deps(&memory, true), &job(), receives).await;
        assert_eq!(outcome, Outcome::Done);
    }
    assert_eq!(memory.enqueued.lock().unwrap().len(), 1);
}

/// SPEC D32.
#[tokio::test]
async fn without_an_address_to_send_from_the_invitation_is_made_and_no_mail() {
    let (memory, first) = only_invitation(Memory::default(), false).await;
    assert!(first.mail.is_none());
    assert!(first.invitation.tokens.is_empty());
    assert_eq!(first.invitation.sends, 0);
    assert!(memory.enqueued.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_queue_that_is_down_leaves_the_mail_to_the_sweeper() {
    let memory = Memory {
        queue_fails: true,
        ..Memory::default()
    };
    let (_, first) = only_invitation(memory, true).await;
    assert!(first.mail.is_some());
}

#[tokio::test]
async fn a_job_that_cannot_be_read_goes_back_to_the_queue() {
    let memory = Arc::new(Memory::default());
    let outcome = handle(&deps(&memory, true), "{}", 1).await;
    assert_eq!(outcome, Outcome::RETRY);
}
