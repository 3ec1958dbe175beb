//! Builders for the bodies of Slack's Events API. Fields as in Slack's event reference; nothing is sent from here.

use serde_json::{Map, Value, json};

use super::sign;
use crate::signed_request::SignedRequest;

/// One app in one workspace: what the outer part of every event says.
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
    /// The app's bot id, `B…`, which marks its posts.
    pub bot_id: String,
    /// What its events are signed with.
    pub signing_secret: String,
}

/// One message as somebody said it, and the ids Slack gave it.
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
    /// As Slack sends it: `&`, `<` and `>` escaped, mentions as `<@U…>`.
    pub text: &'a str,
}

/// The body of one event, still open to changes.
#[derive(Clone, Debug, PartialEq)]
pub struct SlackPayload(Value);

impl SlackInstall {
    /// A direct message to the app.
    #[must_use]
    pub fn direct_message(&self, said: &Said<'_>) -> SlackPayload {
        self.message(said, "im")
    }

    /// A message in a conversation of that `channel_type`: `channel`, `group`, `mpim`, `im` or `app_home`.
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

    /// One mention in a channel as Slack delivers it to an app that reads the channel too: two events, two event ids,
    /// one `ts` and one `client_msg_id`.
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

    /// A message of that `subtype` with the fields that all of them share.
    #[must_use]
    pub fn message_with_subtype(&self, said: &Said<'_>, subtype: &str) -> SlackPayload {
        self.message(said, "channel")
            .without("/event/client_msg_id")
            .with("/event/subtype", subtype)
    }

    /// Somebody edited a message.
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

    /// Somebody deleted a message.
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

    /// A post of an integration of the old kind: `subtype: bot_message` and no user.
    #[must_use]
    pub fn bot_message(&self, said: &Said<'_>) -> SlackPayload {
        self.message_with_subtype(said, "bot_message")
            .without("/event/user")
            .with("/event/bot_id", "B0OTHER")
            .with("/event/username", "a webhook")
    }

    /// A post of this app, come back: no subtype, only `bot_id`, `bot_profile` and `app_id` tell.
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

    /// Somebody joined the channel, as the message that says so.
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

    /// The handshake that Slack makes when a request URL is entered. It is signed like everything else.
    #[must_use]
    pub fn url_verification(&self, challenge: &str) -> SlackPayload {
        SlackPayload(json!({
            "token": "XXYYZZ", "challenge": challenge, "type": "url_verification",
        }))
    }

    /// Slack's note that it dropped events: no `event` object.
    #[must_use]
    pub fn app_rate_limited(&self, minute_rate_limited: i64) -> SlackPayload {
        SlackPayload(json!({
            "token": "XXYYZZ", "type": "app_rate_limited", "team_id": self.team_id,
            "minute_rate_limited": minute_rate_limited, "api_app_id": self.api_app_id,
        }))
    }

    fn event(&self, said: &Said<'_>, event: &Value) -> SlackPayload {
        let installed_team = match self.enterprise_id {
            // An organisation-wide install names no workspace here.
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
    /// A payload from a whole body.
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

    /// Sets the field at a JSON pointer such as `/event/thread_ts`; objects on the way are made.
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

    /// Takes the field at a JSON pointer away.
    #[must_use]
    pub fn without(mut self, pointer: &str) -> Self {
        if let Some((parent, key)) = pointer.rsplit_once('/')
            && let Some(Value::Object(fields)) = self.0.pointer_mut(parent)
        {
            fields.shift_remove(key);
        }
        self
    }

    /// The same message as a reply in the thread of the message `thread_ts`.
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

    /// The same message written by somebody of another workspace in a shared channel.
    #[must_use]
    pub fn from_workspace(self, team_id: &str) -> Self {
        self.with("/event/user_team", team_id)
            .with("/event/source_team", team_id)
            .with("/event/team", team_id)
            .with("/is_ext_shared_channel", true)
    }

    /// The bytes that are signed and sent.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    /// The request that Slack would send at that time.
    #[must_use]
    pub fn sign(&self, signing_secret: &str, timestamp_secs: i64) -> SignedRequest {
        sign(signing_secret, timestamp_secs, self.body())
    }
}

/// Slack's clients make one per message; the same for both events of a mention.
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
