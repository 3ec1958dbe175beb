//! Messages of people in Teams, as activities for the bot.

use std::iter::once;

use serde_json::{Map, Value, json};

use super::account::TeamsAccount;
use super::ids::{channel_id, new_activity_id, personal_id, service_url, user_id};
use crate::simulator::connectors::Connector;
use crate::simulator::event::Event;
use crate::simulator::ids::uuid;
use crate::simulator::item::Item;
use crate::simulator::message::{Message, Place, Saying};
use crate::simulator::platform::Platform;
use crate::simulator::world::World;

/// Records a person's message and makes its activity, after the two activities of an installation if it is
/// the first in a personal chat.
pub(super) fn write(
    world: &mut World,
    connector: &Connector,
    account: &TeamsAccount,
    saying: &Saying<'_>,
) -> (Message, Vec<Event>) {
    let person = saying.person;
    let is_channel = saying.place == Place::General;
    let mut is_first = false;
    if let Some(connector) = world.connector_mut(connector.id()) {
        let standing = connector.standing_mut(&person.id);
        is_first = !is_channel && !standing.has_started;
        standing.has_started |= !is_channel;
        standing.is_known = true;
        standing.has_blocked &= is_channel;
    }
    let id = new_activity_id(world, saying.now_ms);
    let conversation_id = if is_channel {
        let root = saying.thread.unwrap_or(&id);
        format!("{};messageid={root}", channel_id(account))
    } else {
        personal_id(account, person)
    };
    let shared = Common {
        connector,
        account,
        saying,
        conversation_id: &conversation_id,
        is_channel,
    };
    let mut activities = Vec::new();
    if is_first {
        let made = |what: &str| format!("f:{}", uuid(&[what, connector.id(), &person.id]));
        activities.push(shared.activity(
            "installationUpdate",
            &made("installed"),
            json!({"action": "add"}),
        ));
        let added = json!({"membersAdded": [{"id": account.bot_id()}]});
        activities.push(shared.activity("conversationUpdate", &made("added"), added));
    }
    let (text, mention) = shared.text();
    let mut client = json!({"country": "US", "platform": "Web", "type": "clientInfo"});
    if let (Some(language), Value::Object(fields)) = (&person.language, &mut client) {
        fields.insert("locale".into(), json!(language));
    }
    let entities: Vec<_> = once(client).chain(mention).collect();
    let html = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mut attachments =
        vec![json!({"contentType": "text/html", "content": format!("<p>{html}</p>")})];
    attachments.extend(saying.item.and_then(|item| attached(item, &id)));
    let mut said = json!({
        "text": text, "textFormat": "plain", "entities": entities, "attachments": attachments,
    });
    if let (Some(Item::Choice { id: value, .. }), Value::Object(fields)) = (saying.item, &mut said)
    {
        fields.insert("value".into(), json!(value));
    }
    activities.push(shared.activity("message", &id, said));
    let events = activities
        .into_iter()
        .map(|activity| {
            let kind = activity
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            let event_id = format!("teams-{}", world.new_id("A"));
            let body = activity.to_string().into_bytes();
            Event::new(Platform::Teams, &event_id, &kind, connector.id(), body)
        })
        .collect();
    let message = Message {
        with: (!is_channel).then(|| person.id.clone()),
        ..Message::of_person(Platform::Teams, connector.id(), saying, id, conversation_id)
    };
    (message, events)
}

/// The attachment of an uploaded file or of a pasted picture, which is in Teams' own store. A pressed button
/// is its title as a text, with a value.
fn attached(item: &Item, activity_id: &str) -> Option<Value> {
    let Item::File { name, mime_type } = item else {
        return None;
    };
    if mime_type.starts_with("image/") {
        let store = "https://us-api.asm.skype.com/v1/objects";
        return Some(json!({
            "contentType": mime_type, "name": name,
            "contentUrl": format!("{store}/0-eus-d1-{activity_id}/views/imgo"),
        }));
    }
    let folder = "https://acme-my.sharepoint.com/personal/Documents/Applications";
    let extension = name.rsplit('.').next().unwrap_or_default();
    Some(json!({
        "contentType": "application/vnd.microsoft.teams.file.download.info",
        "contentUrl": format!("{folder}/{name}"), "name": name,
        "content": {
            "downloadUrl": format!("{folder}/download?of={activity_id}"),
            "uniqueId": uuid(&["file", activity_id]), "fileType": extension,
        },
    }))
}

