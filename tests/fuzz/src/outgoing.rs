//! Calls to platforms, and their answers.

use crate::{
    input::Answers,
    platform::{Fixture, disguised},
};
use http::{HeaderValue, uri::PathAndQuery};
use memchr::memmem;
use percent_encoding::percent_decode_str;
use vestibule_domain::{
    chat::conversation::{ConversationKind, ConversationRef},
    chat::message::{Attachment, Identity, InboundMessage},
    chat::profile::Profile,
    connector::Provider,
    language::Language,
    ports::{
        AVATAR_MAX_BYTES, Destination, FileQuery, FileRange, Mark, OutgoingText, ProfileOutcome,
        ProfileQuery, SendOutcome,
    },
    text::is_invisible,
};
use vestibule_providers::{
    catalogue::{chat_provider, connector_setup, file_providers},
    files::FileSource,
    outgoing::{CallResult, ChatProvider, Host, HttpReply, NextCall, OutgoingCall},
    reason::REASON_MAX_CHARS,
    setup::ConnectorSetupOutcome,
    webhook::Credentials,
};

/// Largest number of calls in one run, as in the code that makes them.
const CALLS_MAX: usize = 32;
/// A text without a place in it, so that a place in the call is the recipient.
const GREETING: &str = "Hello";
/// The only other address that a refusal sends Teams' calls to.
const GCC: &str = "https://smba.infra.gcc.teams.microsoft.com/teams";
/// Placeholder in an answer for a secret that the platform repeats.
const ECHO: &str = "%ECHO%";

/// Sends a text and makes a set-up with these answers.
pub fn exercise(fixture: &Fixture, answers: &Answers) {
    let run = Run::new(fixture, answers.results.clone());
    let pieces = run.chat.pieces(&answers.text);
    let kept = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(
        kept(&pieces.concat()),
        kept(&answers.text),
        "words are lost"
    );
    let long = pieces.into_iter().next();
    for text in [GREETING, long.unwrap_or("")] {
        for conversation in &fixture.conversations {
            run.send(text, &fixture.person, conversation);
        }
    }
    run.set_up();
}

/// Answers a message that was read. Nothing in it may redirect our calls.
pub fn answer_to(fixture: &Fixture, message: &InboundMessage) {
    let run = Run::new(fixture, Vec::new());
    run.send(GREETING, &message.sender, &message.conversation);
    for attachment in &message.attachments {
        run.find_file(attachment, &message.conversation);
    }
}

struct Run<'a> {
    fixture: &'a Fixture,
    chat: &'static dyn ChatProvider,
    answers: Vec<CallResult>,
}

impl<'a> Run<'a> {
    fn new(fixture: &'a Fixture, answers: Vec<CallResult>) -> Self {
        let echo = fixture.platform.part_of_addresses().unwrap_or_default();
        Self {
            fixture,
            chat: chat_provider(&Provider::new(fixture.platform.key())).expect("it is listed"),
            answers: answers
                .into_iter()
                .map(|answer| with_echo(answer, &echo))
                .collect(),
        }
    }

    fn send(&self, text: &str, person: &Identity, conversation: &ConversationRef) {
        let mark = Mark {
            id: "01JD3Q3Z9V8M4T6K2N7P5R1S0W",
            look_first: true,
        };
        for (to, mark) in [
            (Destination::Conversation(conversation), None),
            (Destination::Conversation(conversation), Some(mark)),
            (Destination::Privately(person, conversation), None),
        ] {
            let id = "t";
            let text = OutgoingText { to, id, text, mark };
            let outcome = self.drive(conversation, |credentials, so_far| {
                let step = self.chat.send(&text, credentials, so_far);
                if let NextCall::Call(call) = &step
                    && self.fixture.conversations.contains(conversation)
                {
                    check_private(&text, call);
                }
                step
            });
            match outcome {
                SendOutcome::Sent(receipt) => {
                    assert_ne!(receipt.moved_to.as_deref(), Some(""));
                }
                SendOutcome::Retry { reason, .. } | SendOutcome::Failed { reason, .. } => {
                    self.check_word(&reason);
                }
            }
        }
        let query = ProfileQuery {
            identity: person,
            conversation,
        };
        let outcome = self.drive(conversation, |credentials, so_far| {
            self.chat.profile(&query, credentials, so_far)
        });
        match outcome {
            ProfileOutcome::Found { profile, avatar } => {
                let cleaned = Profile::from_raw(
                    profile.display_name.as_deref(),
                    profile.first_name.as_deref(),
                    profile.last_name.as_deref(),
                    profile.avatar_url.as_deref(),
                )
                .with_language(profile.language.as_ref().map(Language::tag));
                assert_eq!(profile, cleaned, "a profile that is not clean");
                assert!(avatar.is_none_or(|avatar| avatar.bytes.len() <= AVATAR_MAX_BYTES));
            }
            ProfileOutcome::Retry { reason, .. } | ProfileOutcome::None { reason } => {
                self.check_word(&reason);
            }
        }
    }

    /// Looks for a file of a message.
    fn find_file(&self, attachment: &Attachment, conversation: &ConversationRef) {
        let key = Provider::new(self.fixture.platform.key());
        let provider = file_providers()
            .iter()
            .find(|provider| provider.provider() == key)
            .expect("it is listed");
        let query = FileQuery {
            attachment,
            reply_url: conversation.reply_url.as_deref(),
            range: FileRange::Whole,
        };
        let found = self.drive(conversation, |credentials, so_far| {
            provider.file(&query, credentials, so_far)
        });
        if let Ok(FileSource::Call(call)) = found {
            self.check_call(&call, conversation);
        }
    }

