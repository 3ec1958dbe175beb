//! Messages by SMS and WhatsApp, as Twilio's webhook requests.

use data_encoding::HEXLOWER;

use super::account::TwilioAccount;
use super::signer;
use crate::crypto::sha256;
use crate::simulator::connectors::Connector;
use crate::simulator::error::SimulatorError;
use crate::simulator::event::Event;
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
        ("NumMedia", "0"),
        ("SmsSid", &sid),
        ("SmsStatus", "received"),
        ("Body", saying.text),
        ("To", &to),
        ("NumSegments", "1"),
        ("MessageSid", &sid),
        ("AccountSid", &account.account_sid),
        ("From", &from),
        ("ApiVersion", "2010-04-01"),
    ];
    let bsuid = format!("{WHATSAPP}{}", person.bsuid);
    if by_whatsapp {
        fields.push(("ProfileName", &person.display_name));
        fields.push(("MessageType", "text"));
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