/// The fields that all activities about one message share.
struct Common<'a> {
    connector: &'a Connector,
    account: &'a TeamsAccount,
    saying: &'a Saying<'a>,
    conversation_id: &'a str,
    is_channel: bool,
}

impl Common<'_> {
    fn activity(&self, kind: &str, id: &str, own: Value) -> Value {
        let person = self.saying.person;
        let tenant = json!({"id": self.account.tenant_id});
        let stamp = rfc3339(self.saying.now_ms);
        let mut conversation = json!({
            "conversationType": if self.is_channel { "channel" } else { "personal" },
            "id": self.conversation_id, "tenantId": self.account.tenant_id,
        });
        let mut channel_data = json!({ "tenant": tenant });
        if self.is_channel
            && let (Value::Object(conversation), Value::Object(channel_data)) =
                (&mut conversation, &mut channel_data)
        {
            let channel = channel_id(self.account);
            conversation.insert("isGroup".into(), json!(true));
            channel_data.insert("teamsChannelId".into(), json!(channel));
            channel_data.insert("teamsTeamId".into(), json!(channel));
            channel_data.insert("channel".into(), json!({"id": channel}));
            channel_data.insert("team".into(), json!({"id": channel}));
        }
        let mut activity = json!({
            "type": kind, "id": id, "timestamp": stamp, "localTimestamp": stamp,
            "serviceUrl": service_url(self.saying.base_url), "channelId": "msteams",
            "from": {"id": user_id(self.account, person), "name": person.name, "aadObjectId": person.aad_object_id},
            "conversation": conversation,
            "recipient": {"id": self.account.bot_id(), "name": self.connector.config.name},
            "channelData": channel_data,
        });
        let own = match own {
            Value::Object(own) => own,
            _ => Map::new(),
        };
        if let Value::Object(fields) = &mut activity {
            if let Some(language) = &person.language {
                fields.insert("locale".into(), json!(language));
            }
            fields.extend(own);
        }
        activity
    }

    /// The text, and the entity of a mention. In a channel the bot only receives mentions, so a text without
    /// one gets it prepended.
    fn text(&self) -> (String, Option<Value>) {
        let said: &str = match self.saying.item {
            Some(Item::Choice { title, .. }) => title,
            _ => self.saying.text,
        };
        if !self.is_channel {
            return (said.to_owned(), None);
        }
        let name = &self.connector.config.name;
        let mark = format!("<at>{name}</at>");
        let typed = format!("@{name}");
        let text = if said.contains(&typed) {
            said.replace(&typed, &mark)
        } else {
            format!("{mark} {said}")
        };
        let mention = json!({
            "type": "mention", "text": mark, "mentioned": {"id": self.account.bot_id(), "name": name},
        });
        (text, Some(mention))
    }
}

/// Formats a time in UTC as activities do. The date conversion is Howard Hinnant's algorithm.
fn rfc3339(unix_ms: i64) -> String {
    let (days, in_day) = (
        unix_ms.div_euclid(86_400_000),
        unix_ms.rem_euclid(86_400_000),
    );
    let from_march = days + 719_468;
    let era = from_march.div_euclid(146_097);
    let day_of_era = from_march.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hours, minutes) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (seconds, ms) = (in_day / 1000 % 60, in_day % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn times_are_written_as_dates() {
        assert_eq!(rfc3339(1_486_674_667_437), "2017-02-09T21:11:07.437Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00.000Z");
    }
}
