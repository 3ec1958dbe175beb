//! The sign that the bot is writing: an activity of the type `typing` (Bot Framework, Activity). It is for
//! chats. A channel has no such sign, and those who are not in a targeted conversation must see nothing of it.

use super::{
    APP_ID,
    api::{self, Replay, Stop},
    bot_id,
    conversation::{service_url, targeted},
    setting,
};
use crate::{
    outgoing::{CallResult, NextCall},
    webhook::Credentials,
};
use http::Method;
use serde_json::json;
use vestibule_domain::{chat::conversation::ConversationKind, chat::typing::ShowTyping};

/// Returns the next call, or the end.
pub(super) fn activity_of_writing(
    typing: &ShowTyping,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> NextCall<()> {
    match sent(typing, credentials, so_far) {
        Err(Stop::Call(call)) => NextCall::Call(*call),
        Ok(()) | Err(Stop::CallError(_)) => NextCall::Done(()),
    }
}

fn sent(
    typing: &ShowTyping,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<(), Stop> {
    let conversation = &typing.conversation;
    if conversation.kind == ConversationKind::Channel || targeted(conversation).is_some() {
        return Ok(());
    }
    let place = conversation.provider_conversation_id.as_str();
    let bot = bot_id(setting(credentials.connector, APP_ID).unwrap_or(""));
    let path = format!("/v3/conversations/{}/activities", api::encoded(place));
    let call = api::call(service_url(conversation)?, Method::POST, path).with_json(&json!({
        "type": "typing",
        "from": { "id": bot },
        "conversation": { "id": place },
    }));
    Replay::new(credentials, so_far).sent(&call)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outgoing::{ChatProvider, OutgoingCall},
        teams::{
            Teams,
            fixtures::{self, CHANNEL_THREAD, PERSONAL, replied, token},
        },
    };
    use serde_json::Value;
    use vestibule_domain::{Timestamp, chat::conversation::ConversationRef};

    fn step(conversation: ConversationRef, so_far: &[CallResult]) -> Option<OutgoingCall> {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        let typing = ShowTyping {
            conversation,
            message_id: None,
            at: Timestamp::from_millis(0),
        };
        match Teams.show_typing(&typing, &credentials, so_far) {
            NextCall::Call(call) => Some(call),
            NextCall::Done(()) => None,
        }
    }

    #[test]
    fn the_sign_is_an_activity_in_a_chat_whatever_the_answer() {
        let personal = || fixtures::conversation(ConversationKind::Direct, PERSONAL);
        assert!(step(personal(), &[]).is_some(), "no token");
        let call = step(personal(), &[token("t")]).unwrap();
        assert!(call.path.ends_with("/activities"), "{}", call.path);
        let body: Value = serde_json::from_slice(call.body.as_deref().unwrap()).unwrap();
        assert_eq!(body["type"], "typing");
        assert_eq!(body["conversation"]["id"], PERSONAL);
        assert_eq!(body.get("text"), None);
        for answer in [replied(201, r#"{"id": "1"}"#), replied(403, "{}")] {
            assert_eq!(step(personal(), &[token("t"), answer]), None);
        }
    }

    #[test]
    fn a_channel_and_a_targeted_conversation_get_no_sign() {
        let channel = fixtures::conversation(ConversationKind::Channel, CHANNEL_THREAD);
        assert_eq!(step(channel, &[]), None);
        let targeted = ConversationRef {
            thread: Some("29:ada".into()),
            ..fixtures::conversation(ConversationKind::Direct, CHANNEL_THREAD)
        };
        assert_eq!(step(targeted, &[]), None);
    }
}
