//! Messages of people in Slack as events, and the recorded events of `events/slack`.

use serde_json::Value;

use super::account::App;
use super::workspace::{direct_channel, general_channel, new_ts, typed, unescape};
use crate::events::{Fixture, sample};
use crate::simulator::event::Event;
use crate::simulator::item::Item;
use crate::simulator::message::{Message, Place, Saying};
use crate::simulator::platform::Platform;
use crate::simulator::shared::Replay;
use crate::simulator::world::World;
use crate::slack_signer::{Said, SlackPayload};

/// Records a person's message, and makes its event, or two for a mention in a channel.
pub(super) fn write(world: &mut World, app: &App, saying: &Saying<'_>) -> (Message, Vec<Event>) {
    let connector_id = &app.connector_id;
    let user_id = &saying.person.id;
    let (channel, with) = match saying.place {
        Place::Direct | Place::WhatsApp => (
            direct_channel(world, connector_id, user_id),
            Some(user_id.clone()),
        ),
        Place::General => (general_channel(connector_id), None),
    };
    let text = typed(saying.text, app);
    let ts = new_ts(world, saying.now_ms);
    let event_id = world.new_id("Ev");
    let said = Said {
        event_id: &event_id,
        ts: &ts,
        user: user_id,
        channel: &channel,
        text: &text,
    };
    let is_mention = text.contains(&format!("<@{}>", app.install.bot_user_id));
    let payloads = match saying.place {
        Place::General if is_mention => {
            let [mention, message] = app.install.mention_pair(&said, &world.new_id("Ev"));
            vec![("app_mention", mention), ("message", message)]
        }
        Place::General => vec![("message", app.install.message(&said, "channel"))],
        Place::Direct | Place::WhatsApp => vec![("message", app.install.direct_message(&said))],
    };
    let events = payloads
        .into_iter()
        .map(|(kind, payload)| {
            let payload = in_context(payload, saying);
            let event_id = payload.event_id().unwrap_or_default().to_owned();
            Event::new(
                Platform::Slack,
                &event_id,
                kind,
                connector_id,
                payload.body(),
            )
        })
        .collect();
    let shown = typed(&saying.shown(), app);
    let message = Message {
        plain: unescape(&shown),
        text: shown,
        with,
        ..Message::of_person(Platform::Slack, connector_id, saying, ts, channel)
    };
    (message, events)
}

fn in_context(payload: SlackPayload, saying: &Saying<'_>) -> SlackPayload {
    let payload = match saying.item {
        Some(Item::File { name, mime_type }) => {
            let ts = payload.value().pointer("/event/ts").and_then(Value::as_str);
            let file_id = format!("F{}", ts.unwrap_or_default().replace('.', ""));
            payload.with_file(&file_id, name, mime_type)
        }
        _ => payload,
    };
    let payload = match saying.thread {
        Some(thread_ts) => payload.in_thread(thread_ts),
        None => payload,
    };
    match &saying.person.home_team_id {
        Some(team_id) => payload.from_workspace(team_id),
        None => payload,
    }
}

/// A recorded event with the ids of this app and person.
pub(super) fn replay(
    world: &mut World,
    app: &App,
    fixture: Fixture,
    replay: &Replay<'_>,
) -> (String, Vec<u8>) {
    let mut fixture = fixture.of(&app.install);
    if let Some(user_id) = replay.user_id {
        let channel = direct_channel(world, &app.connector_id, user_id);
        fixture = fixture
            .with(sample::USER_ID, user_id)
            .with(sample::DM_ID, &channel)
            .with(sample::CHANNEL_ID, &general_channel(&app.connector_id));
    }
    let mut event_id = sample::EVENT_ID.to_owned();
    if replay.fresh {
        event_id = world.new_id("Ev");
        fixture = fixture
            .with(sample::EVENT_ID, &event_id)
            .with(sample::TS, &new_ts(world, replay.now_ms));
    }
    (event_id, fixture.body().as_bytes().to_vec())
}
