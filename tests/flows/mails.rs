//! Mails on their way out: lost answers, refusals, and texts that try to break out of their place.

use crate::{
    first_admin::invite_and_mail,
    world::{Person, World},
};
use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, TagKind, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
    },
};
use serde_json::{Map, Value, json};
use std::{cell::RefCell, time::Duration};
use vestibule_adapters::{
    aws::{AwsSettings, sdk_config},
    ses::{MailSettings, SesMailer},
};
use vestibule_domain::{
    AccountScope, Timestamp,
    access::request::Preview,
    account::email_address::EmailAddress,
    event::health::PauseReason,
    ids::{AccountId, LoginId, MailId, ProjectId},
    ports::{MailOutcome, Mailer},
    secret::Secret,
    team::{
        mail::{ChangedCredential, Mail, MailKind, MailOwner, NoticedRequest, mail_text},
        session::Device,
    },
    vars::Vars,
};
use vestibule_testkit::{
    TestClock,
    aws_stub::{AwsStub, SentMail},
    fault_proxy::{Fault, Rule},
};

const MINUTE: Duration = Duration::from_mins(1);
const SEND: &str = "SES.SendEmail";

/// A stack whose first admin's invitation is made; its mail is not out yet.
async fn invited() -> World {
    let mut world = World::new().await;
    world.names_first_admin();
    assert!(world.sweep().await);
    world.run_team().await;
    // It is made, so that sweeps need not look for it.
    world.functions.sweeper.first_admin = None;
    world
}

