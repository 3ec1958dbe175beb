use super::*;
use vestibule_domain::{
    AccountScope,
    account::email_address::EmailAddress,
    ids::{AccountId, LoginId, MailId},
    team::mail::MailOwner,
};

const CONSOLE: &str = "https://chat.example.com";

fn at() -> Timestamp {
    Timestamp::parse("2026-11-29T10:05:00Z").unwrap()
}

fn mail(kind: MailKind) -> Mail {
    let owner = match kind {
        MailKind::Invitation { .. } | MailKind::WebhookPaused { .. } => {
            MailOwner::Account(AccountScope::of_verified(AccountId::derive(&["a"])))
        }
        _ => MailOwner::Login(LoginId::derive(&["l"])),
    };
    let to = EmailAddress::parse("ana@example.com").unwrap();
    let id = MailId::derive(&["m"]);
    Mail::queued(id, owner, to, Some("Ana Silva"), kind, None, at())
}

fn invitation() -> MailKind {
    MailKind::Invitation {
        account_name: "Smith & <Sons>".to_owned(),
        invited_by: "Grace".to_owned(),
        role_name: "Agent".to_owned(),
        expires_at: at(),
        invitation_id: None,
    }
}

fn written(kind: MailKind) -> OutgoingMail {
    let token = Secret::new("vsi_A_B_c-d");
    compose(&mail(kind), Some(&token), CONSOLE)
        .unwrap()
        .unwrap()
}

/// SPEC D15: the account's name, the inviter, the end, and a link that the button and the text share.
#[test]
fn an_invitation_names_account_inviter_role_and_end_and_carries_its_link() {
    let mail = written(invitation());
    assert_eq!(mail.subject, "Your invitation to Smith & <Sons>");
    let link = "https://chat.example.com/console/invitation#vsi_A_B_c-d";
    assert!(mail.html.contains(&format!("href=\"{link}\"")));
    assert!(mail.text.contains(&format!("\n{link}\n")));
    for text in ["Grace", "Agent", "29 November 2026, 10:05 UTC", "Ana Silva"] {
        assert!(
            mail.html.contains(text) && mail.text.contains(text),
            "{text}"
        );
    }
    assert!(mail.html.contains("Smith &#38; &#60;Sons&#62;"));
    assert!(!mail.html.contains("<Sons>"));
    assert!(mail.text.contains("Join Smith & <Sons>"));
}

/// SPEC D28.
#[test]
fn a_reset_tells_how_long_its_link_works() {
    let mail = written(MailKind::PasswordReset { expires_at: at() });
    let link = "https://chat.example.com/console/reset#vsi_A_B_c-d";
    assert!(mail.html.contains(link) && mail.text.contains(link));
    assert!(
        mail.text
            .contains("Works until: 29 November 2026, 10:05 UTC")
    );
}

/// SPEC D35.
#[test]
fn the_link_for_a_new_address_leads_to_the_profile() {
    let mail = written(MailKind::AddressChange { expires_at: at() });
    let link = "https://chat.example.com/console/profile#address=vsi_A_B_c-d";
    assert!(mail.html.contains(link) && mail.text.contains(link));
    assert!(
        mail.text
            .contains("Works until: 29 November 2026, 10:05 UTC")
    );
}

/// SPEC D35.
#[test]
fn what_is_told_of_a_new_address_or_a_deletion_has_no_link_with_a_token() {
    let asked = MailKind::AddressChangeAsked {
        to: "b…@example.org".to_owned(),
        at: at(),
    };
    for (kind, told) in [
        (asked, "b…@example.org"),
        (MailKind::AddressTaken { at: at() }, "nothing was changed"),
        (MailKind::LoginDeleted { at: at() }, "was deleted"),
    ] {
        let mail = written(kind);
        for text in [told, "ana@example.com", "29 November 2026, 10:05 UTC"] {
            assert!(mail.text.contains(text), "{text} in {}", mail.text);
            assert!(mail.html.contains(text), "{text} in {}", mail.html);
        }
        assert!(!mail.html.contains("vsi_") && !mail.text.contains("vsi_"));
    }
}

/// SPEC F04.
#[test]
fn a_paused_webhook_is_told_with_its_reason_and_the_way_to_it() {
    for (reason, words) in [
        (PauseReason::Failing, "it failed for three days"),
        (PauseReason::Gone, "it answered that it is gone for good"),
    ] {
        let mail = written(MailKind::WebhookPaused {
            account_name: "Smith & <Sons>".to_owned(),
            reason,
            since: at(),
        });
        assert_eq!(mail.subject, "A webhook of Smith & <Sons> is paused");
        let account = AccountId::derive(&["a"]);
        let link = format!("{CONSOLE}/console/a/{account}/settings/webhooks");
        for text in [words, "29 November 2026, 10:05 UTC", link.as_str()] {
            assert!(mail.text.contains(text), "{text} in {}", mail.text);
            assert!(mail.html.contains(text), "{text} in {}", mail.html);
        }
        assert!(!mail.html.contains("vsi_") && !mail.html.contains("<Sons>"));
    }
}

