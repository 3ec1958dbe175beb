//! Files of messages, from chat platforms.

use super::{
    client::{EgressClientError, SharedResolver, builder, describe, retry_after},
    platforms::PlatformAddresses,
    resolver::GuardedResolver,
};
use async_trait::async_trait;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, HeaderName, LOCATION, RANGE,
};
use reqwest::{Client, RequestBuilder, Response};
use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock,
    egress::{OriginAllowList, check_endpoint},
    ports::{FILE_RANGE_MAX, FilePart, FileRange},
    secret::Secret,
};
use vestibule_providers::{
    files::{Fetched, FileSource, FileTransport},
    outgoing::{CallResult, OutgoingCall},
};

/// Time limit for one answer, its content included.
const TIMEOUT: Duration = Duration::from_secs(10);

/// See [`FileTransport`].
pub struct HttpFileTransport {
    /// For the platforms' own APIs, where the deployment says that they are.
    apis: Client,
    /// For any other address. It never leads inside.
    outside: Client,
    addresses: PlatformAddresses,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for HttpFileTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFileTransport")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

impl HttpFileTransport {
    /// Makes a client of the platforms at these addresses.
    pub fn new(
        addresses: PlatformAddresses,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, EgressClientError> {
        let guard: SharedResolver = Arc::new(GuardedResolver::new(OriginAllowList::default()));
        Ok(Self {
            apis: builder(TIMEOUT)?.build()?,
            outside: builder(TIMEOUT)?.dns_resolver(guard).build()?,
            addresses,
            clock,
        })
    }

    fn request(&self, source: FileSource) -> Result<RequestBuilder, Fetched> {
        match source {
            FileSource::Call(call) => self.call(call),
            FileSource::Address(address) => self.open(&address),
        }
    }

    fn call(&self, call: OutgoingCall) -> Result<RequestBuilder, Fetched> {
        let url = self.addresses.url(&call).map_err(|result| match result {
            CallResult::Forbidden { reason } => Fetched::Forbidden { reason },
            CallResult::NoReply { reason } => Fetched::NoReply { reason },
            CallResult::Replied(_) => no_reply("the call was not made"),
        })?;
        let mut request = self.apis.request(call.method, url);
        for (name, value) in &call.headers {
            request = request.header(name, value.reveal());
        }
        Ok(request)
    }

    fn open(&self, address: &Secret) -> Result<RequestBuilder, Fetched> {
        if let Some(moved) = self.addresses.moved(address.reveal()) {
            return Ok(self.apis.get(moved));
        }
        let url = check_endpoint(address.reveal(), &OriginAllowList::default());
        let url = url.map_err(|error| Fetched::Forbidden {
            reason: format!("the address {error}"),
        })?;
        Ok(self.outside.get(url))
    }

    async fn read(&self, response: Response, range: FileRange) -> Fetched {
        let status = response.status().as_u16();
        match status {
            200 => whole(response, range).await,
            206 => part(response, range).await,
            416 => Fetched::OutOfRange {
                size: header(&response, CONTENT_RANGE).and_then(|range| size_in(&range)),
            },
            300..=399 => match location(&response) {
                Some(to) => Fetched::Moved { to },
                None => Fetched::Refused {
                    status,
                    after: None,
                },
            },
            _ => Fetched::Refused {
                status,
                after: retry_after(&response, self.clock.now()),
            },
        }
    }
}

#[async_trait]
impl FileTransport for HttpFileTransport {
    async fn fetch(&self, source: FileSource, range: FileRange) -> Fetched {
        let mut request = match self.request(source) {
            Ok(request) => request,
            Err(fetched) => return fetched,
        };
        // Positions count the bytes of the file itself.
        request = request.header(ACCEPT_ENCODING, "identity");
        if let Some(range) = range.header() {
            request = request.header(RANGE, range);
        }
        match request.send().await {
            Ok(response) => self.read(response, range).await,
            Err(error) => no_reply(&describe(&error)),
        }
    }
}

/// Reads the stretch from an answer with the whole file: no range was asked for, or the platform knows none.
async fn whole(response: Response, range: FileRange) -> Fetched {
    if is_encoded(&response) {
        return no_reply("the content is encoded");
    }
    let size = response.content_length();
    let is_whole = range == FileRange::Whole;
    let fits = |size: u64| usize::try_from(size).is_ok_and(|size| size <= FILE_RANGE_MAX);
    if is_whole && size.is_some_and(|size| !fits(size)) {
        return Fetched::TooLong { size };
    }
    let Some((first, length)) = range.stretch(size) else {
        return no_reply("the platform tells no size");
    };
    if !is_whole && size.is_some_and(|size| size <= first) {
        return Fetched::OutOfRange { size };
    }
    let media_type = header(&response, CONTENT_TYPE);
    let Ok(read) = read(response, first, length, is_whole).await else {
        return no_reply("the connection broke");
    };
    if read.has_more {
        return Fetched::TooLong { size };
    }
    if read.left > 0 {
        let size = Some(first.saturating_sub(read.left));
        return Fetched::OutOfRange { size };
    }
    Fetched::Part(FilePart {
        first,
        size: size.or_else(|| read.is_all.then(|| end(first, &read.bytes))),
        bytes: read.bytes,
        media_type,
    })
}

/// Reads the stretch that the platform cut out.
async fn part(response: Response, range: FileRange) -> Fetched {
    let told = header(&response, CONTENT_RANGE);
    let Some((first, size)) = told.as_deref().and_then(content_range) else {
        return no_reply("the platform names no range");
    };
    if is_encoded(&response) {
        return no_reply("the content is encoded");
    }
    let length = match range.stretch(size) {
        Some((wanted, length)) if wanted == first => length,
        Some(_) => return no_reply("the platform gave another range"),
        None => FILE_RANGE_MAX,
    };
    let media_type = header(&response, CONTENT_TYPE);
    match read(response, 0, length, false).await {
        Ok(read) => Fetched::Part(FilePart {
            first,
            bytes: read.bytes,
            size,
            media_type,
        }),
        Err(Broken) => no_reply("the connection broke"),
    }
}

/// The connection ended in the middle.
struct Broken;

/// The part of an answer that was read.
struct Stretch {
    bytes: Vec<u8>,
    /// Bytes that were to be skipped and did not come.
    left: u64,
    /// Whether the answer ended.
    is_all: bool,
    /// Whether more came than was wanted, where that matters.
    has_more: bool,
}

/// Reads `length` bytes after the first `skip`. Reads on to find whether there are more only if
/// `looks_further`.
async fn read(
    mut response: Response,
    skip: u64,
    length: usize,
    looks_further: bool,
) -> Result<Stretch, Broken> {
    let mut stretch = Stretch {
        bytes: Vec::new(),
        left: skip,
        is_all: false,
        has_more: false,
    };
    while looks_further || stretch.bytes.len() < length {
        let Some(chunk) = response.chunk().await.map_err(|_| Broken)? else {
            stretch.is_all = true;
            break;
        };
        let skipped = usize::try_from(stretch.left).unwrap_or(usize::MAX);
        let skipped = skipped.min(chunk.len());
        stretch.left = stretch
            .left
            .saturating_sub(u64::try_from(skipped).unwrap_or(u64::MAX));
        let rest = chunk.get(skipped..).unwrap_or_default();
        let room = length.saturating_sub(stretch.bytes.len());
        stretch
            .bytes
            .extend_from_slice(rest.get(..room).unwrap_or(rest));
        if rest.len() > room {
            stretch.has_more = looks_further;
            break;
        }
    }
    Ok(stretch)
}

/// The position behind these bytes.
fn end(first: u64, bytes: &[u8]) -> u64 {
    first.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
}

fn header(response: &Response, name: HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    Some(value.to_str().ok()?.trim().to_owned())
}

fn is_encoded(response: &Response) -> bool {
    header(response, CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"))
}

fn location(response: &Response) -> Option<Secret> {
    let location = header(response, LOCATION)?;
    let to = response.url().join(&location).ok()?;
    Some(Secret::new(to.as_str()))
}

/// The position of the first byte, and the size if it is known, in `bytes 0-499/1234` (RFC 9110 §14.4).
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, _) = value.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then(|| (first, size_in(value)))
}

fn size_in(value: &str) -> Option<u64> {
    value.rsplit_once('/')?.1.parse().ok()
}

fn no_reply(reason: &str) -> Fetched {
    Fetched::NoReply {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::testing::StandingClock;
    use http::Method;
    use std::{
        io::{Read, Write},
        net::TcpListener,
        sync::mpsc,
        thread,
    };
    use vestibule_domain::{Timestamp, vars::Vars};
    use vestibule_providers::{outgoing::Host, slack, twilio};

    const FILE: &[u8] = b"0123456789";

    /// Answers every call with this head and body. Returns the client, and the requests that arrive.
    fn serving(head: &str, body: Vec<u8>) -> (HttpFileTransport, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let head = head.to_owned();
        let (asked, requests) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut request = [0; 4096];
                let read = stream.read(&mut request).unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let _ = asked.send(request);
                let _ = write!(stream, "HTTP/1.1 {head}\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(&body);
            }
        });
        (client(&format!("*=http://{address}")), requests)
    }

