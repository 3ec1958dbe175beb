//! What people write in Slack, as the events that tell the app of it, and the recorded events of `events/slack`.

use super::delivery::Event;
use super::platform::Platform;
use super::world::{App, Author, Message, World, general_channel, typed};
use super::{Place, Saying, Shared, SimulatorError, no_app};
use crate::events::{Fixture, sample};
use crate::slack_signer::{Said, SlackPayload};

/// Somebody writes: one event, or two for a mention in a channel.
pub(super) fn write(world: &mut World, app: &App, saying: &Saying<'_>) -> (Message, Vec<Event>) {
    let connector_id = &app.config.connector_id;
    let user_id = &saying.person.id;
    let (channel, with) = match saying.place {
        Place::Direct | Place::WhatsApp => (
            world.direct_channel(connector_id, user_id),
            Some(user_id.clone()),
        ),
        Place::General => (general_channel(connector_id), None),
    };
    let text = typed(saying.text, app);
    let ts = world.new_ts(saying.now_ms);
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
    let message = Message {
        provider: Platform::Slack,
        ts,
        channel,
        connector_id: connector_id.clone(),
        thread_ts: saying.thread.map(str::to_owned),
        author: Author::Person(user_id.clone()),
        text,
        with,
        only_visible_to: None,
        metadata: None,
        event_ids: Vec::new(),
        at_ms: saying.now_ms,
    };
    (message, events)
}

fn in_context(payload: SlackPayload, saying: &Saying<'_>) -> SlackPayload {
    let payload = match saying.thread {
        Some(thread_ts) => payload.in_thread(thread_ts),
        None => payload,
    };
    match &saying.person.home_team_id {
        Some(team_id) => payload.from_workspace(team_id),
        None => payload,
    }
}

/// A recorded event with the ids of a connector's app and of a person; `fresh` gives it an event id and a time of its own.
pub(super) fn fixture(
    shared: &Shared,
    connector_id: &str,
    mut fixture: Fixture,
    user_id: Option<&str>,
    fresh: bool,
) -> Result<(String, Vec<u8>), SimulatorError> {
    let now_ms = shared.clock.now_ms();
    let event_id = shared.change(|world| {
        let install = world
            .app(connector_id)
            .map(|app| app.install.clone())
            .ok_or_else(|| no_app(connector_id))?;
        fixture = fixture.clone().of(&install);
        if let Some(user_id) = user_id {
            let channel = world.direct_channel(connector_id, user_id);
            fixture = fixture
                .clone()
                .with(sample::USER_ID, user_id)
                .with(sample::DM_ID, &channel)
                .with(sample::CHANNEL_ID, &general_channel(connector_id));
        }
        if !fresh {
            return Ok(sample::EVENT_ID.to_owned());
        }
        let event_id = world.new_id("Ev");
        fixture = fixture
            .clone()
            .with(sample::EVENT_ID, &event_id)
            .with(sample::TS, &world.new_ts(now_ms));
        Ok(event_id)
    })?;
    Ok((event_id, fixture.body().as_bytes().to_vec()))
}
