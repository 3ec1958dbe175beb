//! The mail service: SES, version 1 of its API.
//!
//! `SendEmail` knows no idempotency token, so a call whose answer is lost may have sent the mail. Nothing here
//! repeats a call: who orders a mail counts such calls (DESIGN §3.4, RELIABILITY §2.13).

use crate::aws::describe_service_error;
use async_trait::async_trait;
use aws_sdk_ses::{
    Client,
    error::BuildError,
    operation::send_email::{SendEmailError, SendEmailOutput},
    types::{Body, Content, Destination, Message, MessageTag},
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::{
    error::metadata::ProvideErrorMetadata, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_types::SdkConfig;
use data_encoding::BASE64;
use std::time::Duration;
use vestibule_domain::{
    PortError,
    ports::{MailOutcome, Mailer, OutgoingMail},
    text::clean_line,
};

/// Name of the tag that finds a mail's record by the mail's events.
pub const MAIL_TAG: &str = "vestibule-mail";

/// Time limit for a call. A call that is cut off may have sent its mail, so the limit is generous.
const CALL_TIMEOUT: Duration = Duration::from_secs(8);
/// Wait when more mails are sent per second than the account may.
const RATE_WAIT: Duration = Duration::from_secs(5);
/// Wait when more mails were sent within 24 hours than the account may.
const QUOTA_WAIT: Duration = Duration::from_mins(30);
/// Wait when the service has no room.
const BUSY_WAIT: Duration = Duration::from_secs(30);
/// Longest subject, in characters.
const SUBJECT_MAX_CHARS: usize = 250;
/// Bytes in one encoded word, which has at most 75 characters (RFC 2047 §2).
const ENCODED_WORD_BYTES: usize = 42;
/// Longest recipient with its name, in bytes: SES refuses a longer one (API reference, `Destination`).
const MAILBOX_MAX: usize = 320;
const UTF_8: &str = "UTF-8";

/// A call that was not made, not answered, or refused.
type CallError = SdkError<SendEmailError, HttpResponse>;

/// Settings of the sender.
#[derive(Debug, Clone, Default)]
pub struct MailSettings {
    /// The verified address that mails come from. Nothing is sent without one.
    pub from: Option<String>,
    /// The address for replies.
    pub reply_to: Option<String>,
    /// The configuration set that publishes what became of mails.
    pub configuration_set: Option<String>,
}

/// See [`Mailer`].
#[derive(Debug, Clone)]
pub struct SesMailer {
    client: Client,
    settings: MailSettings,
}

impl SesMailer {
    /// Makes a mailer with these settings.
    #[must_use]
    pub fn new(config: &SdkConfig, settings: MailSettings) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(CALL_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let config = config
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .build();
        Self {
            client: Client::new(&config),
            settings,
        }
    }

    async fn call(
        &self,
        from: &str,
        mail: &OutgoingMail,
    ) -> Result<Result<SendEmailOutput, CallError>, BuildError> {
        let to = mailbox(mail.to.as_str(), mail.to_name.as_deref());
        let subject = clean_line(&mail.subject, SUBJECT_MAX_CHARS).unwrap_or_default();
        let body = Body::builder()
            .text(content(&mail.text)?)
            .html(content(&mail.html)?)
            .build();
        let message = Message::builder()
            .subject(content(&subject)?)
            .body(body)
            .build();
        let tag = MessageTag::builder()
            .name(MAIL_TAG)
            .value(&mail.tag)
            .build()?;
        let call = self
            .client
            .send_email()
            .source(from)
            .destination(Destination::builder().to_addresses(to).build())
            .message(message)
            .set_reply_to_addresses(self.settings.reply_to.clone().map(|address| vec![address]))
            .set_configuration_set_name(self.settings.configuration_set.clone())
            .tags(tag);
        Ok(call.send().await)
    }
}

fn content(text: &str) -> Result<Content, BuildError> {
    Content::builder().data(text).charset(UTF_8).build()
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<MailOutcome, PortError> {
        let Some(from) = &self.settings.from else {
            return Ok(not_sendable(
                "The stack has no sender address (parameter EmailFrom).",
            ));
        };
        let called = self.call(from, mail).await;
        let answer = called.map_err(|error| PortError::rejected("ses: SendEmail", error))?;
        Ok(match answer {
            Ok(sent) => MailOutcome::Sent {
                ses_id: sent.message_id,
            },
            Err(error) => outcome_of(&error),
        })
    }
}

fn not_sendable(reason: &str) -> MailOutcome {
    MailOutcome::NotSendable {
        reason: reason.to_owned(),
    }
}

fn outcome_of(error: &CallError) -> MailOutcome {
    let outcome = match error {
        SdkError::ServiceError(service) => {
            let answer = service.err();
            refusal(answer.code(), answer.message().unwrap_or_default())
        }
        SdkError::ConstructionFailure(_) => {
            Some(not_sendable("The call to SES could not be made."))
        }
        // The call may have arrived.
        _ => None,
    };
    // A used-up quota meets every mail, and whoever sends them reports it.
    if !matches!(outcome, Some(MailOutcome::QuotaUsedUp { .. })) {
        tracing::warn!(
            error = %describe_service_error(error),
            is_known = outcome.is_some(),
            "SES did not take a mail, or did not say so"
        );
    }
    outcome.unwrap_or(MailOutcome::Unknown)
}

/// The outcome of a call that SES answered with an error; `None` if the mail may have been sent. Codes and
/// messages: the SES Developer Guide, "Amazon SES API error codes" and "Errors related to the sending quotas".
fn refusal(code: Option<&str>, message: &str) -> Option<MailOutcome> {
    let outcome = match code? {
        "Throttling" | "ThrottlingException" if message.contains("Daily message quota") => {
            MailOutcome::QuotaUsedUp { after: QUOTA_WAIT }
        }
        "Throttling" | "ThrottlingException" | "RequestThrottled" => {
            MailOutcome::Throttled { after: RATE_WAIT }
        }
        // The call was not carried out; another sandbox, or the next credentials, can make it.
        "ServiceUnavailable" | "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            MailOutcome::Throttled { after: BUSY_WAIT }
        }
        "MessageRejected" if message.contains("not verified") => not_sendable(&format!(
            "SES refused an address that is not verified. While the AWS account is in the SES sandbox, every \
             recipient must be verified too; ask AWS for production access. SES says: {message}"
        )),
        "MessageRejected" => not_sendable(&format!("SES refused the mail: {message}")),
        "AccountSendingPausedException" => not_sendable(
            "SES has paused sending for this AWS account. Look at its account dashboard.",
        ),
        "ConfigurationSetSendingPausedException" => {
            not_sendable("Sending is paused for the stack's SES configuration set.")
        }
        "ConfigurationSetDoesNotExist" | "ConfigurationSetDoesNotExistException" => {
            not_sendable("The stack's SES configuration set does not exist. Update the stack.")
        }
        "MailFromDomainNotVerified" | "MailFromDomainNotVerifiedException" => {
            not_sendable("The MAIL FROM domain of the sender address is not verified in SES.")
        }
        "AccessDenied" | "AccessDeniedException" => not_sendable(
            "AWS does not allow this stack to send from its sender address (parameter EmailFrom).",
        ),
        "InvalidParameterValue" | "ValidationError" => {
            not_sendable(&format!("SES does not accept the mail: {message}"))
        }
        _ => return None,
    };
    Some(outcome)
}

/// An address with the name of its person, as in a header. A name that is not of plain words becomes encoded
/// words (RFC 2047), so that no character of it has a meaning there. A name that is too long is cut, and the address
/// never is.
fn mailbox(address: &str, name: Option<&str>) -> String {
    let around = address.len() + " <>".len();
    let phrase = name.and_then(|name| phrase(name, MAILBOX_MAX.checked_sub(around)?));
    match phrase {
        Some(phrase) => format!("{phrase} <{address}>"),
        None => address.to_owned(),
    }
}

/// The longest beginning of a name that has at most `room` bytes in a header; `None` if not one character has room.
fn phrase(name: &str, room: usize) -> Option<String> {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let ends = name.char_indices().map(|(at, c)| at + c.len_utf8());
    let begun = ends.rev().filter_map(|end| name.get(..end)).map(str::trim);
    let mut written = begun.filter(|begun| !begun.is_empty()).map(|begun| {
        if begun.chars().all(is_plain) {
            begun.to_owned()
        } else {
            encoded_words(begun)
        }
    });
    written.find(|phrase| phrase.len() <= room)
}

const fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == ' '
}

