//! Messages by SMS and WhatsApp, as Twilio's webhook requests.

use data_encoding::HEXLOWER;

use super::account::TwilioAccount;
use super::signer;
use crate::crypto::sha256;
use crate::simulator::connectors::Connector;
use crate::simulator::error::SimulatorError;
use crate::simulator::event::Event;
use crate::simulator::item::Item;
use crate::simulator::message::{Message, Place, Saying};
use crate::simulator::people::Person;
use crate::simulator::platform::Platform;
use crate::simulator::world::World;

/// Words that Twilio treats as a wish to receive no more messages (its default STOP keywords).
const STOP_WORDS: [&str; 6] = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"];
const START_WORDS: [&str; 3] = ["START", "UNSTOP", "YES"];
const HELP_WORDS: [&str; 2] = ["HELP", "INFO"];
/// Prefix of a WhatsApp address.
pub(super) const WHATSAPP: &str = "whatsapp:";

/// Records a person's message by SMS or WhatsApp and makes its event.
pub(super) fn write(
    world: &mut World,
    connector: &Connector,
    account: &TwilioAccount,
    saying: &Saying<'_>,
) -> Result<(Message, Vec<Event>), SimulatorError> {
    let person = saying.person;
    let by_whatsapp = match saying.place {
        Place::Direct => false,
        Place::WhatsApp => true,
        Place::General => return Err(SimulatorError("Twilio has no groups".into())),
    };
    let keyword = saying.text.trim().to_uppercase();
    let opt_out = [
        ("STOP", STOP_WORDS.as_slice()),
        ("START", START_WORDS.as_slice()),
        ("HELP", HELP_WORDS.as_slice()),
    ]
    .into_iter()
    .find(|(_, words)| !by_whatsapp && words.contains(&keyword.as_str()))
    .map(|(kind, _)| kind);
    if let Some(connector) = world.connector_mut(connector.id()) {
        let standing = connector.standing_mut(&person.id);
        match opt_out {
            Some("STOP") => standing.has_stopped = true,
            Some("START") => standing.has_stopped = false,
            _ => {}
        }
        if by_whatsapp {
            standing.last_wrote_ms = Some(saying.now_ms);
        }
        standing.has_blocked = false;
    }
    let sid = new_sid(world);
    let from = sender(person, by_whatsapp);
    let to = addressed(&account.phone_number, by_whatsapp);
    let mut fields = vec![
        ("SmsMessageSid", sid.as_str()),
        ("SmsSid", &sid),
        ("SmsStatus", "received"),
        ("To", &to),
        ("NumSegments", "1"),
        ("MessageSid", &sid),
        ("AccountSid", &account.account_sid),
        ("From", &from),
        ("ApiVersion", "2010-04-01"),
    ];
    let bsuid = format!("{WHATSAPP}{}", person.bsuid);
    let content = content(saying, &account.account_sid, &sid);
    fields.extend(content.iter().map(|(name, value)| (*name, value.as_str())));
    if by_whatsapp {
        fields.push(("ProfileName", &person.display_name));
        fields.push(("MessageType", message_type(saying.item)));
        if person.whatsapp_shows.phone() {
            fields.push(("WaId", person.phone.trim_start_matches('+')));
        }
        if person.whatsapp_shows.bsuid() {
            fields.push(("ExternalUserId", &bsuid));
        }
    } else {
        fields.extend([("FromCountry", "US"), ("FromCity", ""), ("ToCountry", "US")]);
        fields.extend(opt_out.map(|kind| ("OptOutType", kind)));
    }
    if let Some(replied) = saying.thread {
        fields.push(("OriginalRepliedMessageSid", replied));
    }
    let event = Event::new(
        Platform::Twilio,
        &sid,
        "message",
        connector.id(),
        signer::form(&fields),
    );
    let message = Message::of_person(Platform::Twilio, connector.id(), saying, sid, from);
    Ok((message, vec![event]))
}

/// The parameters of what was written or sent.
fn content(saying: &Saying<'_>, account_sid: &str, sid: &str) -> Vec<(&'static str, String)> {
    let plain = |body: &str| vec![("NumMedia", "0".to_owned()), ("Body", body.to_owned())];
    match saying.item {
        None => plain(saying.text),
        Some(Item::Location {
            name,
            latitude,
            longitude,
        }) => {
            let mut fields = plain("");
            fields.extend([
                ("Latitude", latitude.to_string()),
                ("Longitude", longitude.to_string()),
                ("Label", name.clone()),
            ]);
            fields
        }
        // Twilio hands on no card.
        Some(Item::Contact { name, .. }) => plain(name),
        Some(Item::Choice { title, id }) => {
            let mut fields = plain(title);
            fields.extend([("ButtonText", title.clone()), ("ButtonPayload", id.clone())]);
            fields
        }
        Some(Item::File { mime_type, .. }) => {
            let media = sid.replacen("SM", "ME", 1);
            let messages =
                format!("https://api.twilio.com/2010-04-01/Accounts/{account_sid}/Messages");
            vec![
                ("NumMedia", "1".to_owned()),
                ("Body", saying.text.to_owned()),
                ("MediaContentType0", mime_type.clone()),
                ("MediaUrl0", format!("{messages}/{sid}/Media/{media}")),
            ]
        }
    }
}

/// `WhatsApp`'s type of a message.
fn message_type(item: Option<&Item>) -> &'static str {
    match item {
        None => "text",
        Some(Item::Location { .. }) => "location",
        Some(Item::Contact { .. }) => "contacts",
        Some(Item::Choice { .. }) => "button",
        Some(Item::File { mime_type, .. }) if mime_type.starts_with("image/") => "image",
        Some(Item::File { .. }) => "document",
    }
}

/// The sender's address. Without a phone number it is the business-scoped id.
fn sender(person: &Person, by_whatsapp: bool) -> String {
    if by_whatsapp && !person.whatsapp_shows.phone() {
        format!("{WHATSAPP}{}", person.bsuid)
    } else {
        addressed(&person.phone, by_whatsapp)
    }
}

pub(super) fn addressed(number: &str, by_whatsapp: bool) -> String {
    if by_whatsapp {
        format!("{WHATSAPP}{number}")
    } else {
        number.to_owned()
    }
}

pub(super) fn new_sid(world: &mut World) -> String {
    let number = world.next_number().to_string();
    let digest = HEXLOWER.encode(&sha256(&[world.seed.as_bytes(), number.as_bytes()]));
    format!("SM{}", digest.get(..32).unwrap_or_default())
}
