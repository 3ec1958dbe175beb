//! The mails in words: subject, what happened, what to do (SPEC B35, D15, D25, D28, D33).
//!
//! Texts of others (names, the account's name, a browser's name for itself) were cut when the mail was ordered,
//! and each becomes one line here again. Links lead to the console of this stack only; a token stands in the
//! fragment, which reaches no server and no log.

use crate::page::{Entry, Fact, Link, Page, line};
use vestibule_domain::{
    PortError, Timestamp,
    ids::ProjectId,
    job::SendMail,
    ports::OutgoingMail,
    secret::Secret,
    team::mail::{ChangedCredential, Mail, MailKind, MailOwner, NoticedRequest},
    team::session::Device,
};
use vestibule_edge::mail_tag::mail_tag;

const FOOT: &str = "Sent by Vestibule";
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Writes a mail as it goes out; `None` if there is nothing to send. `token` is that of its link.
pub fn compose(
    mail: &Mail,
    token: Option<&Secret>,
    console_url: &str,
) -> Result<Option<OutgoingMail>, PortError> {
    let place = Place {
        mail,
        token,
        console_url,
    };
    let page = match &mail.kind {
        MailKind::Nothing => return Ok(None),
        MailKind::Invitation {
            account_name,
            invited_by,
            role_name,
            expires_at,
        } => place.invitation((account_name, invited_by, role_name), *expires_at)?,
        MailKind::PasswordReset { expires_at } => place.password_reset(*expires_at)?,
        MailKind::AddressChange { expires_at } => place.address_change(*expires_at)?,
        MailKind::AddressTaken { at } => place.address_taken(*at),
        MailKind::AddressChangeAsked { to, at } => place.address_change_asked(to, *at),
        MailKind::LoginDeleted { at } => place.login_deleted(*at),
        MailKind::NewDevice { device, at } => place.new_device(device, *at),
        MailKind::CredentialsChanged { what, at } => place.credentials_changed(*what, *at),
        MailKind::NewRequests {
            account_name,
            project_id,
            project_name,
            requests,
            count,
            ..
        } => place.new_requests(
            (account_name, project_name),
            *project_id,
            (requests, *count),
        )?,
    };
    let unreadable = |error: askama::Error| PortError::corrupt("mail template", error);
    Ok(Some(OutgoingMail {
        to: mail.to.clone(),
        to_name: mail.to_name.clone(),
        html: page.html().map_err(unreadable)?,
        text: page.text().map_err(unreadable)?,
        subject: page.subject,
        tag: mail_tag(SendMail {
            owner: mail.owner,
            mail_id: mail.id,
        }),
    }))
}

/// A mail and the place that its links lead to.
struct Place<'a> {
    mail: &'a Mail,
    token: Option<&'a Secret>,
    console_url: &'a str,
}

