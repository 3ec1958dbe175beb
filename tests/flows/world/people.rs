//! The people who run the world's account: their logins, sessions, invitations and mails.

use super::{
    Answer, World,
    fixtures::{audit, put_account},
};
use axum::body::{Body, to_bytes};
use data_encoding::HEXLOWER;
use lambda_http::http::Request;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tower::ServiceExt;
use vestibule_domain::{
    AccountScope,
    account::{actor::Actor, email_address::EmailAddress},
    ids::{IdSource, InvitationId, LoginId, MemberId, SystemIds},
    ports::{Acceptance, Accepted, AcceptingLogin, By, InvitationStore, Invited, NewInvitation},
    team::{
        availability::Availability,
        client_access::ClientAccess,
        invitation::{Invitation, InvitationToken, InvitedMethod, TokenKind},
        login::{Login, Preferences},
        member::{Member, MemberStatus},
        role::RoleKey,
        session::{Device, SESSION_LIFE, Session, SessionStage, SignInMethod},
        work::Work,
    },
};
use vestibule_edge::batch::Outcome;
use vestibule_testkit::{aws_stub::SentMail, events};

/// The address from which the stack's mails come.
pub const MAIL_FROM: &str = "no-reply@example.org";

/// A mail that was sent.
pub type CaughtMail = SentMail;

/// The tag and the id of the mail in the fixtures of events.
const FIXTURE_TAG: &str = "account-01JD3Q3Z9V8M4T6K2N7P5R1S0W-01JD3Q3Z9V8M4T6K2N7P5R1S0X";
const FIXTURE_SES_ID: &str = "0102018f3a2b4c5d-1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809-000000";

/// Somebody who is signed in and an active member of the world's account. They have no password.
#[derive(Debug, Clone)]
pub struct Person {
    /// The session, as the value of a `Cookie` header.
    pub cookie: String,
    /// The member.
    pub member_id: MemberId,
    /// The login.
    pub login_id: LoginId,
    /// The address, which is proven.
    pub email: String,
    /// The hash by which the session is stored.
    pub session_hash: String,
}

/// A token of this kind, and the hash by which it is stored.
fn token(beginning: &str) -> (String, String) {
    let drawn = format!("{}{}", SystemIds.draw(), SystemIds.draw());
    let token = format!("{beginning}_{}", drawn.get(..43).unwrap());
    let hash = HEXLOWER.encode(digest(&SHA256, token.as_bytes()).as_ref());
    (token, hash)
}

impl World {
    /// A new person who is signed in as a member with this role: `super_admin`, `agent`, `none`, or a role's id.
    pub async fn person(&self, role: &str) -> Person {
        self.person_in(self.scope.account(), role).await
    }

