use super::*;
use crate::samples::{at, connector, conversation, environment};

fn keys(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

#[test]
fn a_conversation_is_one_thread_of_one_connector() {
    let of = |connector: &str, channel: &str, thread: Option<&str>| {
        let connector = ConnectorId::derive(&[connector]);
        let (kind, thread) = (ConversationKind::Channel, thread.map(Into::into));
        ConversationRef::new(connector, kind, channel.into(), thread)
    };
    let own = of("c", "C1", None);
    assert_eq!(own, of("c", "C1", None));
    for other in [
        of("d", "C1", None),
        of("c", "C2", None),
        of("c", "C1", Some("1")),
    ] {
        assert_ne!(other.id, own.id);
    }
}

#[test]
fn a_conversation_keeps_its_id_whatever_is_told_of_it() {
    let told = conversation("D1")
        .on_channel("sms")
        .answered_at("https://smba.example.com/")
        .with_member("29:1");
    let expected = ConversationRef {
        channel: Some("sms".into()),
        reply_url: Some("https://smba.example.com/".into()),
        member_id: Some("29:1".into()),
        ..conversation("D1")
    };
    assert_eq!(told, expected);
    assert_eq!(told.id, conversation("D1").id);
}

#[test]
fn a_group_or_channel_has_the_name_that_is_told_and_a_direct_conversation_has_none() {
    let named = |kind, name| {
        let place = ConversationRef::new(connector().id, kind, "C1".into(), None);
        place.named(name).name
    };
    for kind in [ConversationKind::Group, ConversationKind::Channel] {
        assert_eq!(named(kind, Some("#general")).as_deref(), Some("#general"));
        let deceiving = named(kind, Some(" Pay\u{202E}roll\n "));
        assert_eq!(deceiving.as_deref(), Some("Payroll"));
        assert_eq!(named(kind, Some("\u{200B}")), None);
        assert_eq!(named(kind, None), None);
    }
    assert_eq!(named(ConversationKind::Direct, Some("Ada")), None);
}

/// A message of this second that was answered with so many texts.
fn delivered(place: &ConversationRef, second: i64, replies: u64) -> Delivered<'_> {
    Delivered {
        inbound: Inbound::Message,
        place,
        environment_id: environment("e"),
        chat_user_id: ChatUserId::derive(&["u"]),
        provider_event_id: "Ev1",
        sent_at: at(second),
        at: at(second + 1),
        replies,
        handoff: None,
    }
}

#[test]
fn what_was_delivered_by_the_release_before_stays_known_and_is_not_added_to() {
    let before = Conversation {
        recent_events: keys(3..203),
        ..Conversation::default()
    };
    let record = before.with_delivered(&delivered(&conversation("D1"), 1, 0));
    assert_eq!(record.recent_events, keys(3..203));
    for (keys, known) in [
        (keys(2..3), false),
        (keys(3..4), true),
        (keys(2..4), true),
        (keys(203..204), false),
        (vec![], false),
    ] {
        assert_eq!(record.has_any(&keys), known, "{keys:?}");
    }
}

#[test]
fn a_delivery_and_its_answers_get_numbers_without_gaps_and_time_never_runs_back() {
    let place = conversation("D1");
    let record = Conversation::default()
        .with_delivered(&delivered(&place, 9, 2))
        .with_delivered(&delivered(&place, 8, 0));
    let expected = Conversation {
        message_count: 2,
        message_total: 4,
        last_message_at: Some(at(9)),
        outgoing: Outgoing::default().with_added(2, 3),
        place: Some(place),
        environment_id: Some(environment("e")),
        chat_user_id: Some(ChatUserId::derive(&["u"])),
        last_event_id: Some("Ev1".into()),
        last_activity_at: Some(at(10)),
        ..Conversation::default()
    };
    assert_eq!(record, expected);
}

#[test]
fn what_the_agent_does_not_get_and_changes_leave_no_gap_among_the_messages_that_it_gets() {
    let place = conversation("D1");
    let of = |inbound, second, replies| Delivered {
        inbound,
        ..delivered(&place, second, replies)
    };
    let first = Conversation::default().with_delivered(&of(Inbound::Message, 1, 0));
    let mut record = first.clone();
    for (inbound, replies, total, next) in [
        (Inbound::Nothing, 0, 1, 1),
        (Inbound::Unseen, 0, 2, 1),
        (Inbound::Nothing, 2, 4, 3),
        (Inbound::Unseen, 1, 6, 3),
    ] {
        record = record.with_delivered(&of(inbound, 8, replies));
        assert_eq!(record.last_event_id.as_deref(), Some("Ev1"));
        assert_eq!((record.message_count, record.message_total), (1, total));
        assert_eq!(record.last_message_at, Some(at(1)));
        assert_eq!(record.outgoing.next, next);
    }
    assert_eq!(first.with_delivered(&of(Inbound::Nothing, 8, 0)), first);
    let record = record.with_delivered(&of(Inbound::Message, 7, 0));
    assert_eq!((record.message_count, record.message_total), (2, 7));
    assert_eq!(record.last_message_at, Some(at(7)));
}