    fn set_up(&self) {
        let key = self.fixture.platform.key();
        let setup = connector_setup(&Provider::new(key)).expect("it is listed");
        let nowhere = &self.fixture.conversations[0];
        let id = self.fixture.connector.id;
        let url = format!("https://api.example.com/webhooks/{key}/{id}");
        let credentials = self.credentials();
        let tested = self.drive(nowhere, |credentials, so_far| {
            setup.test(credentials, so_far)
        });
        self.check_set_up(tested);
        if setup.connect(&url, &credentials, &[]).is_some() {
            let connected = self.drive(nowhere, |credentials, so_far| {
                setup
                    .connect(&url, credentials, so_far)
                    .expect("it connected before")
            });
            self.check_set_up(connected);
        }
    }

    fn check_set_up(&self, outcome: ConnectorSetupOutcome) {
        match outcome {
            ConnectorSetupOutcome::Done { summary } => self.check_sentence(&summary),
            ConnectorSetupOutcome::Failed {
                problem, reason, ..
            } => {
                self.check_sentence(&problem);
                self.check_word(&reason);
            }
            ConnectorSetupOutcome::Later { reason, .. } => self.check_word(&reason),
        }
    }

    fn credentials(&self) -> Credentials<'_> {
        Credentials {
            connector: &self.fixture.connector,
            secrets: &self.fixture.calling,
        }
    }

    /// Makes calls until the run ends. After the last given answer there is none.
    fn drive<T>(
        &self,
        conversation: &ConversationRef,
        next: impl Fn(&Credentials<'_>, &[CallResult]) -> NextCall<T>,
    ) -> T {
        let credentials = self.credentials();
        let mut so_far = Vec::new();
        while so_far.len() < CALLS_MAX {
            let call = match next(&credentials, &so_far) {
                NextCall::Done(outcome) => return outcome,
                NextCall::Call(call) => call,
            };
            self.check_call(&call, conversation);
            let result = self.answers.get(so_far.len()).cloned();
            let result = result.unwrap_or_else(|| CallResult::NoReply {
                reason: "timeout".to_owned(),
            });
            if let CallResult::Replied(reply) = &result {
                // The platform decides how long it is kept.
                let _ = self.chat.keep_answer(&call, reply);
            }
            so_far.push(result);
        }
        panic!("asks for one call after another");
    }

    /// Checks that a call goes to this platform and to the intended path, and is well-formed.
    fn check_call(&self, call: &OutgoingCall, conversation: &ConversationRef) {
        self.check_hidden(&format!("{call:?}"));
        match &call.host {
            Host::Api(api) => assert!(self.chat.apis().contains(api), "{api:?}"),
            Host::TeamsService(url) => {
                let is_named = Some(url) == conversation.reply_url.as_ref();
                assert!(is_named || url == GCC, "{url}");
            }
            Host::Endpoint(_) => panic!("no platform is at an address of a customer"),
        }
        let path = PathAndQuery::try_from(call.path.as_str()).expect("a path");
        assert_eq!(path.as_str(), call.path, "not all of it is the path");
        assert_eq!(path.query(), None, "the path brings a query");
        assert!(call.path.starts_with('/') && !call.path.contains(['\\', '#']));
        for part in call.path.split('/') {
            let part = percent_decode_str(part).decode_utf8_lossy();
            assert!(!matches!(part.as_ref(), "." | ".."), "{}", call.path);
        }
        for (_, value) in &call.headers {
            assert!(HeaderValue::from_str(value.reveal()).is_ok());
        }
    }

    fn check_word(&self, word: &str) {
        assert!(word.chars().count() <= REASON_MAX_CHARS, "{word}");
        self.check_sentence(word);
    }

    fn check_sentence(&self, sentence: &str) {
        assert!(!sentence.contains(is_invisible), "{sentence:?}");
        self.check_hidden(sentence);
    }

    fn check_hidden(&self, text: &str) {
        let text = disguised(text);
        for hidden in &self.fixture.hidden {
            let shows = memmem::find(&text, hidden).is_some();
            assert!(!shows, "a secret shows");
        }
    }
}

/// Checks that a text for one person does not go to a conversation that others read, whatever the platform
/// answers (SPEC A38). Only for conversations with an id that cannot occur elsewhere in a call.
fn check_private(text: &OutgoingText<'_>, call: &OutgoingCall) {
    let Destination::Privately(_, conversation) = text.to else {
        return;
    };
    if conversation.kind == ConversationKind::Direct || text.text != GREETING {
        return;
    }
    // A thread's id begins with that of its channel.
    let shared = conversation.provider_conversation_id.split(';').next();
    let shared = disguised(shared.unwrap_or_default());
    let path = percent_decode_str(&call.path).decode_utf8_lossy();
    let body = String::from_utf8_lossy(call.body.as_deref().unwrap_or_default());
    for part in [path, body] {
        let named = memmem::find(&disguised(&part), &shared).is_some();
        assert!(!named, "a private text goes to everybody");
    }
}

fn with_echo(answer: CallResult, echo: &str) -> CallResult {
    match answer {
        CallResult::Replied(reply) => match std::str::from_utf8(&reply.body) {
            Ok(body) if body.contains(ECHO) => CallResult::Replied(HttpReply {
                body: body.replace(ECHO, echo).into_bytes(),
                ..reply
            }),
            _ => CallResult::Replied(reply),
        },
        CallResult::NoReply { reason } => CallResult::NoReply {
            reason: reason.replace(ECHO, echo),
        },
        CallResult::Forbidden { reason } => CallResult::Forbidden {
            reason: reason.replace(ECHO, echo),
        },
    }
}