    /// Such a person in another account.
    pub async fn person_in(&self, account: AccountScope, role: &str) -> Person {
        self.ensure_account(account);
        let now = self.now();
        let login_id = LoginId::new(SystemIds.draw());
        let email = format!("{}@example.com", login_id.to_string().to_lowercase());
        let (member, invitation) = self.invitee(account, role, &email);
        let mut entry = audit(self.scope, now);
        entry.scope = account;
        let new = NewInvitation {
            invitation: invitation.clone(),
            member: member.clone(),
            mail: None,
            replaces: None,
        };
        let by = By {
            audit: &entry,
            proof: &self.stores.proof,
        };
        let invited = self.stores.team.invite(&new, by).await.unwrap();
        assert!(matches!(invited, Invited::New), "{invited:?}");

        let (token, session_hash) = token(&format!("vss_{login_id}"));
        let joined = Member {
            login_id: Some(login_id),
            status: MemberStatus::Active,
            ..member
        };
        let login = Login {
            id: login_id,
            email: joined.email.clone(),
            address_since: now,
            name: joined.name.clone(),
            verified_at: Some(now),
            password: None,
            factor: None,
            preferences: Preferences::default(),
            left_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let session = Session {
            login_id,
            hash: session_hash.clone(),
            method: SignInMethod::Password,
            stage: SessionStage::Full,
            factor_at: None,
            device: Device::default(),
            created_at: now,
            expires_at: now.plus(SESSION_LIFE),
            last_active_at: now,
            has_factor: false,
            login_version: 1,
            seen: BTreeMap::new(),
        };
        let mut entry = audit(self.scope, now);
        entry.scope = account;
        let acceptance = Acceptance {
            invitation,
            member: joined.clone(),
            login: AcceptingLogin::New(login),
            roles_version: None,
            session: Some(session),
            opening: None,
            identity: None,
            audit: entry,
        };
        let accepted = self.stores.team.accept(&acceptance).await.unwrap();
        assert_eq!(accepted, Accepted::Joined);
        Person {
            cookie: format!("__Host-vestibule={token}"),
            member_id: joined.id,
            login_id,
            email,
            session_hash,
        }
    }

    /// An invited person, not yet stored.
    fn invitee(&self, account: AccountScope, role: &str, email: &str) -> (Member, Invitation) {
        let now = self.now();
        let id = MemberId::new(SystemIds.draw());
        let invitation_id = InvitationId::new(SystemIds.draw());
        let email = EmailAddress::parse(email).unwrap();
        let role: RoleKey = role.parse().unwrap();
        let member = Member {
            id,
            scope: account,
            login_id: None,
            email: email.clone(),
            name: "Grace Hopper".to_owned(),
            role,
            extra: BTreeSet::new(),
            clients: ClientAccess::All,
            work: Work::default(),
            availability: Availability::available(now),
            limit: None,
            status: MemberStatus::Pending,
            invitation_id: Some(invitation_id),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let (_, hash) = token("vsi");
        let invitation = Invitation {
            id: invitation_id,
            scope: account,
            member_id: id,
            email,
            method: InvitedMethod::Password,
            invited_by: Actor {
                id: "test".into(),
                name: "Test".into(),
            },
            tokens: vec![InvitationToken {
                hash,
                kind: TokenKind::Mailed,
                made_at: now,
            }],
            copied_rights: None,
            sends: 1,
            resent_at: Vec::new(),
            opened_at: None,
            accepted_at: None,
            revoked_at: None,
            expires_at: now.plus(Duration::from_hours(24)),
            request_hash: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        (member, invitation)
    }

    /// The account's own row, as the first version's set-up wrote it. Worlds of people on platforms do without.
    fn ensure_account(&self, account: AccountScope) {
        let pk = format!("ACCOUNT#{}", account.account_id());
        let rows = self.rows("ACCOUNT");
        if !rows.iter().any(|row| row["pk"] == pk.as_str()) {
            put_account(&self.db, account, self.now());
        }
    }

    /// Calls the API as the console does, for this person in the world's account.
    pub async fn call_as(
        &self,
        person: &Person,
        (method, path): (&str, &str),
        body: Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let account = self.scope.account_id().to_string();
        let names_account = headers.iter().any(|(name, _)| *name == "vestibule-account");
        let mut all = vec![
            ("cookie", person.cookie.as_str()),
            ("x-vestibule-console", "1"),
            ("sec-fetch-site", "same-origin"),
        ];
        if !names_account {
            all.push(("vestibule-account", account.as_str()));
        }
        all.extend(headers);
        self.send((method, path), body, &all).await
    }

    /// Calls the API with these headers and nothing else.
    pub async fn send(
        &self,
        (method, path): (&str, &str),
        body: Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut all = headers.to_vec();
        let body = if body.is_null() {
            Body::empty()
        } else {
            all.push(("content-type", "application/json"));
            Body::from(body.to_string())
        };
        self.send_body((method, path), body, &all).await
    }

    /// Sends any body to the admin API.
    pub async fn send_body(
        &self,
        (method, path): (&str, &str),
        body: Body,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body);
        let admin = self.functions.admin(path.split('?').next().unwrap());
        let response = admin.oneshot(request.unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        // An answer of Lambda has 6 MB at most.
        let bytes = to_bytes(body, 6_000_000).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        }
    }

    /// Invites somebody, and returns the answer of the API.
    pub async fn invite(&self, person: &Person, body: Value) -> Value {
        let route = ("POST", "/v1/invitations");
        let answer = self.call_as(person, route, body, &[]).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body
    }

    /// Lets new requests order notices, as in every stack that sends mails.
    pub fn turn_notices_on(&mut self) {
        self.links.notices = true;
        self.restart();
    }

    /// Keeps audit entries for so many days from now on, as an update of the stack with another `AuditDays` does.
    pub fn keep_audit_entries(&mut self, days: u16) {
        self.links.audit_days = days;
        self.restart();
    }

    /// Takes the address away from which the stack's mails come.
    pub fn turn_mails_off(&mut self) {
        self.links.mails = false;
        self.restart();
    }

    /// Every mail that was sent, the oldest first.
    pub fn mails(&self) -> Vec<CaughtMail> {
        self.aws.mails()
    }

    /// The link in the latest mail to this address. Mails that wait are sent first.
    pub async fn link_in_mail(&self, to: &str) -> String {
        while self.work_on("email").await {}
        let mails = self.mails();
        let mut to_them = mails.iter().rev().filter(|mail| mail.to.contains(to));
        let link = to_them.find_map(|mail| {
            let mut words = mail.text.split_whitespace();
            words.find(|word| word.starts_with("http") && word.contains('#'))
        });
        link.unwrap_or_else(|| panic!("no link to {to} in {mails:?}"))
            .to_owned()
    }

    /// Gives the sender of mails the available jobs, once. `false` if there were none.
    pub async fn run_email(&mut self) -> bool {
        self.work("email").await
    }

    /// Gives the worker that invites the first admin and makes notices the available jobs, once. `false` if there were none.
    pub async fn run_team(&mut self) -> bool {
        self.work("team").await
    }

    /// Tells what became of a mail, by the fixture of this name in `events/ses`.
    pub async fn ses_event(&self, mail: &CaughtMail, kind: &str) {
        let fixture = events::load("ses", kind).unwrap();
        let tagged = fixture.with(FIXTURE_TAG, &mail.tags["vestibule-mail"]);
        let told = tagged.with(FIXTURE_SES_ID, &mail.message_id);
        let outcome = email_events::handle(&self.functions.email_events, told.body(), 1).await;
        assert_eq!(outcome, Outcome::Done, "{kind}");
    }
}
