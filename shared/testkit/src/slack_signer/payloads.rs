//! Builders for bodies of Slack's Events API, with the fields of Slack's event reference.

use serde_json::{Map, Value, json};

use super::sign;
use crate::signed_request::SignedRequest;

/// One app in one workspace: the facts in the outer part of every event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlackInstall {
    /// `A…`
    pub api_app_id: String,
    /// `T…`
    pub team_id: String,
    /// `E…` for an organisation-wide install.
    pub enterprise_id: Option<String>,
    /// The app's own user, `U…`.
    pub bot_user_id: String,
    /// The app's bot id, `B…`, which marks its own messages.
    pub bot_id: String,
    /// Key for the signatures of its events.
    pub signing_secret: String,
}

/// One message, with the ids that Slack gave it.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// `Ev…`
    pub event_id: &'a str,
    /// `1700000000.000100`
    pub ts: &'a str,
    /// `U…` or `W…`
    pub user: &'a str,
    /// `D…`, `C…` or `G…`
    pub channel: &'a str,
    /// Text as Slack sends it: `&`, `<` and `>` escaped, mentions as `<@U…>`.
    pub text: &'a str,
}

/// The body of one event, which can still be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct SlackPayload(Value);

impl SlackInstall {
    /// A direct message to the app.
    #[must_use]
    pub fn direct_message(&self, said: &Said<'_>) -> SlackPayload {
        self.message(said, "im")
    }

    /// A message in a conversation of this `channel_type`: `channel`, `group`, `mpim`, `im` or `app_home`.
    #[must_use]
    pub fn message(&self, said: &Said<'_>, channel_type: &str) -> SlackPayload {
        self.event(
            said,
            &json!({
                "client_msg_id": client_msg_id(said.event_id),
                "type": "message",
                "text": said.text,
                "user": said.user,
                "ts": said.ts,
                "team": self.team_id,
                "channel": said.channel,
                "event_ts": said.ts,
                "channel_type": channel_type,
            }),
        )
    }

    /// The `app_mention` of a message that names the app; it has neither `channel_type` nor `subtype`.
    #[must_use]
    pub fn app_mention(&self, said: &Said<'_>) -> SlackPayload {
        self.event(
            said,
            &json!({
                "client_msg_id": client_msg_id(said.event_id),
                "type": "app_mention",
                "text": said.text,
                "user": said.user,
                "ts": said.ts,
                "team": self.team_id,
                "channel": said.channel,
                "event_ts": said.ts,
            }),
        )
    }

    /// One mention in a channel, as Slack delivers it to an app that also reads the channel: two events with
    /// two event ids, but one `ts` and one `client_msg_id`.
    #[must_use]
    pub fn mention_pair(&self, said: &Said<'_>, message_event_id: &str) -> [SlackPayload; 2] {
        let message = Said {
            event_id: message_event_id,
            ..*said
        };
        [
            self.app_mention(said),
            self.message(&message, "channel")
                .with("/event/client_msg_id", client_msg_id(said.event_id)),
        ]
    }

    /// A message of this `subtype`, with the fields that all subtypes share.
    #[must_use]
    pub fn message_with_subtype(&self, said: &Said<'_>, subtype: &str) -> SlackPayload {
        self.message(said, "channel")
            .without("/event/client_msg_id")
            .with("/event/subtype", subtype)
    }

    /// An edited message.
    #[must_use]
    pub fn message_changed(&self, said: &Said<'_>) -> SlackPayload {
        let inner = json!({
            "type": "message", "user": said.user, "text": said.text, "ts": said.ts,
            "edited": {"user": said.user, "ts": said.ts},
        });
        self.event(
            said,
            &json!({
                "type": "message", "subtype": "message_changed", "hidden": true, "channel": said.channel,
                "channel_type": "im", "ts": said.ts, "event_ts": said.ts, "message": inner,
                "previous_message": {"type": "message", "user": said.user, "text": "before", "ts": said.ts},
            }),
        )
    }

    /// A deleted message.
    #[must_use]
    pub fn message_deleted(&self, said: &Said<'_>) -> SlackPayload {
        self.event(
            said,
            &json!({
                "type": "message", "subtype": "message_deleted", "hidden": true, "channel": said.channel,
                "channel_type": "im", "ts": said.ts, "event_ts": said.ts, "deleted_ts": said.ts,
                "previous_message": {"type": "message", "user": said.user, "text": said.text, "ts": said.ts},
            }),
        )
    }