/// SPEC D33.
#[test]
fn a_notice_tells_what_happened_and_has_no_link_with_a_token() {
    let device = Device {
        user_agent: "Firefox on Linux".to_owned(),
        address: "203.0.113.7".to_owned(),
    };
    let mail = written(MailKind::NewDevice { device, at: at() });
    for text in ["Firefox on Linux", "203.0.113.7", CONSOLE] {
        assert!(
            mail.html.contains(text) && mail.text.contains(text),
            "{text}"
        );
    }
    assert!(!mail.html.contains("vsi_") && !mail.text.contains("vsi_"));
    for what in [
        ChangedCredential::Password,
        ChangedCredential::SecondFactor,
        ChangedCredential::Address,
        ChangedCredential::Identity,
    ] {
        let mail = written(MailKind::CredentialsChanged { what, at: at() });
        assert!(mail.subject.ends_with("was changed"), "{}", mail.subject);
        assert!(mail.text.contains(&mail.subject));
    }
}

fn request(name: &str, preview: Option<&str>) -> NoticedRequest {
    NoticedRequest {
        name: name.to_owned(),
        connector_name: "Support".to_owned(),
        preview: preview.map(str::to_owned),
        at: at(),
        source: None,
    }
}

fn digest(requests: Vec<NoticedRequest>, count: u32) -> Mail {
    let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
    let kind = MailKind::NewRequests {
        member_id: None,
        account_name: "Acme".to_owned(),
        project_id: ProjectId::derive(&["p"]),
        project_name: "Concierge".to_owned(),
        requests,
        count,
    };
    Mail {
        owner: MailOwner::Account(scope),
        ..mail(kind)
    }
}

/// SPEC B35.
#[test]
fn a_digest_lists_requests_and_links_to_them_and_to_where_it_is_turned_off() {
    let ada = request("Ada <b>Lovelace</b>", Some("Good morning"));
    let mail = digest(vec![ada, request("Grace", None)], 7);
    let written = compose(&mail, None, CONSOLE).unwrap().unwrap();
    assert_eq!(written.subject, "7 new access requests in Concierge");
    let (account, project) = (AccountId::derive(&["a"]), ProjectId::derive(&["p"]));
    let link = format!("{CONSOLE}/console/a/{account}/p/{project}/requests");
    assert!(written.html.contains(&format!("href=\"{link}\"")));
    assert!(written.text.contains(&format!("\n{link}\n")));
    for text in [
        "Support, 29 November 2026, 10:05 UTC",
        "\u{201C}Good morning\u{201D}",
        "Grace",
        "and 5 more",
        "https://chat.example.com/console/profile",
    ] {
        assert!(
            written.html.contains(text) && written.text.contains(text),
            "{text}"
        );
    }
    assert!(written.html.contains("Ada &#60;b&#62;Lovelace"));
    assert!(!written.html.contains("<b>"));
    let one = digest(vec![request("Ada", None)], 1);
    let written = compose(&one, None, CONSOLE).unwrap().unwrap();
    assert_eq!(written.subject, "A new access request in Concierge");
    assert!(!written.text.contains("more\n") && !written.text.contains("\u{201C}"));
}

#[test]
fn a_digest_belongs_to_an_account() {
    let stray = Mail {
        owner: MailOwner::Login(LoginId::derive(&["l"])),
        ..digest(Vec::new(), 1)
    };
    assert!(compose(&stray, None, CONSOLE).is_err());
}

#[test]
fn a_mail_tracks_nobody_and_needs_nothing_from_elsewhere() {
    let html = written(invitation()).html;
    for part in ["<img", "src=", "url(", "@import", "<script", "<link"] {
        assert!(!html.contains(part), "{part}");
    }
    let addresses = html.matches("http").count();
    assert_eq!(addresses, html.matches(CONSOLE).count());
}

#[test]
fn there_is_no_invitation_without_its_link_and_nothing_to_send_is_nothing() {
    assert!(compose(&mail(invitation()), None, CONSOLE).is_err());
    assert_eq!(
        compose(&mail(MailKind::Nothing), None, CONSOLE).unwrap(),
        None
    );
}

#[test]
fn a_time_is_written_for_people() {
    for (text, shown) in [
        ("2026-01-01T00:00:59Z", "1 January 2026, 00:00 UTC"),
        ("2027-12-31T23:59:00+00:00", "31 December 2027, 23:59 UTC"),
    ] {
        let at = Timestamp::parse(text).unwrap();
        assert_eq!(day_and_time(at), shown);
    }
    assert_eq!(read_day_and_time("soon"), None);
    assert_eq!(read_day_and_time("2026-13-01T00:00:00Z"), None);
}
