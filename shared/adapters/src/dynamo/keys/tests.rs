//! Keys read back, and lie in the order in which they are read.

use super::conversation_rows::OUTGOING_PREFIX;
use super::*;
use vestibule_domain::{
    chat::given_up::GivenUpId,
    erasure::ErasureTarget,
    ids::{ChatUserId, ConnectorId, ConversationId},
};

#[test]
fn the_keys_in_the_outbox_read_back_to_what_they_were_made_of() {
    let scope =
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
    let (user, at) = (ChatUserId::derive(&["u"]), ConnectorId::derive(&["c"]));
    let key = standing(scope, user, at);
    assert_eq!(parse_standing(&key), Some((scope, user, at)));
    assert_eq!(parse_standing(&chat_user(scope, user)), None);
    let key = closing(scope, at);
    assert_eq!(parse_closing(&key), Some((scope, at)));
    assert_eq!(parse_standing(&key), None);
    assert_eq!(parse_closing(&standing(scope, user, at)), None);
    let id = ConversationId::derive(&["d"]);
    let key = outgoing(scope, id, at);
    assert_eq!(parse_outgoing(&key), Some((scope, id, at)));
    assert_eq!((parse_standing(&key), parse_closing(&key)), (None, None));
    assert_eq!(parse_outgoing(&conversation(scope, id)), None);
    assert_eq!(parse_outgoing(&message(scope, id, 1)), None);
    assert_eq!(parse_outgoing(&standing(scope, user, at)), None);
    let environment_id = EnvironmentId::derive(&["e"]);
    let key = agent(scope, environment_id);
    assert_eq!(parse_agent(&key), Some((scope, environment_id)));
    assert_eq!((parse_outgoing(&key), parse_closing(&key)), (None, None));
    assert_eq!(parse_standing(&key), None);
    let parked = parked_conversation(scope, environment_id, id);
    assert_eq!(parse_agent(&parked), None);
    assert_eq!(parse_agent(&environment(scope, environment_id)), None);
    for target in [
        ErasureTarget::ChatUser(user),
        ErasureTarget::History,
        ErasureTarget::Environment(environment_id),
        ErasureTarget::Project,
    ] {
        let key = erasure(scope, target);
        assert_eq!(parse_erasure(&key), Some((scope, target)));
        assert_eq!((parse_closing(&key), parse_standing(&key)), (None, None));
    }
    assert_eq!(parse_erasure(&closing(scope, at)), None);
    let key = notices(scope);
    assert_eq!(parse_notices(&key), Some(scope));
    assert_eq!((parse_erasure(&key), parse_closing(&key)), (None, None));
    assert_eq!(parse_notices(&closing(scope, at)), None);
    assert_eq!(parse_mail(&key), None);
    let written = written_conversation(scope, user, id);
    assert_eq!(
        (parse_erasure(&written), parse_outgoing(&written)),
        (None, None)
    );
}

#[test]
fn a_conversation_is_one_partition_in_which_messages_lie_in_the_order_of_their_numbers() {
    let scope =
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
    let id = ConversationId::derive(&["d"]);
    let keys = [1, 2, 9, 10, 99_999, 100_000].map(|number| message(scope, id, number));
    assert!(keys.is_sorted_by(|one, two| one.sk < two.sk));
    assert_eq!(keys.first().unwrap().sk, "MESSAGE#000000000001");
    let numbers = keys.each_ref().map(|key| parse_message_number(&key.sk));
    let expected = [1, 2, 9, 10, 99_999, 100_000].map(Some);
    assert_eq!(numbers, expected);
    assert_eq!(parse_message_number("CONVERSATION"), None);
    for key in keys.iter().chain([&conversation(scope, id)]) {
        assert_eq!(parse_conversation(&key.pk), Some(id));
    }
    assert_eq!(parse_conversation(&conversations(scope)), None);
}

#[test]
fn what_was_given_up_lies_with_its_conversation_and_apart_from_messages_and_what_is_parked() {
    let scope =
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
    let conversation_id = ConversationId::derive(&["d"]);
    let key = given_up(scope, GivenUpId::of_text(conversation_id, 3));
    assert_eq!(parse_conversation(&key.pk), Some(conversation_id));
    assert_ne!(key, given_up(scope, GivenUpId::of_text(conversation_id, 4)));
    for prefix in [MESSAGE_PREFIX, PARKED_PREFIX, OUTGOING_PREFIX] {
        assert!(!key.sk.starts_with(prefix), "{prefix}");
    }
}

#[test]
fn messages_wait_for_an_agent_in_the_order_of_their_numbers_and_apart_from_those_for_another() {
    let scope =
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&["p"]));
    let id = ConversationId::derive(&["d"]);
    let (one, two) = (EnvironmentId::derive(&["1"]), EnvironmentId::derive(&["2"]));
    let keys = [1, 9, 10, 100_000].map(|number| parked_message(scope, one, id, number));
    assert!(keys.is_sorted_by(|one, two| one.sk < two.sk));
    for key in &keys {
        assert_eq!(parse_conversation(&key.pk), Some(id));
        assert!(key.sk.starts_with(&parked_messages_prefix(one)));
        assert!(!key.sk.starts_with(&parked_messages_prefix(two)));
        assert!(!key.sk.starts_with(MESSAGE_PREFIX));
    }
}

#[test]
fn an_event_is_looked_up_at_its_connector_whatever_its_key_holds() {
    let (one, two) = (ConnectorId::derive(&["1"]), ConnectorId::derive(&["2"]));
    let key = handled_event(one, "twilio:SM1");
    assert_eq!(key, handled_event(one, "twilio:SM1"));
    assert_ne!(key, handled_event(two, "twilio:SM1"));
    assert_ne!(key, handled_event(one, "twilio:SM2"));
    let hostile = handled_event(one, "x#PACE");
    assert_eq!(hostile.pk.len(), key.pk.len());
    assert!(!hostile.pk.ends_with("#PACE"));
}

#[test]
fn an_audit_entry_lies_in_its_month() {
    let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
    let at = Timestamp::parse("2026-11-22T10:00:00Z").unwrap();
    assert!(audit(scope, at, "x").pk.ends_with("#AUDIT#2026-11"));
}
