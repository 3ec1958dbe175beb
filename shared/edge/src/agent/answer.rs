//! An agent's answer to a delivery, as it is used: a test judges it by the very rules of a delivery.

use serde_json::error::Category;
use vestibule_domain::{
    chat::delivery::{AgentResponse, REPLIES_MAX},
    chat::handoff::HandoffRequest,
};
use vestibule_providers::json;

/// The parts of an answer that count, and the reasons for leaving others out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentAnswer {
    /// Texts that are sent, in order.
    pub texts: Vec<String>,
    /// The order to leave the conversation to people.
    pub handoff: Option<HandoffRequest>,
    /// Whether to show behind the texts that another one is being written.
    pub typing: bool,
    /// Number of replies that are not of the documented form. They are left out.
    pub malformed: usize,
    /// Number of replies behind the first [`REPLIES_MAX`]. They are left out.
    pub surplus: usize,
    /// Number of blank texts among the first replies. They are left out.
    pub blank: usize,
    /// Names of the other fields that are not of the documented form. They are left out.
    pub malformed_fields: Vec<&'static str>,
    /// Place of the fault for which the answer as a whole is left out.
    pub unreadable: Option<Unreadable>,
}

/// The reason why an answer cannot be read. It does not quote the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    /// Whether the answer is JSON, of another form than the documented one.
    pub is_json: bool,
    /// Line of the fault, from 1.
    pub line: usize,
    /// Column of the fault.
    pub column: usize,
}

impl AgentAnswer {
    /// Reads the body of an answer. An undocumented answer counts as none, and so does an undocumented part
    /// among others.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Self::default();
        }
        match json::read::<AgentResponse>(body) {
            Ok(response) => Self::of(response),
            Err(error) => Self {
                unreadable: Some(Unreadable {
                    is_json: error.classify() == Category::Data,
                    line: error.line(),
                    column: error.column(),
                }),
                ..Self::default()
            },
        }
    }

    fn of(response: AgentResponse) -> Self {
        let surplus = response.replies.len().saturating_sub(REPLIES_MAX);
        let first = response.replies.into_iter().take(REPLIES_MAX);
        let (texts, blank): (Vec<_>, Vec<_>) = first
            .map(|reply| reply.text)
            .partition(|text| !text.trim().is_empty());
        Self {
            texts,
            handoff: response.handoff,
            typing: response.typing,
            malformed: response.malformed,
            surplus,
            blank: blank.len(),
            malformed_fields: response.malformed_fields,
            unreadable: None,
        }
    }

    /// Whether all that the agent answered counts.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.malformed == 0
            && self.surplus == 0
            && self.blank == 0
            && self.malformed_fields.is_empty()
            && self.unreadable.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &str) -> AgentAnswer {
        AgentAnswer::read(body.as_bytes())
    }

    #[test]
    fn an_answer_in_the_documented_form_is_whole() {
        for (body, texts) in [
            ("", vec![]),
            (" \n", vec![]),
            ("{}", vec![]),
            (r#"{"replies": []}"#, vec![]),
            (
                r#"{"replies": [{"text": "one", "buttons": []}, {"text": "two"}], "more": 1}"#,
                vec!["one", "two"],
            ),
        ] {
            let answer = read(body);
            assert!(answer.is_whole(), "{body}");
            assert_eq!(answer.texts, texts, "{body}");
        }
    }

    #[test]
    fn a_reply_that_cannot_be_sent_is_left_out_and_counted_and_the_others_are_sent() {
        let replies =
            json!({"replies": [{"text": " "}, {"text": "a"}, {"text": ""}, 7, {"no": 1}]});
        let expected = AgentAnswer {
            texts: vec!["a".to_owned()],
            malformed: 2,
            blank: 2,
            ..AgentAnswer::default()
        };
        let answer = read(&replies.to_string());
        assert_eq!(answer, expected);
        assert!(!answer.is_whole());
    }

    #[test]
    fn only_the_first_ten_replies_are_sent_and_a_blank_one_counts_among_them() {
        let mut replies = vec![json!({"text": "x"}); 12];
        replies[3] = json!({"text": " "});
        let answer = read(&json!({ "replies": replies }).to_string());
        assert_eq!(answer.texts.len(), 9);
        assert_eq!((answer.surplus, answer.blank), (2, 1));
        assert!(!answer.is_whole());
    }

    #[test]
    fn a_handoff_and_a_sign_of_writing_count_with_texts_and_without() {
        for (replies, texts) in [(json!([{"text": "a"}]), vec!["a"]), (json!([]), vec![])] {
            let body = json!({"replies": replies, "handoff": {"team": "sales"}, "typing": true});
            let answer = read(&body.to_string());
            assert_eq!(answer.texts, texts);
            let expected = HandoffRequest::cut(Some("sales"), None);
            assert_eq!(answer.handoff, Some(expected));
            assert!(answer.typing && answer.is_whole());
        }
        let neither = read(r#"{"replies": [{"text": "a"}], "handoff": null, "typing": false}"#);
        assert_eq!((&neither.handoff, neither.typing), (&None, false));
        assert!(neither.is_whole());
    }

    #[test]
    fn a_handoff_or_sign_of_writing_of_another_form_is_left_out_and_named_and_the_rest_counts() {
        let answer = read(r#"{"replies": [{"text": "a"}], "handoff": "sales", "typing": true}"#);
        let expected = AgentAnswer {
            texts: vec!["a".to_owned()],
            typing: true,
            malformed_fields: vec!["handoff"],
            ..AgentAnswer::default()
        };
        assert_eq!(answer, expected);
        assert!(!answer.is_whole());
        let answer = read(r#"{"handoff": {}, "typing": 1}"#);
        assert_eq!(answer.handoff, Some(HandoffRequest::default()));
        assert_eq!(
            (answer.typing, answer.malformed_fields),
            (false, vec!["typing"])
        );
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_told_by_the_place_of_its_fault() {
        for (body, is_json, line) in [
            (r#"{"replies": "hello"}"#, true, 1),
            ("{\n\"replies\": {}}", true, 2),
            ("hello", false, 1),
            (r#"{"replies": ["#, false, 1),
            ("<html>", false, 1),
        ] {
            let answer = read(body);
            assert!(answer.texts.is_empty() && !answer.is_whole(), "{body}");
            let unreadable = answer.unreadable.unwrap();
            assert_eq!(
                (unreadable.is_json, unreadable.line),
                (is_json, line),
                "{body}"
            );
        }
    }
}