    fn client(api_urls: &str) -> HttpFileTransport {
        let get = |name: &str| (name == "PLATFORM_API_URLS").then(|| api_urls.to_owned());
        let mut vars = Vars::new(&get);
        let addresses = PlatformAddresses::read(&mut vars);
        let clock = Arc::new(StandingClock(Timestamp::from_millis(0)));
        HttpFileTransport::new(addresses, clock).unwrap()
    }

    fn picture() -> FileSource {
        let call = OutgoingCall::new(Host::Api(slack::FILES_API), Method::GET, "/files-pri/1");
        FileSource::Call(call.with_bearer(&Secret::new("xoxb-1")))
    }

    fn from(first: u64, last: u64) -> FileRange {
        FileRange::From {
            first,
            last: Some(last),
        }
    }

    async fn fetch(head: &str, body: &[u8], range: FileRange) -> Fetched {
        let (client, _requests) = serving(head, body.to_vec());
        client.fetch(picture(), range).await
    }

    fn read_part(first: u64, bytes: &[u8], size: Option<u64>) -> Fetched {
        Fetched::Part(FilePart {
            first,
            bytes: bytes.to_vec(),
            size,
            media_type: Some("image/png".to_owned()),
        })
    }

    #[tokio::test]
    async fn the_platform_is_asked_for_the_range_and_no_encoding_with_the_credentials() {
        let (client, requests) = serving("200 OK\r\ncontent-length: 10", FILE.to_vec());
        let _ = client.fetch(picture(), from(2, 4)).await;
        let request = requests.recv().unwrap().to_lowercase();
        assert!(request.starts_with("get /slack-files/files-pri/1 http/1.1"));
        for header in [
            "authorization: bearer xoxb-1",
            "range: bytes=2-4",
            "accept-encoding: identity",
        ] {
            assert!(request.contains(header), "{request}");
        }
        let _ = client.fetch(picture(), FileRange::Whole).await;
        assert!(!requests.recv().unwrap().to_lowercase().contains("range:"));
    }