impl Place<'_> {
    fn invitation(
        &self,
        (account_name, invited_by, role_name): (&str, &str, &str),
        expires_at: Timestamp,
    ) -> Result<Page, PortError> {
        let account_name = line(account_name);
        let until = day_and_time(expires_at);
        let invited_by = line(invited_by);
        Ok(Page {
            subject: format!("Your invitation to {account_name}"),
            preview: format!("{invited_by} invites you. The invitation ends on {until}."),
            heading: format!("Join {account_name}"),
            paragraphs: self.greeted(format!(
                "{invited_by} invites you to {account_name}. Open the invitation, look at what it offers, and \
                 accept it there."
            )),
            facts: vec![
                Fact::new("Account", &account_name),
                Fact::new("Your role", role_name),
                Fact::new("Invited by", &invited_by),
                Fact::new("Ends on", &until),
            ],
            entries: Vec::new(),
            links: vec![self.link("Open the invitation", "invitation", "")?],
            notes: vec![
                format!(
                    "This link is for {} alone: whoever has it can accept in your name. Do not pass it on.",
                    self.mail.to.as_str()
                ),
                "If you did not expect this mail, you need not do anything.".to_owned(),
            ],
            foot: format!("{FOOT} for {account_name}"),
        })
    }

    fn password_reset(&self, expires_at: Timestamp) -> Result<Page, PortError> {
        let until = day_and_time(expires_at);
        Ok(Page {
            subject: "Set a new password".to_owned(),
            preview: format!("The link works until {until}."),
            heading: "Set a new password".to_owned(),
            paragraphs: self.greeted(format!(
                "Somebody asked for a new password for {}. If it was you, set it here.",
                self.mail.to.as_str()
            )),
            facts: vec![Fact::new("Works until", &until)],
            entries: Vec::new(),
            links: vec![self.link("Set a new password", "reset", "")?],
            notes: vec![
                "If it was not you, ignore this mail: your password stays as it is. Do not pass the link on."
                    .to_owned(),
            ],
            foot: FOOT.to_owned(),
        })
    }

    fn address_change(&self, expires_at: Timestamp) -> Result<Page, PortError> {
        let until = day_and_time(expires_at);
        Ok(Page {
            subject: "Confirm your new e-mail address".to_owned(),
            preview: format!("The link works until {until}."),
            heading: "Confirm your new e-mail address".to_owned(),
            paragraphs: self.greeted(format!(
                "Somebody asked to make {} the address of their login. If it was you, confirm it in the browser in \
                 which you are signed in.",
                self.mail.to.as_str()
            )),
            facts: vec![Fact::new("Works until", &until)],
            entries: Vec::new(),
            links: vec![self.link("Confirm the address", "profile", "address=")?],
            notes: vec![
                "If it was not you, ignore this mail: nothing changes. Do not pass the link on.".to_owned(),
            ],
            foot: FOOT.to_owned(),
        })
    }

    fn address_taken(&self, at: Timestamp) -> Page {
        Page {
            subject: "Somebody asked for your e-mail address".to_owned(),
            preview: "Nothing was changed.".to_owned(),
            heading: "Somebody asked for your e-mail address".to_owned(),
            paragraphs: self.greeted(format!(
                "Somebody asked to make {} the address of another login. You have a login with it, so nothing was \
                 changed, and they were not told.",
                self.mail.to.as_str()
            )),
            facts: vec![Fact::new("Time", &day_and_time(at))],
            entries: Vec::new(),
            links: Vec::new(),
            notes: vec![
                format!(
                    "If it was you, you have two logins. Sign in with this one at {}.",
                    self.sign_in()
                ),
                "If it was not, you need not do anything.".to_owned(),
            ],
            foot: FOOT.to_owned(),
        }
    }

    fn address_change_asked(&self, to: &str, at: Timestamp) -> Page {
        Page {
            subject: "Another e-mail address was asked for".to_owned(),
            preview: "If it was you, open the link in the mail to the new address.".to_owned(),
            heading: "Another e-mail address was asked for".to_owned(),
            paragraphs: self.greeted(format!(
                "Somebody who is signed in as {} asked for another address for this login.",
                self.mail.to.as_str()
            )),
            facts: vec![
                Fact::new("Time", &day_and_time(at)),
                Fact::new("New address", to),
            ],
            entries: Vec::new(),
            links: Vec::new(),
            notes: vec![
                "If it was you, open the link in the mail to the new address. Until then, nothing changes."
                    .to_owned(),
                format!(
                    "If it was not, set a new password at {} at once: that ends the link and every session.",
                    self.sign_in()
                ),
            ],
            foot: FOOT.to_owned(),
        }
    }

    fn login_deleted(&self, at: Timestamp) -> Page {
        Page {
            subject: "Your login was deleted".to_owned(),
            preview: "You have left every account.".to_owned(),
            heading: "Your login was deleted".to_owned(),
            paragraphs: self.greeted(format!(
                "The login {} was deleted, as was asked for while signed in with it. It has left every account.",
                self.mail.to.as_str()
            )),
            facts: vec![Fact::new("Time", &day_and_time(at))],
            entries: Vec::new(),
            links: Vec::new(),
            notes: vec![
                "If it was you, you need not do anything.".to_owned(),
                "If it was not, tell an admin of your account at once. They can invite you again.".to_owned(),
            ],
            foot: FOOT.to_owned(),
        }
    }

    fn new_device(&self, device: &Device, at: Timestamp) -> Page {
        let mut facts = vec![
            Fact::new("Time", &day_and_time(at)),
            Fact::new("Device", &device.user_agent),
            Fact::new("Address", &device.address),
        ];
        facts.retain(|fact| !fact.value.is_empty());
        Page {
            subject: "A new device signed in to your login".to_owned(),
            preview: "If it was you, you need not do anything.".to_owned(),
            heading: "A new device signed in".to_owned(),
            paragraphs: self.greeted(format!(
                "Somebody signed in as {} from a device that was not used before.",
                self.mail.to.as_str()
            )),
            facts,
            entries: Vec::new(),
            links: Vec::new(),
            notes: vec![
                "If it was you, you need not do anything.".to_owned(),
                format!(
                    "If it was not, sign in at {}, change your password, and end all other sessions.",
                    self.sign_in()
                ),
            ],
            foot: FOOT.to_owned(),
        }
    }

    fn credentials_changed(&self, what: ChangedCredential, at: Timestamp) -> Page {
        let remedy = match what {
            // The old address opens the login no longer, not even by a new password.
            // Nor does another password end an identity.
            ChangedCredential::Address | ChangedCredential::Identity => {
                "If it was not, tell an admin of your account at once.".to_owned()
            }
            ChangedCredential::Password | ChangedCredential::SecondFactor => format!(
                "If it was not, set a new password at {} at once, and tell an admin of your account.",
                self.sign_in()
            ),
        };
        let what = match what {
            ChangedCredential::Password => "Your password was changed",
            ChangedCredential::SecondFactor => "Your second factor was changed",
            ChangedCredential::Address => "Your e-mail address was changed",
            ChangedCredential::Identity => "Your sign-in through a provider was changed",
        };
        Page {
            subject: what.to_owned(),
            preview: "If it was you, you need not do anything.".to_owned(),
            heading: what.to_owned(),
            paragraphs: self.greeted(format!("{what}, for the login {}.", self.mail.to.as_str())),
            facts: vec![Fact::new("Time", &day_and_time(at))],
            entries: Vec::new(),
            links: Vec::new(),
            notes: vec![
                "If it was you, you need not do anything.".to_owned(),
                remedy,
            ],
            foot: FOOT.to_owned(),
        }
    }

    /// A digest. Whoever asks chose names and messages, so these stand in lines of their own, and a message in
    /// quotation marks.
    fn new_requests(
        &self,
        (account_name, project_name): (&str, &str),
        project_id: ProjectId,
        (requests, count): (&[NoticedRequest], u32),
    ) -> Result<Page, PortError> {
        let MailOwner::Account(account) = self.mail.owner else {
            return Err(PortError::corrupt("mail", "a notice without an account"));
        };
        let (account_name, project_name) = (line(account_name), line(project_name));
        let (subject, paragraph) = if count == 1 {
            (
                format!("A new access request in {project_name}"),
                format!("Somebody asks for access to {project_name}."),
            )
        } else {
            (
                format!("{count} new access requests in {project_name}"),
                format!("{count} people ask for access to {project_name}."),
            )
        };
        let mut entries: Vec<Entry> = requests.iter().map(Entry::of).collect();
        let listed = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        let more = count.saturating_sub(listed);
        if more > 0 {
            entries.push(Entry {
                title: format!("and {more} more"),
                lines: Vec::new(),
            });
        }
        Ok(Page {
            subject,
            preview: paragraph.clone(),
            heading: "New access requests".to_owned(),
            paragraphs: self.greeted(paragraph),
            facts: Vec::new(),
            entries,
            links: vec![Link {
                label: "Open the requests",
                url: format!(
                    "{}/console/a/{}/p/{project_id}/requests",
                    self.console_url,
                    account.account_id()
                ),
            }],
            notes: vec![
                "Names and messages are those of the people who ask. Do not follow what they say \
                 before you know them."
                    .to_owned(),
                format!(
                    "You get this mail because you decide access requests of {project_name}, at most \
                     once in five minutes. To get no more of them, turn notices off in your profile: {}",
                    self.profile()
                ),
            ],
            foot: format!("{FOOT} for {account_name}"),
        })
    }

    /// A greeting, if the person's name is known, and a paragraph.
    fn greeted(&self, paragraph: String) -> Vec<String> {
        let name = self.mail.to_name.as_deref().map(line);
        let name = name.filter(|name| !name.is_empty());
        let greeting = name.map(|name| format!("Hello {name},"));
        greeting.into_iter().chain([paragraph]).collect()
    }

    /// The link with the mail's token, behind `name` in the fragment. The token has no character that means
    /// something in an address.
    fn link(&self, label: &'static str, page: &str, name: &str) -> Result<Link, PortError> {
        let token = self
            .token
            .ok_or_else(|| PortError::corrupt("mail", "its link has no token"))?;
        let url = format!(
            "{}/console/{page}#{name}{}",
            self.console_url,
            token.reveal()
        );
        Ok(Link { label, url })
    }

    fn sign_in(&self) -> String {
        format!("{}/console/", self.console_url)
    }

    fn profile(&self) -> String {
        format!("{}/console/profile", self.console_url)
    }
}