#[test]
fn texts_that_answer_no_message_get_the_next_numbers_and_count_as_activity_alone() {
    let place = conversation("D1");
    let answered = Conversation::default().with_delivered(&delivered(&place, 9, 1));
    let record = answered.with_texts(3, at(20));
    let expected = Conversation {
        message_total: 5,
        last_activity_at: Some(at(20)),
        outgoing: Outgoing::default().with_added(2, 5),
        ..answered.clone()
    };
    assert_eq!(record, expected);
    let sent = Conversation {
        outgoing: answered.outgoing.with_finished(2),
        ..answered
    };
    let outgoing = sent.with_texts(3, at(20)).outgoing;
    assert_eq!((outgoing.next, outgoing.last), (3, 5));
    assert_eq!(record.with_texts(1, at(1)).last_activity_at, Some(at(20)));
}

#[test]
fn sending_goes_on_at_the_first_text_that_is_not_finished() {
    let place = conversation("D1");
    let after = |record: Conversation, replies| {
        let record = record.with_delivered(&delivered(&place, 1, replies));
        let outgoing = &record.outgoing;
        (outgoing.has_unsent(), outgoing.next, outgoing.last, record)
    };
    assert!(!Conversation::default().outgoing.has_unsent());
    let (unsent, _, _, record) = after(Conversation::default(), 0);
    assert!(!unsent);
    let (unsent, next, last, record) = after(record, 2);
    assert_eq!((unsent, next, last), (true, 3, 4));
    let (unsent, next, last, record) = after(record, 1);
    assert_eq!((unsent, next, last), (true, 3, 6));
    let outgoing = record.outgoing.with_finished(3).with_finished(4);
    assert_eq!((outgoing.has_unsent(), outgoing.next), (true, 5));
    let outgoing = outgoing.with_finished(6);
    assert_eq!((outgoing.has_unsent(), outgoing.next), (false, 7));
    assert_eq!(outgoing.with_finished(3), outgoing);
    let (unsent, next, last, _) = after(Conversation { outgoing, ..record }, 1);
    assert_eq!((unsent, next, last), (true, 8, 8));
}

#[test]
fn pieces_are_counted_for_the_text_in_hand_only_and_forgotten_when_it_is_finished() {
    let outgoing = Outgoing {
        progress: Some(Progress {
            number: 2,
            pieces_sent: 3,
            in_doubt: false,
        }),
        ..Outgoing::default()
    };
    assert_eq!((outgoing.pieces_sent(2), outgoing.pieces_sent(3)), (3, 0));
    assert_eq!(outgoing.with_finished(2).pieces_sent(2), 0);
    assert_eq!(Outgoing::default().pieces_sent(2), 0);
}

#[test]
fn an_address_that_was_replaced_is_called_no_more_until_a_message_names_another() {
    let at = |url: &str| conversation("D1").answered_at(url);
    let learnt = |place: &ConversationRef, url: &str| Learnt::of(place, None, Some(url.into()));
    let mut record = Outgoing::default();
    record.learn(&learnt(&at("https://a/"), "https://b/"));
    assert_eq!(record.current(&at("https://a/")), at("https://b/"));
    assert_eq!(record.current(&at("https://c/")), at("https://c/"));
    assert_eq!(record.current(&conversation("D1")), conversation("D1"));
    let nothing = learnt(&conversation("D1"), "https://d/");
    assert!(nothing.is_nothing());
    record.learn(&nothing);
    assert_eq!(record.current(&at("https://a/")), at("https://b/"));
}

#[test]
fn a_conversation_that_moved_is_written_to_at_its_new_place_under_the_same_id() {
    let before = conversation("G1");
    let mut moved = Outgoing::default();
    assert_eq!(moved.current(&before), before);
    let learnt = Learnt::of(&before, Some("G2".into()), None);
    assert!(!learnt.is_nothing());
    moved.learn(&learnt);
    let expected = ConversationRef {
        provider_conversation_id: "G2".into(),
        ..before.clone()
    };
    assert_eq!(moved.current(&before), expected);
    assert_eq!(
        before.id,
        ConversationRef::new(connector().id, before.kind, "G1".into(), None).id
    );
}
