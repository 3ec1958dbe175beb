//! Files of messages (msteams-docs, "Send and receive files through the bot").

use super::{
    Teams,
    api::{self, Replay, Stop},
    attachments::picture_id,
    token::Audience,
};
use crate::{
    files::{self, Fetched, FileProvider, FileSource, gone, is_plain_path, unfound},
    outgoing::{CallResult, NextCall},
    webhook::Credentials,
};
use http::Method;
use vestibule_domain::{
    ports::{FileOutcome, FileQuery},
    secret::Secret,
};

/// The place of a picture pasted into a message, below the address for calls about the conversation
/// (learn.microsoft.com, "Download file attachments from an Azure bot").
const AT_SERVICE: &str = "/v3/attachments/";
/// Teams' own store of pictures, which a bot reaches at the address for calls.
const STORE: &[&str] = &[".asm.skype.com"];
/// Hosts of files that open without credentials: uploads, by addresses that hold for some minutes, and the
/// pictures that Teams offers to everybody.
const OPEN: &[&str] = &[
    ".sharepoint.com",
    ".sharepoint.us",
    ".sharepoint-mil.us",
    ".giphy.com",
    ".teams.cdn.office.net",
];

impl FileProvider for Teams {
    fn file(
        &self,
        query: &FileQuery<'_>,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<Result<FileSource, FileOutcome>> {
        match Place::of(query) {
            None => NextCall::Done(Err(gone("foreign_address"))),
            Some(Place::Open(url)) => NextCall::Done(Ok(FileSource::Address(Secret::new(url)))),
            Some(Place::Service { base, path }) => {
                match at_service(base, path, credentials, so_far) {
                    Ok(source) => NextCall::Done(Ok(source)),
                    Err(Stop::Call(call)) => NextCall::Call(*call),
                    Err(Stop::CallError(problem)) => NextCall::Done(Err(unfound(problem))),
                }
            }
        }
    }

    /// The address of an upload that has expired is refused, or leads to a page where people sign in.
    fn content(&self, query: &FileQuery<'_>, fetched: Fetched) -> FileOutcome {
        let is_open = matches!(Place::of(query), Some(Place::Open(_)));
        match fetched {
            Fetched::Refused {
                status: 401 | 403, ..
            }
            | Fetched::Moved { .. }
                if is_open =>
            {
                gone("expired")
            }
            other => files::content(query, other),
        }
    }
}

/// The place of a file.
enum Place<'a> {
    /// At the address for calls, which takes our token. The transport knows which addresses are Microsoft's.
    Service { base: &'a str, path: String },
    /// At an address that opens without credentials.
    Open(&'a str),
}

impl<'a> Place<'a> {
    fn of(query: &FileQuery<'a>) -> Option<Self> {
        let url = query.attachment.url.as_deref()?;
        if let Some((base, rest)) = url.split_once(AT_SERVICE) {
            let path = format!("{AT_SERVICE}{rest}");
            return is_plain_path(&path).then_some(Self::Service { base, path });
        }
        let host = host(url)?;
        let is_at = |hosts: &[&str]| hosts.iter().any(|suffix| host.ends_with(suffix));
        if is_at(STORE) {
            let path = format!("{AT_SERVICE}{}/views/original", picture_id(url)?);
            let base = query.reply_url?;
            return is_plain_path(&path).then_some(Self::Service { base, path });
        }
        is_at(OPEN).then_some(Self::Open(url))
    }
}

/// The host of an https address that names neither a port nor a user.
fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    host.bytes().all(is_plain).then_some(host)
}

