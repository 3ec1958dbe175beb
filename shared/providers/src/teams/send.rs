//! Posts a text (PROVIDERS §2.4).

use super::{
    APP_ID, CLIENT_SECRET, GRAPH_API, LOGIN_API, TENANT_ID, Teams,
    api::{self, Replay, Stop},
    bot_id,
    conversation::{is_private, is_shared, service_url, targeted, without_thread},
    key, profile, setting,
    text::split,
    token,
    typing::activity_of_writing,
};
use crate::{
    outgoing::{
        Api, CallError, CallResult, ChatProvider, Host, HttpReply, NextCall, OutgoingCall,
        messages_of,
    },
    webhook::Credentials,
};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    chat::conversation::ConversationRef,
    chat::message::Identity,
    chat::typing::ShowTyping,
    connector::{Connector, Provider},
    ports::{
        Destination, FailureClass, OutgoingText, ProfileOutcome, ProfileQuery, Receipt, SendOutcome,
    },
};

/// Longest text of one message, in bytes of UTF-16, the unit that Teams counts. Microsoft has
/// published limits between 28 and 100 KB for a whole message; this stays below all of them.
pub(super) const PIECE_MAX_BYTES: usize = 25_000;

impl ChatProvider for Teams {
    fn provider(&self) -> Provider {
        key()
    }

    fn apis(&self) -> &'static [Api] {
        &[LOGIN_API, GRAPH_API]
    }

    fn sending_secrets(&self) -> &'static [&'static str] {
        &[CLIENT_SECRET]
    }

    fn pieces<'t>(&self, text: &'t str) -> Vec<&'t str> {
        split(text, PIECE_MAX_BYTES)
    }

    fn send(
        &self,
        text: &OutgoingText<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<SendOutcome> {
        match all(text, credentials, so_far) {
            Ok(receipt) => NextCall::Done(SendOutcome::Sent(receipt)),
            Err(Stop::Call(call)) => NextCall::Call(*call),
            Err(Stop::CallError(problem)) => NextCall::Done(problem.into()),
        }
    }

    fn show_typing(
        &self,
        typing: &ShowTyping,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<()> {
        activity_of_writing(typing, credentials, so_far)
    }

    fn profile(
        &self,
        query: &ProfileQuery<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ProfileOutcome> {
        profile::profile(query, credentials, so_far)
    }

    fn keep_answer(&self, call: &OutgoingCall, reply: &HttpReply) -> Option<Duration> {
        let is_token = call.host == Host::Api(LOGIN_API);
        is_token.then(|| token::lifetime(reply)).flatten()
    }

    /// Microsoft allows thirty calls per second, app and tenant; a private answer takes two.
    fn send_interval(&self) -> Duration {
        Duration::from_millis(40)
    }
}

/// Opens a private conversation if one is needed, then sends one message after the other; the first
/// failed call ends it. If the thread in a channel has gone, the messages go to the channel, where
/// the same people read.
fn all(
    text: &OutgoingText<'_>,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<Receipt, Stop> {
    let pieces = messages_of(&Teams, text.text)?;
    let (person, conversation) = match text.to {
        Destination::Conversation(conversation) => (None, conversation),
        Destination::Privately(person, conversation) => (Some(person), conversation),
    };
    let service_url = service_url(conversation)?;
    let mut calls = Replay::new(credentials, so_far);
    let mut place = match person {
        Some(person) if !is_private(conversation) => {
            private_place(&mut calls, credentials.connector, person, conversation)?
        }
        _ => conversation.provider_conversation_id.clone(),
    };
    let aside = targeted(conversation).filter(|_| person.is_none());
    let member = aside.or(conversation.member_id.as_deref());
    let member = member.or(person.map(|person| person.identifier.as_str()));
    let post = |place: &str, piece: &str| {
        let path = format!("/v3/conversations/{}/activities", api::encoded(place));
        let activity = activity(credentials.connector, place, member, piece);
        let call = api::call(service_url, Method::POST, path).with_json(&activity);
        // Without it, everybody in the conversation would see the answer (msteams-docs, "Send and
        // receive targeted messages").
        match aside {
            Some(_) => call.with_query("isTargetedActivity", "true"),
            None => call,
        }
    };
    let mut receipt = Receipt::default();
    for piece in pieces {
        let answer = match calls.sent(&post(&place, piece)) {
            Err(Stop::CallError(problem))
                if person.is_none()
                    && without_thread(&place) != place
                    && api::is_thread_gone(&problem) =>
            {
                place = without_thread(&place).to_owned();
                calls.sent(&post(&place, piece))?
            }
            answer => answer?,
        };
        let id = answer.get("id").and_then(Value::as_str);
        receipt.message_id = id.map(str::to_owned);
    }
    receipt.reply_url = calls.moved_to().map(str::to_owned);
    Ok(receipt)
}

/// A message. Without mentions among its `entities`, which it never has, a name in its text notifies
/// nobody.
fn activity(connector: &Connector, place: &str, member: Option<&str>, text: &str) -> Value {
    let bot = bot_id(setting(connector, APP_ID).unwrap_or(""));
    let mut activity = json!({
        "type": "message",
        "from": { "id": bot },
        "conversation": { "id": place },
        "text": text,
        // Nothing in the text is markup, whatever a person made the agent repeat.
        "textFormat": "plain",
    });
    if let (Some(member), Some(activity)) = (member, activity.as_object_mut()) {
        activity.insert("recipient".into(), json!({ "id": member }));
    }
    activity
}

/// The personal conversation with a person who wrote where others can read (SPEC A38). Teams
/// creates it, or returns the existing one.
fn private_place(
    calls: &mut Replay<'_>,
    connector: &Connector,
    person: &Identity,
    conversation: &ConversationRef,
) -> Result<String, Stop> {
    let tenant = setting(connector, TENANT_ID).unwrap_or("");
    // With the directory's id, Teams would find only people who installed the app for themselves.
    let member = conversation
        .member_id
        .as_ref()
        .unwrap_or(&person.identifier);
    let call = api::call(
        service_url(conversation)?,
        Method::POST,
        "/v3/conversations".into(),
    )
    .with_json(&json!({
        "bot": { "id": bot_id(setting(connector, APP_ID).unwrap_or("")) },
        "members": [{ "id": member }],
        "tenantId": tenant,
        "channelData": { "tenant": { "id": tenant } },
        "isGroup": false,
    }));
    let answer = calls.answer(&call)?;
    let id = answer.get("id").and_then(Value::as_str).unwrap_or("");
    if id.is_empty() {
        return Err(CallError::later(None, "no_conversation_id").into());
    }
    if is_shared(id) || without_thread(id) == without_thread(&conversation.provider_conversation_id)
    {
        return Err(CallError::never(FailureClass::Recipient, "no_private_conversation").into());
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests;
