//! Recorded forms, adapted to one of our accounts.

use super::account::TwilioAccount;
use super::signer;
use crate::events::Fixture;

/// A recorded form with this account's ids and, if `number` is given, with a message id derived from it.
pub(super) fn adapted(fixture: &Fixture, account: &TwilioAccount, number: Option<u64>) -> Vec<u8> {
    let body = fixture.body();
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
    signer::form(&pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_gets_the_account_and_a_new_id_and_keeps_the_rest() {
        let account = TwilioAccount {
            account_sid: "AC9".into(),
            phone_number: "+15550009999".into(),
            auth_token: "t".into(),
        };
        let fixture = Fixture::of_body("AccountSid=AC1&To=whatsapp%3A%2B1&Body=a+b&MessageSid=SM1");
        let body = adapted(&fixture, &account, Some(255));
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "AccountSid=AC9&To=whatsapp%3A%2B15550009999&Body=a+b&MessageSid=SM000000000000000000000000000000ff"
        );
    }
}
