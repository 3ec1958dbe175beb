//! Sends a text (PROVIDERS §3.4).

use super::{
    API, BOT_TOKEN, Telegram,
    api::{Refused, Token},
    key,
    kind::MESSAGE_MAX_CHARS,
    mentions,
    parse::GENERAL_TOPIC,
    profile,
    typing::chat_action,
};
use crate::{
    outgoing::{Api, CallError, CallResult, ChatProvider, NextCall, OutgoingCall, messages_of},
    text,
    webhook::Credentials,
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    chat::conversation::ConversationKind,
    chat::typing::ShowTyping,
    connector::Provider,
    ports::{
        Destination, FailureClass, OutgoingText, ProfileOutcome, ProfileQuery, Receipt, SendOutcome,
    },
};

impl ChatProvider for Telegram {
    fn provider(&self) -> Provider {
        key()
    }

    fn apis(&self) -> &'static [Api] {
        &[API]
    }

    fn sending_secrets(&self) -> &'static [&'static str] {
        &[BOT_TOKEN]
    }

    /// Counts UTF-16 units. Telegram does not document the unit of its limit; it uses UTF-16 for
    /// the offsets of entities, and there are never fewer of those than characters.
    fn pieces<'t>(&self, text: &'t str) -> Vec<&'t str> {
        text::split(text, MESSAGE_MAX_CHARS, mentions::cost)
    }

    /// Ignores the text's mark: Telegram does not show a bot the messages that it sent.
    fn send(
        &self,
        text: &OutgoingText<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<SendOutcome> {
        next(text, credentials, so_far).unwrap_or_else(|problem| NextCall::Done(problem.into()))
    }

    fn show_typing(
        &self,
        typing: &ShowTyping,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<()> {
        let to = Destination::Conversation(&typing.conversation);
        match (Token::of(credentials), address(&to)) {
            (Ok(token), Ok(Address { chat, topic, .. })) if so_far.is_empty() => {
                NextCall::Call(chat_action(token, chat, topic))
            }
            _ => NextCall::Done(()),
        }
    }

    fn profile(
        &self,
        query: &ProfileQuery<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ProfileOutcome> {
        profile::profile(query.identity, credentials, so_far)
    }

    /// Telegram allows about 30 messages a second in total. The limits of one chat are lower;
    /// Telegram says how long to wait there.
    fn send_interval(&self) -> Duration {
        Duration::from_millis(50)
    }
}

/// Sends one message after the other; the first failure ends it.
fn next(
    text: &OutgoingText<'_>,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<NextCall<SendOutcome>, CallError> {
    let pieces = messages_of(&Telegram, text.text)?;
    let token = Token::of(credentials)?;
    let Address {
        mut chat,
        mut topic,
        moves,
    } = address(&text.to)?;
    let mut receipt = Receipt::default();
    let mut sent = 0;
    for result in so_far {
        match token.sent(result) {
            Ok(message) => {
                sent += 1;
                receipt.message_id = message
                    .get("message_id")
                    .and_then(Value::as_i64)
                    .map(|id| id.to_string());
            }
            // The same message goes to the new id, within the same run and only once.
            Err(Refused {
                moved_to: Some(new),
                ..
            }) if moves && receipt.moved_to.is_none() => {
                chat = new;
                receipt.moved_to = Some(new.to_string());
            }
            // A reply outside its topic is better than none.
            Err(Refused {
                topic_gone: true, ..
            }) if topic.is_some() => topic = None,
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(pieces.get(sent).map_or_else(
        || NextCall::Done(SendOutcome::Sent(receipt)),
        |piece| {
            let text = if is_shared(&text.to) {
                mentions::broken(piece)
            } else {
                (*piece).to_owned()
            };
            NextCall::Call(message(token, chat, topic, &text))
        },
    ))
}

/// Whether others read a text, so that a mention in it would notify one of them. In a private chat
/// there is nobody else, and user names stay links.
fn is_shared(to: &Destination<'_>) -> bool {
    match to {
        Destination::Conversation(conversation) => conversation.kind != ConversationKind::Direct,
        Destination::Privately(..) => false,
    }
}

/// Builds a message without `parse_mode`, so that its text is never read as formatting.
fn message(token: Token<'_>, chat: i64, topic: Option<i64>, piece: &str) -> OutgoingCall {
    let mut arguments = json!({
        "chat_id": chat,
        "text": piece,
        // Telegram must not fetch an address just because a person made the agent repeat it.
        "link_preview_options": {"is_disabled": true},
    });
    if let (Some(topic), Value::Object(arguments)) = (topic, &mut arguments) {
        arguments.insert("message_thread_id".into(), topic.into());
    }
    token.call("sendMessage", &arguments)
}

/// Destination of a text.
struct Address {
    chat: i64,
    topic: Option<i64>,
    /// Whether its id may change, as a group's does.
    moves: bool,
}

/// Resolves a destination. A person's id is also that of their private chat, which nobody else can
/// read (SPEC A38).
fn address(to: &Destination<'_>) -> Result<Address, CallError> {
    match to {
        Destination::Conversation(conversation) => {
            let is_group = conversation.kind != ConversationKind::Direct;
            let topic = conversation.thread.as_deref().map(id).transpose()?;
            Ok(Address {
                chat: id(&conversation.provider_conversation_id)?,
                // A conversation that was stored with the general topic is answered without it.
                topic: topic.filter(|topic| !(is_group && *topic == GENERAL_TOPIC)),
                moves: is_group,
            })
        }
        Destination::Privately(identity, conversation) => {
            let chat = id(&identity.identifier)?;
            if chat <= 0 {
                return Err(CallError::never(FailureClass::Recipient, "not_a_person"));
            }
            // A private chat may have topics, and a text outside them is easily overlooked.
            let is_there = conversation.kind == ConversationKind::Direct
                && conversation.provider_conversation_id == identity.identifier;
            let topic = conversation.thread.as_deref().filter(|_| is_there);
            Ok(Address {
                chat,
                topic: topic.map(id).transpose()?,
                moves: false,
            })
        }
    }
}

fn id(stored: &str) -> Result<i64, CallError> {
    stored
        .parse()
        .map_err(|_| CallError::never(FailureClass::Request, "id_is_no_number"))
}

#[cfg(test)]
mod tests;