fn at_service(
    base: &str,
    path: String,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<FileSource, Stop> {
    let token = Replay::new(credentials, so_far).token(Audience::Connector)?;
    let call = api::call(base, Method::GET, path);
    Ok(FileSource::Call(call.with_bearer(&token)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        outgoing::Host,
        teams::{
            LOGIN_API,
            fixtures::{SERVICE_URL, connector, replied, secrets, token},
        },
        testing,
    };
    use vestibule_domain::ports::{FailureClass, FileRange};

    const PICTURE: &str =
        "https://smba.trafficmanager.net/amer/v3/attachments/0-eus-d1-aaa/views/original";
    const UPLOAD: &str =
        "https://contoso.sharepoint.com/_layouts/15/download.aspx?UniqueId=1150d938&tempauth=v1.ey";

    fn step(url: Option<&str>, so_far: &[CallResult]) -> NextCall<Result<FileSource, FileOutcome>> {
        let attachment = testing::file(url);
        let query = FileQuery {
            attachment: &attachment,
            reply_url: Some(SERVICE_URL),
            range: FileRange::Whole,
        };
        let (connector, secrets) = (connector(), secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        Teams.file(&query, &credentials, so_far)
    }

    fn content(url: &str, fetched: Fetched) -> FileOutcome {
        let attachment = testing::file(Some(url));
        let query = FileQuery {
            attachment: &attachment,
            reply_url: None,
            range: FileRange::Whole,
        };
        Teams.content(&query, fetched)
    }

    fn refused(status: u16) -> Fetched {
        Fetched::Refused {
            status,
            after: None,
        }
    }

    #[test]
    fn a_pasted_picture_is_fetched_with_a_token_at_the_address_for_calls() {
        let NextCall::Call(call) = step(Some(PICTURE), &[]) else {
            panic!("no call");
        };
        assert_eq!(call.host, Host::Api(LOGIN_API));
        let in_store = "https://eu-api.asm.skype.com/v1/objects/0-eus-d1-aaa/views/imgo";
        for (url, base) in [
            (PICTURE, "https://smba.trafficmanager.net/amer"),
            (in_store, SERVICE_URL),
        ] {
            let call = testing::found(step(Some(url), &[token("t1")]));
            assert_eq!(call.host, Host::TeamsService(base.to_owned()));
            assert_eq!(call.path, "/v3/attachments/0-eus-d1-aaa/views/original");
            let bearer = Secret::new("Bearer t1");
            assert_eq!(call.headers, [(http::header::AUTHORIZATION, bearer)]);
        }
    }

    #[test]
    fn an_upload_is_fetched_at_its_own_address_without_a_token() {
        let step = step(Some(UPLOAD), &[]);
        let NextCall::Done(Ok(FileSource::Address(address))) = step else {
            panic!("no address but {step:?}");
        };
        assert_eq!(address.reveal(), UPLOAD);
    }

    #[test]
    fn no_other_address_is_called() {
        for url in [
            None,
            Some("https://evil.example/0.png"),
            Some("https://sharepoint.com.evil.example/0.png"),
            Some("https://contoso.sharepoint.com@evil.example/0.png"),
            Some("https://contoso.sharepoint.com:8443/0.png"),
            Some("http://contoso.sharepoint.com/0.png"),
            Some("https://169.254.169.254/latest"),
            Some("https://smba.trafficmanager.net/amer/v3/attachments/../x"),
            Some("https://smba.trafficmanager.net/amer/v3/attachments/a?b"),
            Some("https://graph.microsoft.com/v1.0/chats/1/messages/2/hostedContents/3/$value"),
        ] {
            let outcome = testing::unfound(step(url, &[]));
            assert_eq!(outcome, gone("foreign_address"), "{url:?}");
        }
    }

    #[test]
    fn without_a_token_the_connector_is_at_fault() {
        let refusal = replied(
            401,
            r#"{"error": "invalid_client", "error_codes": [7000215]}"#,
        );
        assert_eq!(
            testing::unfound(step(Some(PICTURE), &[refusal])),
            files::failed(FailureClass::Connector, "AADSTS7000215")
        );
    }

    #[test]
    fn an_address_that_has_expired_has_no_file_and_a_refused_token_is_the_connector_s_fault() {
        let to = Secret::new("https://login.microsoftonline.com/");
        for fetched in [refused(401), refused(403), Fetched::Moved { to }] {
            assert_eq!(content(UPLOAD, fetched), gone("expired"));
        }
        assert_eq!(content(UPLOAD, refused(404)), gone("http_404"));
        assert_eq!(
            content(PICTURE, refused(401)),
            files::failed(FailureClass::Connector, "http_401")
        );
        assert_eq!(content(PICTURE, refused(404)), gone("http_404"));
    }
}