    /// A message of a legacy integration: `subtype: bot_message` and no user.
    #[must_use]
    pub fn bot_message(&self, said: &Said<'_>) -> SlackPayload {
        self.message_with_subtype(said, "bot_message")
            .without("/event/user")
            .with("/event/bot_id", "B0OTHER")
            .with("/event/username", "a webhook")
    }

    /// The app's own message, returned to it: no subtype, marked only by `bot_id`, `bot_profile` and
    /// `app_id`.
    #[must_use]
    pub fn own_message(&self, said: &Said<'_>) -> SlackPayload {
        self.message(said, "im")
            .without("/event/client_msg_id")
            .with("/event/user", self.bot_user_id.as_str())
            .with("/event/bot_id", self.bot_id.as_str())
            .with("/event/app_id", self.api_app_id.as_str())
            .with(
                "/event/bot_profile",
                json!({"id": self.bot_id, "app_id": self.api_app_id, "name": "bot", "deleted": false,
                       "team_id": self.team_id}),
            )
    }

    /// The message that reports that a person joined the channel.
    #[must_use]
    pub fn channel_join(&self, said: &Said<'_>) -> SlackPayload {
        self.message_with_subtype(said, "channel_join").with(
            "/event/text",
            format!("<@{}> has joined the channel", said.user),
        )
    }

    /// An event that is not a message, such as `member_joined_channel` or `tokens_revoked`, with its own fields.
    #[must_use]
    pub fn other_event(&self, event_id: &str, ts: &str, event: &Value) -> SlackPayload {
        let said = Said {
            event_id,
            ts,
            user: "",
            channel: "",
            text: "",
        };
        self.event(&said, event)
    }

    /// The handshake when a request URL is entered. It is signed like every other request.
    #[must_use]
    pub fn url_verification(&self, challenge: &str) -> SlackPayload {
        SlackPayload(json!({
            "token": "XXYYZZ", "challenge": challenge, "type": "url_verification",
        }))
    }

    /// Slack's notice that it dropped events; has no `event` object.
    #[must_use]
    pub fn app_rate_limited(&self, minute_rate_limited: i64) -> SlackPayload {
        SlackPayload(json!({
            "token": "XXYYZZ", "type": "app_rate_limited", "team_id": self.team_id,
            "minute_rate_limited": minute_rate_limited, "api_app_id": self.api_app_id,
        }))
    }

    fn event(&self, said: &Said<'_>, event: &Value) -> SlackPayload {
        let installed_team = match self.enterprise_id {
            // An organisation-wide install has no workspace here.
            Some(_) => Value::Null,
            None => json!(self.team_id),
        };
        SlackPayload(json!({
            "token": "XXYYZZ",
            "team_id": self.team_id,
            "api_app_id": self.api_app_id,
            "event": event,
            "type": "event_callback",
            "event_id": said.event_id,
            "event_time": seconds_of(said.ts),
            "authorizations": [{
                "enterprise_id": self.enterprise_id,
                "team_id": installed_team,
                "user_id": self.bot_user_id,
                "is_bot": true,
                "is_enterprise_install": self.enterprise_id.is_some(),
            }],
            "is_ext_shared_channel": false,
            "event_context": format!("4-{}", said.event_id),
        }))
    }
}

impl SlackPayload {
    /// A payload from a complete body.
    #[must_use]
    pub const fn from_value(body: Value) -> Self {
        Self(body)
    }

