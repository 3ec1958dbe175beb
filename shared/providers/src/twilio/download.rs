//! Files of messages (twilio.com/docs/messaging/api/media-resource).

use super::{Twilio, send::Account};
use crate::{
    files::{FileProvider, FileSource, gone, is_plain_path, unfound},
    outgoing::{CallResult, NextCall},
    webhook::Credentials,
};
use http::Method;
use vestibule_domain::ports::{FileOutcome, FileQuery};

/// The beginning of the API's paths of accounts.
const ACCOUNTS: &str = "/2010-04-01/Accounts/";

impl FileProvider for Twilio {
    fn file(
        &self,
        query: &FileQuery<'_>,
        credentials: &Credentials<'_>,
        _so_far: &[CallResult],
    ) -> NextCall<Result<FileSource, FileOutcome>> {
        NextCall::Done(
            Account::of(credentials)
                .map_err(unfound)
                .and_then(|account| {
                    let url = query.attachment.url.as_deref();
                    let what = url.and_then(|url| path_in(account.sid(), url));
                    let what = what.ok_or_else(|| gone("foreign_address"))?;
                    Ok(FileSource::Call(account.call(Method::GET, what)))
                }),
        )
    }

    /// Twilio sends whoever may read a file to its store, once or twice, by addresses that hold for four
    /// hours (help.twilio.com, "Protect Media Access with HTTP Basic Authentication").
    fn redirects(&self) -> bool {
        true
    }
}

/// The path behind the connector's own account, in an address of Twilio's API in any of its regions.
fn path_in<'a>(sid: &str, url: &'a str) -> Option<&'a str> {
    let rest = url.strip_prefix("https://api.")?;
    let (region, path) = rest.split_at(rest.find('/')?);
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let is_twilio = region == "twilio.com" || region.ends_with(".twilio.com");
    let what = path.strip_prefix(ACCOUNTS)?.strip_prefix(sid)?;
    (is_twilio && region.bytes().all(is_plain) && is_plain_path(what)).then_some(what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outgoing::Host,
        testing,
        twilio::{
            API,
            fixtures::{ACCOUNT, connector, secrets},
        },
    };
    use data_encoding::BASE64;
    use std::collections::BTreeMap;
    use vestibule_domain::ports::FailureClass;

    fn step(url: Option<&str>) -> NextCall<Result<FileSource, FileOutcome>> {
        let file = testing::file(url);
        testing::file_step(&Twilio, &file, (&connector(), &secrets()), &[])
    }

    #[test]
    fn a_file_is_fetched_from_twilio_s_api_with_the_account_s_token() {
        let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1");
        for host in ["api.twilio.com", "api.dublin.ie1.twilio.com"] {
            let call = testing::found(step(Some(&format!("https://{host}{path}"))));
            assert_eq!((call.host, &call.path), (Host::Api(API), &path));
            let pair = BASE64.encode(format!("{ACCOUNT}:canary-auth-token").as_bytes());
            let (name, value) = &call.headers[0];
            assert_eq!(name, http::header::AUTHORIZATION);
            assert_eq!(value.reveal(), format!("Basic {pair}"));
        }
        assert!(Twilio.redirects());
    }

    #[test]
    fn the_token_goes_to_no_other_address_and_to_no_other_account() {
        let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1");
        for url in [
            format!("https://evil.example{path}"),
            format!("https://api.evil.example{path}"),
            format!("https://api.twilio.com.evil.example{path}"),
            format!("https://api.twilio.com@evil.example{path}"),
            format!("https://api.evil.example#.twilio.com{path}"),
            format!("https://api.xtwilio.com{path}"),
            format!("http://api.twilio.com{path}"),
            format!("https://api.twilio.com{path}/../../x"),
            format!("https://api.twilio.com{path}?x=1"),
            "https://api.twilio.com/2010-04-01/Accounts/AC9/Messages/MM1/Media/ME1".to_owned(),
            format!("https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}"),
            "https://api.twilio.com".to_owned(),
        ] {
            let outcome = testing::unfound(step(Some(&url)));
            assert_eq!(outcome, gone("foreign_address"), "{url}");
        }
        assert_eq!(testing::unfound(step(None)), gone("foreign_address"));
    }

    #[test]
    fn a_connector_without_a_token_is_at_fault() {
        let (file, none) = (testing::file(None), BTreeMap::new());
        let step = testing::file_step(&Twilio, &file, (&connector(), &none), &[]);
        assert!(matches!(
            testing::unfound(step),
            FileOutcome::Failed {
                class: FailureClass::Connector,
                ..
            }
        ));
    }
}