    #[tokio::test]
    async fn a_platform_that_knows_ranges_gives_the_stretch_itself() {
        let head = "206 Partial Content\r\ncontent-type: image/png\r\ncontent-length: 3\r\ncontent-range: bytes 2-4/10";
        let fetched = fetch(head, b"234", from(2, 4)).await;
        assert_eq!(fetched, read_part(2, b"234", Some(10)));
        let head = head.replace("2-4/10", "7-9/*");
        let fetched = fetch(&head, b"789", FileRange::Last(3)).await;
        assert_eq!(fetched, read_part(7, b"789", None));
        for wrong in ["bytes 3-5/10", "bytes 4-2/10", "items 2-4/10", "bytes */10"] {
            let head = head.replace("bytes 7-9/*", wrong);
            let fetched = fetch(&head, b"234", from(2, 4)).await;
            assert!(matches!(fetched, Fetched::NoReply { .. }), "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_stretch_is_cut_out_where_a_platform_knows_no_ranges() {
        let sized = "200 OK\r\ncontent-type: image/png\r\ncontent-length: 10";
        let unsized_ = "200 OK\r\ncontent-type: image/png";
        for (head, range, expected) in [
            (sized, FileRange::Whole, read_part(0, FILE, Some(10))),
            (unsized_, FileRange::Whole, read_part(0, FILE, Some(10))),
            (sized, from(0, 4), read_part(0, b"01234", Some(10))),
            (sized, from(5, 99), read_part(5, b"56789", Some(10))),
            (unsized_, from(5, 99), read_part(5, b"56789", Some(10))),
            (unsized_, from(5, 6), read_part(5, b"56", None)),
            (sized, FileRange::Last(3), read_part(7, b"789", Some(10))),
            (sized, FileRange::Last(99), read_part(0, FILE, Some(10))),
            (sized, from(10, 11), Fetched::OutOfRange { size: Some(10) }),
            (
                unsized_,
                from(12, 13),
                Fetched::OutOfRange { size: Some(10) },
            ),
        ] {
            assert_eq!(fetch(head, FILE, range).await, expected, "{range:?}");
        }
        let unknown = fetch(unsized_, FILE, FileRange::Last(3)).await;
        assert!(matches!(unknown, Fetched::NoReply { .. }));
    }

    #[tokio::test]
    async fn a_whole_file_of_more_than_a_range_is_too_long_whether_or_not_its_size_is_told() {
        let most = vec![7; FILE_RANGE_MAX];
        let more = vec![7; FILE_RANGE_MAX + 1];
        let sized = |bytes: &[u8]| format!("200 OK\r\ncontent-length: {}", bytes.len());
        for head in [sized(&most), "200 OK".to_owned()] {
            let Fetched::Part(part) = fetch(&head, &most, FileRange::Whole).await else {
                panic!("no part");
            };
            assert_eq!(part.bytes.len(), FILE_RANGE_MAX);
        }
        let size = u64::try_from(more.len()).ok();
        assert_eq!(
            fetch(&sized(&more), &more, FileRange::Whole).await,
            Fetched::TooLong { size }
        );
        assert_eq!(
            fetch("200 OK", &more, FileRange::Whole).await,
            Fetched::TooLong { size: None }
        );
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_or_is_encoded_is_none() {
        for head in [
            "200 OK\r\ncontent-length: 20",
            "200 OK\r\ncontent-length: 10\r\ncontent-encoding: gzip",
            "206 Partial Content\r\ncontent-length: 10\r\ncontent-range: bytes 0-9/10\r\ncontent-encoding: br",
        ] {
            let fetched = fetch(head, FILE, from(0, 15)).await;
            assert!(matches!(fetched, Fetched::NoReply { .. }), "{head}");
        }
    }

    #[tokio::test]
    async fn a_refusal_and_a_redirect_are_told_without_following_anything() {
        for (head, expected) in [
            (
                "429 Slow\r\nretry-after: 9\r\ncontent-length: 0",
                Fetched::Refused {
                    status: 429,
                    after: Some(Duration::from_secs(9)),
                },
            ),
            (
                "404 Not Found\r\ncontent-length: 0",
                Fetched::Refused {
                    status: 404,
                    after: None,
                },
            ),
            (
                "416 No\r\ncontent-range: bytes */10\r\ncontent-length: 0",
                Fetched::OutOfRange { size: Some(10) },
            ),
            (
                "416 No\r\ncontent-length: 0",
                Fetched::OutOfRange { size: None },
            ),
            (
                "307 Elsewhere\r\nlocation: https://mms.twiliocdn.com/a?Signature=x\r\ncontent-length: 0",
                Fetched::Moved {
                    to: Secret::new("https://mms.twiliocdn.com/a?Signature=x"),
                },
            ),
            (
                "302 Nowhere\r\ncontent-length: 0",
                Fetched::Refused {
                    status: 302,
                    after: None,
                },
            ),
        ] {
            assert_eq!(fetch(head, b"", from(0, 9)).await, expected, "{head}");
        }
    }

    #[tokio::test]
    async fn an_address_is_called_only_if_it_is_public_or_an_api_s_that_the_deployment_moved() {
        let (client, requests) = serving("200 OK\r\ncontent-length: 10", FILE.to_vec());
        let media = format!("{}/AC1/ab?Signature=x", twilio::MEDIA_API.default_url);
        let fetched = client
            .fetch(FileSource::Address(Secret::new(media)), FileRange::Whole)
            .await;
        assert!(matches!(fetched, Fetched::Part(_)), "{fetched:?}");
        let request = requests.recv().unwrap();
        assert!(request.starts_with("GET /twilio-media/AC1/ab?Signature=x "));
        for inside in [
            "https://169.254.169.254/latest",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://metadata.internal/",
            "http://files.example.com/1",
            "https://user@files.example.com/1",
            "file:///etc/passwd",
            "",
        ] {
            let source = FileSource::Address(Secret::new(inside));
            let fetched = client.fetch(source, FileRange::Whole).await;
            assert!(matches!(fetched, Fetched::Forbidden { .. }), "{inside}");
        }
    }

    #[tokio::test]
    async fn a_teams_service_that_is_not_microsoft_s_is_not_called() {
        let host = Host::TeamsService("https://evil.example".to_owned());
        let call = OutgoingCall::new(host, Method::GET, "/v3/attachments/1/views/original");
        let fetched = client("")
            .fetch(FileSource::Call(call), FileRange::Whole)
            .await;
        assert!(matches!(fetched, Fetched::Forbidden { .. }), "{fetched:?}");
    }
}