fn encoded_words(text: &str) -> String {
    let mut chunks = vec![String::new()];
    for c in text.chars() {
        if let Some(chunk) = chunks.last_mut()
            && chunk.len() + c.len_utf8() <= ENCODED_WORD_BYTES
        {
            chunk.push(c);
        } else {
            chunks.push(c.into());
        }
    }
    let words = chunks
        .iter()
        .map(|chunk| format!("=?{UTF_8}?B?{}?=", BASE64.encode(chunk.as_bytes())));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(outcome: Option<MailOutcome>) -> String {
        match outcome {
            Some(MailOutcome::NotSendable { reason }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_name_of_plain_words_stands_before_the_address_and_any_other_is_encoded() {
        let ana = "ana@example.com";
        assert_eq!(mailbox(ana, None), ana);
        assert_eq!(mailbox(ana, Some("")), ana);
        assert_eq!(
            mailbox(ana, Some("Ana Silva")),
            "Ana Silva <ana@example.com>"
        );
        assert_eq!(
            mailbox(ana, Some("Ana São")),
            "=?UTF-8?B?QW5hIFPDo28=?= <ana@example.com>"
        );
    }

    /// The longest address has 254 characters, and leaves 63 for a name.
    #[test]
    fn a_name_is_cut_between_characters_so_that_the_recipient_has_320_bytes_at_most() {
        let long = format!("{}@{}.example", "a".repeat(64), "b".repeat(181));
        let short = "ana@example.com".to_owned();
        for address in [&long, &short] {
            for (name, least) in [("A".repeat(500), 300), ("é€".repeat(250), 240)] {
                let mailbox = mailbox(address, Some(&name));
                assert!(mailbox.len() <= MAILBOX_MAX, "{mailbox}");
                assert!(mailbox.len() >= least, "{mailbox}");
                let end = format!(" <{address}>");
                let phrase = mailbox.strip_suffix(&end).unwrap();
                let read = read_words(phrase);
                assert!(!read.is_empty() && name.starts_with(&read), "{phrase}");
            }
        }
        let alone = format!("{}@{}.example", "a".repeat(64), "b".repeat(240));
        assert_eq!(mailbox(&alone, Some("é")), alone);
    }

    #[test]
    fn a_name_of_blanks_and_control_characters_is_none() {
        assert_eq!(
            mailbox("ana@example.com", Some(" \r\n ")),
            "ana@example.com"
        );
    }

    /// The text of a phrase of a header.
    fn read_words(phrase: &str) -> String {
        let mut read = String::new();
        for word in phrase.split(' ') {
            let Some(code) = word.strip_prefix("=?UTF-8?B?") else {
                return phrase.to_owned();
            };
            assert!(word.len() <= 75, "{word}");
            let bytes = BASE64.decode(code.strip_suffix("?=").unwrap().as_bytes());
            read.push_str(&String::from_utf8(bytes.unwrap()).unwrap());
        }
        read
    }

    #[test]
    fn no_character_of_a_name_has_a_meaning_in_a_header() {
        for name in [
            "a\r\nBcc: b@example.com",
            "\"a\" <b@example.com>,",
            "a, b@example.com;",
            "=?UTF-8?Q?a?=",
            "(a)",
        ] {
            let mailbox = mailbox("ana@example.com", Some(name));
            let header = mailbox.strip_suffix(" <ana@example.com>").unwrap();
            assert!(
                header
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "=?-+/ ".contains(c)),
                "{header}"
            );
        }
    }

    #[test]
    fn an_encoded_word_has_at_most_75_characters_and_is_cut_between_characters() {
        let text = "é€".repeat(50);
        assert_eq!(read_words(&encoded_words(&text)), text);
    }

    /// The messages are the ones of the SES Developer Guide.
    #[test]
    fn throttling_waits_and_a_used_up_quota_waits_longer() {
        let refused = |message| refusal(Some("Throttling"), message);
        let rate = MailOutcome::Throttled { after: RATE_WAIT };
        assert_eq!(refused("Maximum sending rate exceeded."), Some(rate));
        let quota = MailOutcome::QuotaUsedUp { after: QUOTA_WAIT };
        assert_eq!(refused("Daily message quota exceeded."), Some(quota));
    }

    #[test]
    fn the_sandbox_is_explained_with_the_words_of_ses() {
        let message = "Email address is not verified. The following identities failed the check in region \
                       EU-WEST-1: ana@example.com";
        let reason = reason(refusal(Some("MessageRejected"), message));
        assert!(reason.contains("sandbox") && reason.contains("production access"));
        assert!(reason.contains(message));
    }

    #[test]
    fn every_refusal_that_ses_documents_is_told_in_a_sentence() {
        for code in [
            "MessageRejected",
            "AccountSendingPausedException",
            "ConfigurationSetDoesNotExist",
            "ConfigurationSetSendingPausedException",
            "MailFromDomainNotVerifiedException",
            "AccessDenied",
            "InvalidParameterValue",
        ] {
            assert!(!reason(refusal(Some(code), "why")).is_empty(), "{code}");
        }
    }

    #[test]
    fn a_call_that_was_surely_not_carried_out_is_made_again_soon() {
        for code in ["ServiceUnavailable", "ExpiredToken"] {
            let later = MailOutcome::Throttled { after: BUSY_WAIT };
            assert_eq!(refusal(Some(code), ""), Some(later), "{code}");
        }
    }

    #[test]
    fn an_answer_that_does_not_say_what_happened_is_unknown() {
        for code in [None, Some("InternalFailure"), Some("SomethingNew")] {
            assert_eq!(refusal(code, ""), None, "{code:?}");
        }
    }
}
