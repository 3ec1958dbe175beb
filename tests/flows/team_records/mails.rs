//! Mails and their events.

use super::{TeamStores, at, entry, invitation, proof, scope};
use std::time::Duration;
use vestibule_domain::{
    event::Event,
    ids::LeaseId,
    job::SendMail,
    ports::{Block, By, Claim, InvitationStore, Lease, MailStore, RecordedEvent},
    team::{
        mail::{Mail, MailEvent, MailEventKind, MailOwner, MailStatus},
        role::RoleKey,
    },
};

/// SPEC D15, D25.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_told_before_the_outcome_is_recorded_stays_on_the_mail() {
    let team = TeamStores::start().await;
    let admin = team.account("a", "ada").await;
    team.invite(&admin, "bob", RoleKey::Agent).await;
    let new = invitation(admin.scope, "bob", RoleKey::Agent, 1);
    let mail = new.mail.unwrap();
    let job = SendMail {
        owner: mail.owner,
        mail_id: mail.id,
    };
    let lease = Lease {
        id: LeaseId::derive(&["one"]),
        now: at(2),
        time: Duration::from_secs(30),
    };
    let Claim::Claimed(mut claimed) = team.mails.claim_mail(job, &lease).await.unwrap() else {
        panic!("the mail waits to be sent");
    };
    assert_eq!(claimed, mail);
    for _ in 0..2 {
        team.mails.begin(job, lease.id).await.unwrap();
    }
    let bounced = MailEvent::new(MailEventKind::BouncedHard, at(4), Some("no such user"));
    for expected in [RecordedEvent::New, RecordedEvent::Known] {
        let recorded = team.mails.record_event(job, bounced.clone(), true).await;
        assert_eq!(recorded.unwrap(), expected);
    }
    claimed.tries = 1;
    claimed.ses_id = Some("ses-1".to_owned());
    claimed.take(MailEvent::new(MailEventKind::Sent, at(3), None));
    for _ in 0..2 {
        team.mails
            .settle_mail(job, lease.id, &claimed)
            .await
            .unwrap();
    }
    let found = team.mails.find_by_ses_id("ses-1").await.unwrap();
    assert_eq!(found, Some(job));
    let view = team
        .team
        .get_invitation(admin.scope, new.invitation.id)
        .await;
    let stored = view.unwrap().unwrap().mails.remove(0);
    assert_eq!(stored.status, MailStatus::Bounced);
    assert_eq!((stored.events.len(), stored.tries), (3, 1));
    assert!(matches!(
        team.mails.claim_mail(job, &lease).await.unwrap(),
        Claim::NothingPending
    ));
    let blocked = team.mails.is_blocked(&mail).await.unwrap();
    assert_eq!(blocked, Some(Block::HardBounce));
    let event = Event::InvitationMailBlockLifted(new.invitation.id);
    let (audit, proof) = (entry("a", event, 10), proof(&admin, "ada"));
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    let lifted = team.mails.lift_block(admin.scope, &mail.to, by).await;
    assert!(lifted.unwrap());
    assert_eq!(team.mails.is_blocked(&mail).await.unwrap(), None);
    let of_another = Mail {
        owner: MailOwner::Account(scope("b")),
        ..mail
    };
    let elsewhere = team.mails.is_blocked(&of_another).await.unwrap();
    assert_eq!(elsewhere, Some(Block::HardBounce));
}
