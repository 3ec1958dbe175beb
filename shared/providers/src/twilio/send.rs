//! Sends a text (PROVIDERS §5.4).

use super::{
    ACCOUNT_SID, API, AUTH_TOKEN, MEDIA_API, PHONE_NUMBER, Twilio, WEBHOOK_URL,
    address::Address,
    api::{self, Meaning},
    key, url,
};
use crate::{
    fields::is_id,
    outgoing::{
        Api, CallError, CallResult, ChatProvider, Host, NextCall, OutgoingCall, one_by_one,
    },
    text,
    webhook::Credentials,
    whatsapp::WINDOW,
};
use http::Method;
use serde_json::Value;
use std::time::Duration;
use vestibule_domain::{
    chat::conversation::ConversationRef,
    connector::Provider,
    ports::{
        Destination, FailureClass, OutgoingText, ProfileOutcome, ProfileQuery, Receipt, SendOutcome,
    },
    secret::Secret,
};

/// Longest text that Twilio accepts as one message.
pub(super) const MESSAGE_MAX_CHARS: usize = 1600;
impl ChatProvider for Twilio {
    fn provider(&self) -> Provider {
        key()
    }

    fn apis(&self) -> &'static [Api] {
        &[API, MEDIA_API]
    }

    fn sending_secrets(&self) -> &'static [&'static str] {
        &[AUTH_TOKEN]
    }

    /// Counts a character beyond the basic plane as two, as in an SMS.
    fn pieces<'t>(&self, text: &'t str) -> Vec<&'t str> {
        text::split(text, MESSAGE_MAX_CHARS, char::len_utf16)
    }

    /// Twilio has no idempotency key, and no way to look for a message. After an ambiguous attempt
    /// a second copy is better than none.
    fn send(
        &self,
        text: &OutgoingText<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<SendOutcome> {
        next(text, credentials, so_far).unwrap_or_else(|problem| NextCall::Done(problem.into()))
    }

    /// Has nobody to ask: a name comes with each `WhatsApp` message or not at all.
    fn profile(
        &self,
        _query: &ProfileQuery<'_>,
        _credentials: &Credentials<'_>,
        _so_far: &[CallResult],
    ) -> NextCall<ProfileOutcome> {
        NextCall::Done(ProfileOutcome::None {
            reason: "twilio_tells_no_profiles".to_owned(),
        })
    }

    /// `WhatsApp`'s window (PROVIDERS §5.4); SMS has none.
    fn reply_window(&self, conversation: &ConversationRef) -> Option<Duration> {
        (conversation.channel.as_deref() == Some("whatsapp")).then_some(WINDOW)
    }

    fn reports_late_failures(&self) -> bool {
        true
    }

    /// A number may send between one and hundreds of messages a second, and the API does not say
    /// how many. Twilio queues the excess for hours, so this only respects the API's own limit.
    fn send_interval(&self) -> Duration {
        Duration::from_millis(100)
    }
}

/// An account and its token, as the API expects them.
pub(super) struct Account<'a> {
    sid: &'a str,
    token: &'a Secret,
}

impl<'a> Account<'a> {
    /// The account of the connector.
    pub(super) fn of(credentials: &'a Credentials<'_>) -> Result<Self, CallError> {
        let sid = credentials
            .connector
            .settings
            .get(ACCOUNT_SID)
            .filter(|sid| is_id(sid))
            .ok_or_else(|| CallError::never(FailureClass::Connector, "no_account_sid"))?;
        let token = credentials
            .secret(AUTH_TOKEN)
            .ok_or_else(|| CallError::never(FailureClass::Connector, "no_auth_token"))?;
        Ok(Self { sid, token })
    }

    /// The account's SID.
    pub(super) const fn sid(&self) -> &str {
        self.sid
    }

    /// A call for this account; `what` is the part of the path after its SID.
    pub(super) fn call(&self, method: Method, what: &str) -> OutgoingCall {
        let path = format!("/2010-04-01/Accounts/{}{what}", self.sid);
        OutgoingCall::new(Host::Api(API), method, path).with_basic(self.sid, self.token)
    }
}

/// Sends one message after the other; the first failure ends it.
fn next(
    text: &OutgoingText<'_>,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<NextCall<SendOutcome>, CallError> {
    one_by_one(&Twilio, text.text, so_far, taken, |piece| {
        post(&text.to, piece, credentials)
    })
}

/// The call that sends a message.
fn post(
    to: &Destination<'_>,
    piece: &str,
    credentials: &Credentials<'_>,
) -> Result<OutgoingCall, CallError> {
    let account = Account::of(credentials)?;
    let setting = |name: &str| credentials.connector.settings.get(name);
    let number = setting(PHONE_NUMBER)
        .ok_or_else(|| CallError::never(FailureClass::Connector, "no_phone_number"))?;
    let to = recipient(to)?;
    let (to_written, from) = (to.written(), to.channel.address_of(number));
    let mut form = vec![
        ("To", to_written.as_str()),
        ("From", &from),
        ("Body", piece),
    ];
    if let Some(webhook_url) = setting(WEBHOOK_URL).filter(|url| !url.is_empty()) {
        // Later failures are reported, signed, to the address of inbound messages.
        form.push(("StatusCallback", url::parts(webhook_url).0));
    }
    Ok(account
        .call(Method::POST, "/Messages.json")
        .with_form(&form))
}

/// Every conversation has one person only, so a private text goes to the same place as a public one
/// (SPEC A38).
fn recipient<'a>(to: &Destination<'a>) -> Result<Address<'a>, CallError> {
    let (Destination::Conversation(conversation) | Destination::Privately(_, conversation)) = *to;
    Address::read(&conversation.provider_conversation_id)
        .map_err(|_| CallError::never(FailureClass::Recipient, "no_address"))
}

/// The receipt of a message that Twilio accepted.
fn taken(result: &CallResult) -> Result<Receipt, CallError> {
    Ok(Receipt {
        message_id: sent_id(result)?,
        ..Receipt::default()
    })
}

/// The id of a message that Twilio accepted and that did not fail at once, if it can be read.
fn sent_id(result: &CallResult) -> Result<Option<String>, CallError> {
    let message = api::sent(result)?;
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    if matches!(text("status"), Some("failed" | "undelivered")) {
        let code = api::code_in(&message, "error_code");
        let known = code.and_then(api::meaning);
        let name = code.map_or_else(|| "failed".to_owned(), |code| code.to_string());
        let reason = api::reason(&name, known, text("error_message"));
        return Err(match known {
            Some(Meaning::Later) => api::later(code, None, &reason),
            _ => CallError::never(api::class_of_failure(code), &reason),
        });
    }
    Ok(text("sid").filter(|sid| is_id(sid)).map(str::to_owned))
}

#[cfg(test)]
mod tests;