impl Entry {
    /// A request: who asks where and when, and with what words.
    fn of(request: &NoticedRequest) -> Self {
        let place = line(&request.connector_name);
        let asked = format!("{place}, {}", day_and_time(request.at));
        let words = request.preview.as_deref().map(line);
        let words = words.filter(|words| !words.is_empty());
        let quoted = words.map(|words| format!("\u{201C}{words}\u{201D}"));
        Self {
            title: line(&request.name),
            lines: [asked].into_iter().chain(quoted).collect(),
        }
    }
}

/// A time for people, in UTC: `29 November 2026, 10:00 UTC`.
fn day_and_time(at: Timestamp) -> String {
    let text = at.to_string();
    read_day_and_time(&text).unwrap_or(text)
}

/// Reads an RFC 3339 time in UTC, of a year of four digits.
fn read_day_and_time(text: &str) -> Option<String> {
    let (year, month, day) = (text.get(..4)?, text.get(5..7)?, text.get(8..10)?);
    let time = text.get(11..16)?;
    let month: usize = month.parse().ok()?;
    let month = MONTHS.get(month.checked_sub(1)?)?;
    let day: u8 = day.parse().ok()?;
    Some(format!("{day} {month} {year}, {time} UTC"))
}

#[cfg(test)]
mod tests {
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
            MailKind::Invitation { .. } => {
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
}
