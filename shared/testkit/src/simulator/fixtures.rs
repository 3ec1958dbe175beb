//! Recorded bodies of Teams, Telegram, 360dialog and Twilio, made to be about one of our connectors.
//!
//! Only what names the account is changed, and the event's own id if it is to be a new one: so a body that is strange in
//! other ways stays so, and one that cannot be read goes out as it is.

use serde_json::{Value, json};

use super::connectors::{Account, Connector};
use crate::events::Fixture;
use crate::twilio_signer;

/// The body with the connector's account in it, and with an event id made of `number` if there is one.
pub(super) fn adapted(
    fixture: &Fixture,
    connector: &Connector,
    base_url: &str,
    number: Option<u64>,
) -> Vec<u8> {
    let body = fixture.body();
    if let Account::Twilio(account) = &connector.config.account {
        let sid = number.map(|number| format!("SM{number:032x}"));
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
            .map(|(name, value)| {
                let value = match (name.as_ref(), &sid) {
                    ("AccountSid", _) => account.account_sid.clone(),
                    ("To", _) if value.starts_with("whatsapp:") => {
                        format!("whatsapp:{}", account.phone_number)
                    }
                    ("To", _) => account.phone_number.clone(),
                    ("MessageSid" | "SmsSid" | "SmsMessageSid", Some(sid)) => sid.clone(),
                    _ => value.into_owned(),
                };
                (name.into_owned(), value)
            })
            .collect();
        let pairs: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        return twilio_signer::form(&pairs);
    }
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return body.as_bytes().to_vec();
    };
    let mut set = |pointer: &str, new: Value| {
        if let Some(place) = value.pointer_mut(pointer) {
            *place = new;
        }
    };
    match &connector.config.account {
        Account::Teams(account) => {
            let tenant = json!(account.tenant_id);
            set("/recipient/id", json!(account.bot_id()));
            set("/serviceUrl", json!(format!("{base_url}/teams/")));
            set("/conversation/tenantId", tenant.clone());
            set("/channelData/tenant/id", tenant);
            if let Some(number) = number {
                set("/id", json!((1_700_000_000_000 + number).to_string()));
            }
        }
        Account::Telegram(_) => {
            if let Some(number) = number {
                set("/update_id", json!(number));
            }
        }
        Account::Dialog360(account) => {
            let id = json!(account.phone_number_id);
            set("/entry/0/changes/0/value/metadata/phone_number_id", id);
            if let Some(number) = number {
                set(
                    "/entry/0/changes/0/value/messages/0/id",
                    json!(format!("wamid.fixture{number}")),
                );
            }
        }
        Account::Twilio(_) => {}
    }
    value.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::{ConnectorConfig, TwilioAccount};

    #[test]
    fn a_form_gets_the_account_and_a_new_id_and_keeps_the_rest() {
        let connector = Connector::new(ConnectorConfig {
            connector_id: "c".into(),
            name: "n".into(),
            policy: String::new(),
            webhook_url: None,
            account: Account::Twilio(TwilioAccount {
                account_sid: "AC9".into(),
                phone_number: "+15550009999".into(),
                auth_token: "t".into(),
            }),
        });
        let fixture = Fixture::of_body("AccountSid=AC1&To=whatsapp%3A%2B1&Body=a+b&MessageSid=SM1");
        let body = adapted(&fixture, &connector, "", Some(255));
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "AccountSid=AC9&To=whatsapp%3A%2B15550009999&Body=a+b&MessageSid=SM000000000000000000000000000000ff"
        );
    }
}
