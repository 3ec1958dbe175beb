//! Words and marks by which somebody says whether they may be written to.

use super::*;

/// The consent that the person of `message_sms.form` gives or ends.
fn consent_of_sms(may_write: bool) -> Event {
    Event::Consent {
        sender: vec![phone("+14133881111")],
        channel: Some("sms".into()),
        may_write,
        at: None,
        event_key: Some("twilio:SM00000000000000000000000000000001".into()),
    }
}

/// The consent that the events express, and whether there is a message too.
fn consents(events: &[Event]) -> (Option<bool>, bool) {
    let is_message = matches!(events.last(), Some(Event::Message(_)));
    let may_write = events.iter().find_map(|event| match event {
        Event::Consent { may_write, .. } => Some(*may_write),
        _ => None,
    });
    assert_eq!(
        events.len(),
        usize::from(is_message) + usize::from(may_write.is_some())
    );
    (may_write, is_message)
}

#[test]
fn a_stop_word_that_is_the_whole_sms_ends_consent_and_is_no_message() {
    for word in [
        "STOP",
        "STOPALL",
        "UNSUBSCRIBE",
        "CANCEL",
        "END",
        "QUIT",
        "REVOKE",
        "OPTOUT",
        "stop",
        "Stop",
        " sToP\n",
    ] {
        let events = changed_sms(&[("Body", Some(word))]);
        let expected = consent_of_sms(false);
        assert_eq!(events, [expected], "{word}");
    }
    for name in captured_names("stop_") {
        assert_eq!(
            consents(&captured_events(&name)),
            (Some(false), false),
            "{name}"
        );
    }
}

#[test]
fn a_start_word_gives_consent_back_and_reaches_the_agent_all_the_same() {
    for word in ["START", "UNSTOP", "YES", "yes", " Yes "] {
        let events = changed_sms(&[("Body", Some(word))]);
        let expected = consent_of_sms(true);
        assert_eq!(events[0], expected, "{word}");
        let message = message_in(events[1..].to_vec());
        assert_eq!(message.text, word);
    }
    for name in captured_names("start_") {
        assert_eq!(
            consents(&captured_events(&name)),
            (Some(true), true),
            "{name}"
        );
    }
}

#[test]
fn ordinary_words_are_messages() {
    for text in [
        "Yes please",
        "yes!",
        "Stop it",
        "please stop",
        "The end",
        "cancel my order",
        "STOPP",
        "S T O P",
        "HELP",
        "INFO",
    ] {
        let events = changed_sms(&[("Body", Some(text))]);
        assert_eq!(consents(&events), (None, true), "{text}");
    }
}

#[test]
fn on_whatsapp_words_are_words_unless_twilio_says_otherwise() {
    for word in STOP_WORDS.into_iter().chain(START_WORDS).chain(["HELP"]) {
        let events = changed_whatsapp(&[("Body", Some(word))]);
        assert_eq!(consents(&events), (None, true), "{word}");
    }
    let both = vec![bsuid(), phone("+14133881111")];
    let stop = changed_whatsapp(&[("OptOutType", Some("STOP"))]);
    let expected = Event::Consent {
        sender: both,
        channel: Some("whatsapp".into()),
        may_write: false,
        at: None,
        event_key: Some("twilio:SM00000000000000000000000000000007".into()),
    };
    assert_eq!(stop, [expected]);
    let start = changed_whatsapp(&[("OptOutType", Some("START"))]);
    assert_eq!(consents(&start), (Some(true), true));
    let help = changed_whatsapp(&[("OptOutType", Some("HELP"))]);
    assert_eq!(kind_of(help), "help");
}

#[test]
fn an_opt_out_type_that_nobody_knows_leaves_the_words_to_speak() {
    for kind in ["", "stop", "NEW"] {
        for (body, expected) in [("STOP", (Some(false), false)), ("Hi", (None, true))] {
            let events = changed_sms(&[("OptOutType", Some(kind)), ("Body", Some(body))]);
            assert_eq!(consents(&events), expected, "{kind} {body}");
        }
    }
}
