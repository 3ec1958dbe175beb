//! Content in shapes that nobody promised, and its bounds.

use super::*;

#[test]
fn a_text_of_which_nothing_is_seen_is_no_message() {
    for body in ["", " \n", "\u{200B}\u{202E}"] {
        let event = only_event(&changed(|message| message["text"]["body"] = body.into()));
        let Event::Placeholder(message) = event else {
            panic!("{body:?} is {event:?}");
        };
        assert_eq!(message.text, "", "{body:?}");
    }
}

#[test]
fn a_button_without_a_title_is_known_by_its_id() {
    for (content, words) in [
        (json!({"payload": "yes-1"}), "Choice: yes-1"),
        (json!({"text": "", "payload": "yes-1"}), "Choice: yes-1"),
        (json!({"text": 7}), "Choice"),
    ] {
        let body = changed_from("message_button", |value| {
            value["messages"][0]["button"] = content.clone();
        });
        let message = message_of(&body);
        assert_eq!(
            (message.text.as_str(), message.words().as_str()),
            ("", words)
        );
    }
}

#[test]
fn content_of_another_shape_than_promised_is_no_content() {
    for (kind, content) in [
        ("location", json!("here")),
        ("contacts", json!({"name": "Ada"})),
        ("contacts", json!([7, null])),
        ("order", json!([])),
        ("button", json!("Yes")),
        ("interactive", json!({"button_reply": "Yes"})),
        ("image", json!({"id": 7})),
    ] {
        let event = only_event(&changed(|message| {
            message["type"] = kind.into();
            message[kind] = content.clone();
        }));
        assert!(matches!(event, Event::Placeholder(_)), "{kind} {content}");
    }
}

#[test]
fn a_reaction_says_what_and_to_which_message_or_is_ignored() {
    for reaction in [
        json!(null),
        json!("👍"),
        json!({"emoji": "👍"}),
        json!({"message_id": ""}),
        json!({"emoji": "👍", "message_id": ""}),
        json!({"message_id": "wamid.ours=="}),
        json!({"emoji": "", "message_id": "wamid.ours=="}),
    ] {
        let event = only_event(&changed(|message| {
            message["type"] = "reaction".into();
            message["reaction"] = reaction.clone();
        }));
        assert_eq!(kind_of(&event), "message:reaction", "{reaction}");
    }
}

#[test]
fn numbers_may_be_texts_and_those_that_are_none_are_left_out() {
    let body = changed_from("message_location", |value| {
        let place = &mut value["messages"][0]["location"];
        place["latitude"] = "37.5".into();
        place["longitude"] = "-122".into();
    });
    assert_eq!(message_of(&body).words(), "Location: A place, 37.5, -122");
    let body = changed_from("message_location", |value| {
        value["messages"][0]["location"]["latitude"] = json!([37.5]);
    });
    assert_eq!(message_of(&body).words(), "Location: A place");
}

#[test]
fn answers_that_are_no_json_are_kept_as_they_are() {
    for (response, words) in [
        (json!("Ada, 7"), "Form: Ada, 7"),
        (json!({"name": "Ada"}), "Form: name: Ada"),
        (json!(null), "Form"),
    ] {
        let body = changed_from("message_interactive_flow_reply", |value| {
            value["messages"][0]["interactive"]["nfm_reply"]["response_json"] = response.clone();
        });
        assert_eq!(message_of(&body).words(), words);
    }
    let body = changed_from("message_interactive_address_reply", |value| {
        value["messages"][0]["interactive"]["nfm_reply"]["response_json"] =
            r#"{"values":"Mumbai"}"#.into();
    });
    assert_eq!(
        message_of(&body).words(),
        "Form address_message: values: Mumbai"
    );
}

#[test]
fn parts_from_outside_are_clean_and_bounded() {
    let hostile = message_of(&captured("hostile_parts"));
    let words = hostile.words();
    assert!(words.contains("Contact: adA, +12 3"), "{words}");
    let many = message_of(&captured("hostile_many_contacts"));
    assert_eq!(many.parts.as_slice().len(), 64 * 1024 / one_contact(&many));
    let deep = message_of(&captured("hostile_form"));
    assert!(!is_blank(&deep.words()));
}

/// Size of the first part, with the comma behind it, in bytes of JSON.
fn one_contact(message: &InboundMessage) -> usize {
    let first = message.parts.as_slice().first().unwrap();
    serde_json::to_vec(first).unwrap().len() + 1
}