/// The row of the only mail.
fn row(world: &World) -> Map<String, Value> {
    let mut rows = world.rows("MAIL");
    rows.retain(|row| row["sk"] == "MAIL");
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// The words of the only mail's last event.
fn last_words(world: &World) -> String {
    let row = row(world);
    let events = row["events"].as_array().unwrap();
    let words = &events[events.len() - 1]["detail"];
    words.as_str().unwrap_or_default().to_owned()
}

/// Lets minutes pass, in each of which the outbox is swept and mails are sent.
async fn minutes(world: &mut World, minutes: u32) {
    for _ in 0..minutes {
        world.clock.advance(MINUTE);
        world.sweep_if_due().await;
        world.run_email().await;
    }
}

/// RELIABILITY §2.13: at most once more, with the same link.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_answer_was_lost_is_sent_once_more_with_the_same_link() {
    for fault in [Fault::ResetAfter, Fault::GarbageAfter, Fault::KillAfter] {
        let mut world = invited().await;
        world.to_aws.inject(Rule::new(SEND, fault.clone()));
        world.run_email().await;
        minutes(&mut world, 20).await;
        let mails = world.aws.mails();
        assert_eq!(mails.len(), 2, "{fault:?}");
        assert_eq!(mails[0].text, mails[1].text);
        let row = row(&world);
        assert_eq!(row["status"], "sent", "{fault:?}");
        assert_eq!(row["ses_id"], mails[1].message_id);
        assert!(!row.contains_key("token"), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_answers_are_all_lost_is_sent_twice_and_then_given_up() {
    let mut world = invited().await;
    let lost = Rule::new(SEND, Fault::ResetAfter).until_cleared();
    world.to_aws.inject(lost);
    world.run_email().await;
    minutes(&mut world, 20).await;
    assert_eq!(world.aws.mails().len(), 2);
    assert_eq!(row(&world)["status"], "failed");
    assert!(last_words(&world).contains("may have arrived"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_outlives_a_failure_of_the_mail_service_of_ten_minutes() {
    for fault in [Fault::Error500, Fault::ResetBefore, Fault::Garbage] {
        let mut world = invited().await;
        world
            .to_aws
            .inject(Rule::new(SEND, fault.clone()).until_cleared());
        world.run_email().await;
        minutes(&mut world, 10).await;
        assert_eq!(row(&world)["status"], "queued", "{fault:?}");
        world.to_aws.clear();
        minutes(&mut world, 10).await;
        assert_eq!(world.aws.mails().len(), 1, "{fault:?}");
        assert_eq!(row(&world)["status"], "sent", "{fault:?}");
    }
}

/// Nothing went out, so nothing counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_the_service_takes_later_goes_out_once() {
    let mut world = invited().await;
    world
        .to_aws
        .inject(Rule::new(SEND, Fault::Throttle).times(5));
    world.run_email().await;
    minutes(&mut world, 20).await;
    assert_eq!(world.aws.mails().len(), 1);
    assert_eq!(row(&world)["status"], "sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_could_not_be_recorded_costs_one_more_mail_at_most() {
    for fault in [Fault::Error500, Fault::ResetAfter, Fault::KillAfter] {
        for call in 1..=4 {
            let mut world = invited().await;
            world.to_db.reset_counts();
            let rule = Rule::new("DynamoDB.*", fault.clone()).from_call(call);
            world.to_db.inject(rule);
            world.run_email().await;
            minutes(&mut world, 20).await;
            world.to_db.clear();
            minutes(&mut world, 20).await;
            let mails = world.aws.mails();
            assert!((1..=2).contains(&mails.len()), "{fault:?} {call}");
            assert_eq!(row(&world)["status"], "sent", "{fault:?} {call}");
        }
    }
}

/// SPEC D25: told in words that an admin understands.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_on_the_mails_row() {
    for (code, message, words) in [
        (
            "MessageRejected",
            "Email address is not verified. The following identities failed the check in region US-EAST-1: ana@example.com",
            "sandbox",
        ),
        ("AccountSendingPausedException", "", "paused"),
        ("MessageRejected", "Attachment", "SES refused the mail"),
    ] {
        let mut world = invited().await;
        world.aws.refuse_mails(Some((code, message)));
        world.run_email().await;
        assert_eq!(row(&world)["status"], "failed", "{code}");
        assert!(last_words(&world).contains(words), "{}", last_words(&world));
        world.aws.refuse_mails(None);
        minutes(&mut world, 3).await;
        assert!(world.aws.mails().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_comes_again_sends_nothing_again() {
    let mut world = invited().await;
    let copies = world.aws.messages("email");
    invite_and_mail(&mut world).await;
    for copy in copies {
        worker_email::handle(&world.functions.email, &copy.body, 2).await;
    }
    minutes(&mut world, 5).await;
    assert_eq!(world.aws.mails().len(), 1);
}

/// Texts that break out of HTML, an attribute, a style, a header or a line.
fn hostile_texts() -> Vec<String> {
    let breaks = [
        "",
        "\"",
        "'",
        "`",
        ">",
        "\">",
        "'>",
        "-->",
        "]]>",
        "</p>",
        "</td></tr></table>",
        "</title>",
        "</style>",
        "\r\n",
        "\n\n",
        "\u{0}",
        "\u{2028}",
        "&quot;&gt;",
        "{{",
        "%0d%0a",
    ];
    let payloads = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<a href=\"https://evil.example/\">here</a>",
        "<a href=javascript:alert(1)>x</a>",
        "<iframe src=//evil.example></iframe>",
        "<meta http-equiv=refresh content=0;url=//evil.example>",
        "<base href=//evil.example>",
        "<form action=//evil.example><input name=p>",
        "<style>*{display:none}</style>",
        " style=position:fixed onmouseover=alert(1) ",
        "<!--",
        "<![CDATA[",
        "<?php echo 1 ?>",
        "Bcc: eve@evil.example",
        "\u{202E}moc.elpmaxe",
        "{{ page.subject }}{% endif %}",
        "=?UTF-8?Q?=0D=0ABcc:_eve@evil.example?=",
    ];
    let mut texts = Vec::new();
    for before in breaks {
        for payload in payloads {
            texts.push(format!("{before}{payload}"));
        }
    }
    texts
}

/// Names of elements and attributes of a body, and where its links lead.
#[derive(Default)]
struct Shape {
    parts: RefCell<Vec<String>>,
}

impl TokenSink for Shape {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let TagToken(tag) = token {
            let mark = if tag.kind == TagKind::EndTag { "/" } else { "" };
            let mut parts = self.parts.borrow_mut();
            parts.push(format!("{mark}{}", tag.name));
            for attribute in &tag.attrs {
                parts.push(format!("@{}={}", attribute.name.local, attribute.value));
            }
        }
        TokenSinkResult::Continue
    }
}

fn shape_of(html: &str) -> Vec<String> {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Shape::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.parts.take()
}

/// Every kind of mail with this text wherever somebody else chooses it.
fn mails_with(text: &str) -> Vec<Mail> {
    let at = Timestamp::from_millis(1_800_000_000_000);
    // The beginning of a message is longer than the other texts.
    let preview = Preview::of(text, at).map(|preview| preview.text);
    let text = mail_text(text);
    let request = NoticedRequest {
        name: text.clone(),
        connector_name: text.clone(),
        preview,
        at,
        source: None,
    };
    let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
    let (account, login) = (
        MailOwner::Account(scope),
        MailOwner::Login(LoginId::derive(&["l"])),
    );
    let kinds = [
        (
            account,
            MailKind::Invitation {
                account_name: text.clone(),
                invited_by: text.clone(),
                role_name: text.clone(),
                expires_at: at,
                invitation_id: None,
            },
        ),
        (login, MailKind::PasswordReset { expires_at: at }),
        (login, MailKind::AddressChange { expires_at: at }),
        (login, MailKind::AddressTaken { at }),
        (
            login,
            MailKind::AddressChangeAsked {
                to: text.clone(),
                at,
            },
        ),
        (login, MailKind::LoginDeleted { at }),
        (
            login,
            MailKind::NewDevice {
                device: Device {
                    user_agent: text.clone(),
                    address: text.clone(),
                },
                at,
            },
        ),
        (
            account,
            MailKind::NewRequests {
                member_id: None,
                account_name: text.clone(),
                project_id: ProjectId::derive(&["p"]),
                project_name: text.clone(),
                requests: vec![request],
                count: 3,
            },
        ),
        (
            account,
            MailKind::WebhookPaused {
                account_name: text.clone(),
                reason: PauseReason::Failing,
                since: at,
            },
        ),
        (
            login,
            MailKind::CredentialsChanged {
                what: ChangedCredential::Password,
                at,
            },
        ),
    ];
    let mail = |(owner, kind)| {
        let to = EmailAddress::parse("ana@example.com").unwrap();
        let id = MailId::derive(&["m"]);
        Mail::queued(id, owner, to, Some(&text), kind, None, at)
    };
    kinds.into_iter().map(mail).collect()
}

/// A mailer in front of this stub.
fn mailer(aws: &AwsStub) -> SesMailer {
    let url = aws.url();
    let variable = |name: &str| match name {
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        "AWS_ENDPOINT_URL" => Some(url.clone()),
        _ => None,
    };
    let settings = AwsSettings::read(&mut Vars::new(&variable));
    SesMailer::new(
        &sdk_config(&settings),
        MailSettings {
            from: Some("no-reply@example.org".to_owned()),
            reply_to: Some("help@example.org".to_owned()),
            configuration_set: Some("set".to_owned()),
        },
    )
}

/// Sends every kind of mail with this text, as the worker does. Returns their number.
async fn send(mailer: &SesMailer, text: &str) -> usize {
    let token = Secret::new("vsi_token");
    let mails = mails_with(text);
    for mail in &mails {
        let outgoing = worker_email::compose(mail, Some(&token), "https://chat.example.com");
        let outgoing = outgoing.unwrap().unwrap();
        let outcome = mailer.send(&outgoing).await.unwrap();
        assert!(matches!(outcome, MailOutcome::Sent { .. }), "{outcome:?}");
    }
    mails.len()
}

/// RELIABILITY S10: 0 new elements, attributes or headers.
#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_others_becomes_an_element_an_attribute_or_a_header() {
    let aws = AwsStub::start(TestClock::at(0)).await.unwrap();
    let mailer = mailer(&aws);
    let texts = hostile_texts();
    assert!(texts.len() >= 300, "{}", texts.len());
    let kinds = send(&mailer, "Ana Silva").await;
    for text in &texts {
        assert_eq!(send(&mailer, text).await, kinds);
    }
    let mails = aws.mails();
    let (plain, hostile) = mails.split_at(kinds);
    let shapes: Vec<_> = plain.iter().map(|mail| shape_of(&mail.html)).collect();
    assert_eq!(hostile.len(), texts.len() * kinds);
    for (text, hostile) in texts.iter().zip(hostile.chunks(kinds)) {
        for ((hostile, plain), shape) in hostile.iter().zip(plain).zip(&shapes) {
            assert_eq!(shape_of(&hostile.html), *shape, "{text:?}");
            assert_eq!(hostile.fields, plain.fields, "{text:?}");
            assert_eq!(hostile.source, plain.source);
            assert_eq!(hostile.reply_to, plain.reply_to);
            assert_headers_hold(hostile, "ana@example.com");
        }
    }
}

/// The answer of the API to somebody who uses this text as a name: the text is taken, cleaned or refused.
async fn named(world: &World, admin: &Person, route: (&str, &str), body: Value) -> Option<Value> {
    let answer = world.call_as(admin, route, body, &[]).await;
    let is_told = [200, 201, 422].contains(&answer.status);
    assert!(is_told, "{route:?}: {} {}", answer.status, answer.body);
    (answer.status != 422).then_some(answer.body)
}

/// Invites somebody into an account, as a person and with a role that all have this name. Returns the mail.
async fn invite_with(world: &World, admin: &Person, text: &str, number: usize) -> SentMail {
    let own = format!("/v1/members/{}", admin.member_id);
    for path in ["/v1/account", own.as_str()] {
        named(world, admin, ("PATCH", path), json!({"name": text})).await;
    }
    // No two roles have the same name.
    let role = json!({"name": format!("{text} {number}"), "permissions": ["projects.read"]});
    let role = named(world, admin, ("POST", "/v1/roles"), role).await;
    let role = role.map_or_else(|| json!("agent"), |role| role["key"].clone());
    let email = format!("p{number}@example.com");
    let mut body = json!({"email": email, "name": text, "role": role});
    let route = ("POST", "/v1/invitations");
    if named(world, admin, route, body.clone()).await.is_none() {
        body["name"] = json!("Somebody");
        assert!(named(world, admin, route, body).await.is_some(), "{text:?}");
    }
    let link = world.link_in_mail(&email).await;
    let mut mail = world.mails().pop().unwrap();
    assert_headers_hold(&mail, &email);
    // Each invitation has a link of its own.
    assert!(mail.html.contains(&link), "{text:?}");
    mail.html = mail.html.replace(&link, "https://chat.example.com/");
    mail
}

/// SPEC D15, RELIABILITY S9: from the API on, which cleans names before they are stored.
#[tokio::test(flavor = "multi_thread")]
async fn names_that_people_gave_stay_text_in_the_mails_that_the_api_sends() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let plain = invite_with(&world, &admin, "Ana Silva", 0).await;
    let shape = shape_of(&plain.html);
    for (number, text) in hostile_texts().into_iter().step_by(11).enumerate() {
        let mail = invite_with(&world, &admin, &text, number + 1).await;
        assert_eq!(shape_of(&mail.html), shape, "{text:?}");
        assert_eq!(mail.fields, plain.fields, "{text:?}");
        assert_eq!(mail.source, plain.source, "{text:?}");
    }
}

/// Asserts that the mail goes to this address only, and that no header is broken.
fn assert_headers_hold(mail: &SentMail, address: &str) {
    assert!(
        mail.to.ends_with(&format!("<{address}>")) || mail.to == address,
        "{}",
        mail.to
    );
    assert_eq!(mail.to.matches('@').count(), 1, "{}", mail.to);
    for header in [&mail.to, &mail.subject] {
        assert!(!header.chars().any(char::is_control), "{header:?}");
    }
}