    /// The body as JSON.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.0
    }

    /// The id that Slack gave the event, if it has one.
    #[must_use]
    pub fn event_id(&self) -> Option<&str> {
        self.0.get("event_id").and_then(Value::as_str)
    }

    /// Sets the field at a JSON pointer such as `/event/thread_ts`. Creates missing objects on the way.
    #[must_use]
    pub fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let mut place = &mut self.0;
        for key in pointer.split('/').skip(1) {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            if let Value::Object(fields) = place {
                place = fields.entry(key).or_insert(Value::Null);
            } else {
                return self;
            }
        }
        *place = value.into();
        self
    }

    /// Removes the field at a JSON pointer.
    #[must_use]
    pub fn without(mut self, pointer: &str) -> Self {
        if let Some((parent, key)) = pointer.rsplit_once('/')
            && let Some(Value::Object(fields)) = self.0.pointer_mut(parent)
        {
            fields.shift_remove(key);
        }
        self
    }

    /// The same message as a reply in the thread of `thread_ts`.
    #[must_use]
    pub fn in_thread(self, thread_ts: &str) -> Self {
        self.with("/event/thread_ts", thread_ts)
    }

    /// The same message with a file, which makes it a `file_share`.
    #[must_use]
    pub fn with_file(self, file_id: &str, name: &str, mime_type: &str) -> Self {
        self.with("/event/subtype", "file_share").with(
            "/event/files",
            json!([{
                "id": file_id, "name": name, "title": name, "mimetype": mime_type,
                "mode": "hosted", "size": 1024,
                "url_private": format!("https://files.slack.com/files-pri/T-{file_id}/{name}"),
            }]),
        )
    }

    /// The same message from a person of another workspace in a shared channel.
    #[must_use]
    pub fn from_workspace(self, team_id: &str) -> Self {
        self.with("/event/user_team", team_id)
            .with("/event/source_team", team_id)
            .with("/event/team", team_id)
            .with("/is_ext_shared_channel", true)
    }

    /// The bytes to sign and send.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    /// The request that Slack would send at this time.
    #[must_use]
    pub fn sign(&self, signing_secret: &str, timestamp_secs: i64) -> SignedRequest {
        sign(signing_secret, timestamp_secs, self.body())
    }
}

/// The id that Slack's clients give each message; both events of a mention share it.
fn client_msg_id(event_id: &str) -> String {
    let digest = crate::crypto::sha256(&[event_id.as_bytes()]);
    let hex = data_encoding::HEXLOWER.encode(&digest);
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    format!(
        "{}-{}-4{}-8{}-{}",
        part(0..8),
        part(8..12),
        part(12..15),
        part(15..18),
        part(18..30)
    )
}

fn seconds_of(ts: &str) -> i64 {
    ts.split('.')
        .next()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install() -> SlackInstall {
        SlackInstall {
            api_app_id: "A1".into(),
            team_id: "T1".into(),
            enterprise_id: None,
            bot_user_id: "U0BOT".into(),
            bot_id: "B0BOT".into(),
            signing_secret: "s".into(),
        }
    }

    const HELLO: Said<'_> = Said {
        event_id: "Ev1",
        ts: "1700000000.000100",
        user: "U1",
        channel: "C1",
        text: "<@U0BOT> hi",
    };

    #[test]
    fn a_mention_is_two_events_about_one_message() {
        let [mention, message] = install().mention_pair(&HELLO, "Ev2");
        assert_eq!(mention.event_id(), Some("Ev1"));
        assert_eq!(message.event_id(), Some("Ev2"));
        for pointer in [
            "/event/ts",
            "/event/channel",
            "/event/client_msg_id",
            "/team_id",
        ] {
            let value = mention.value().pointer(pointer);
            assert!(value.is_some(), "{pointer}");
            assert_eq!(value, message.value().pointer(pointer), "{pointer}");
        }
        assert_eq!(mention.value().pointer("/event/channel_type"), None);
        assert_eq!(message.value()["event"]["channel_type"], "channel");
    }

    #[test]
    fn an_organisation_wide_install_names_no_workspace_in_its_authorization() {
        let install = SlackInstall {
            enterprise_id: Some("E1".into()),
            ..install()
        };
        let payload = install.direct_message(&HELLO);
        assert_eq!(payload.value()["authorizations"][0]["team_id"], Value::Null);
        assert_eq!(payload.value()["authorizations"][0]["enterprise_id"], "E1");
    }

    #[test]
    fn fields_are_set_made_and_taken_away_by_pointer() {
        let payload = install()
            .direct_message(&HELLO)
            .with("/event/metadata/kind", "x")
            .without("/event/user");
        assert_eq!(payload.value()["event"]["metadata"]["kind"], "x");
        assert_eq!(payload.value()["event"].get("user"), None);
    }
}
