//! The mails in words: subject, what happened, what to do (SPEC B35, D15, D25, D28, D33).
//!
//! Texts of others (names, the account's name, a browser's name for itself) were cut when the mail was ordered,
//! and each becomes one line here again. Links lead to the console of this stack only; a token stands in the
//! fragment, which reaches no server and no log.

use crate::page::{Entry, Fact, Link, Page, line};
use vestibule_domain::{
    PortError, Timestamp,
    event::health::PauseReason,
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
            ..
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
        MailKind::WebhookPaused {
            account_name,
            reason,
            since,
        } => place.webhook_paused(account_name, *reason, *since)?,
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
    fn webhook_paused(
        &self,
        account_name: &str,
        reason: PauseReason,
        since: Timestamp,
    ) -> Result<Page, PortError> {
        let MailOwner::Account(account) = self.mail.owner else {
            return Err(PortError::corrupt("mail", "a notice without an account"));
        };
        let account_name = line(account_name);
        let cause = match reason {
            PauseReason::Failing => "it failed for three days",
            PauseReason::Gone => "it answered that it is gone for good",
        };
        let paragraph =
            format!("A webhook of {account_name} gets no more events, because {cause}.");
        Ok(Page {
            subject: format!("A webhook of {account_name} is paused"),
            preview: paragraph.clone(),
            heading: "A webhook is paused".to_owned(),
            paragraphs: self.greeted(paragraph),
            facts: vec![Fact::new("Since", &day_and_time(since))],
            entries: Vec::new(),
            links: vec![Link {
                label: "Open the webhooks",
                url: format!(
                    "{}/console/a/{}/settings/webhooks",
                    self.console_url,
                    account.account_id()
                ),
            }],
            notes: vec![
                "Mend the system behind it, and resume the webhook. Events that happen meanwhile are not kept for it."
                    .to_owned(),
            ],
            foot: format!("{FOOT} for {account_name}"),
        })
    }

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
mod tests;
