//! Accepted requests. Nobody publishes signed Bot Framework tokens, so the tests sign
//! their own; the keys in `testdata` serve no other purpose.

use super::*;
use crate::{
    teams::{
        KeySourceError,
        fixtures::{APP, SERVICE_URL, connector},
    },
    webhook::{Cause, Event, Reply},
};
use data_encoding::{BASE64URL, BASE64URL_NOPAD};
use futures_util::{FutureExt, future::join, task::noop_waker};
use proptest::prelude::*;
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    future::Future,
    pin::{Pin, pin},
    sync::Mutex,
    task::{Context, Poll},
    time::Duration,
};

mod headers;
mod keys;

const NOW_SECS: i64 = 1_759_881_600;
const NOW: Timestamp = Timestamp::from_millis(NOW_SECS * 1000);
const KID: &str = "key-one";

fn pair_one() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(include_bytes!("../testdata/test_key_one.pkcs8.der")).unwrap()
}

fn pair_two() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(include_bytes!("../testdata/test_key_two.pkcs8.der")).unwrap()
}

fn components(pair: &RsaKeyPair) -> PublicKeyComponents<Vec<u8>> {
    pair.public().into()
}

fn jwk(kid: &str, pair: &RsaKeyPair) -> Value {
    let public = components(pair);
    json!({
        "kty": "RSA", "use": "sig", "kid": kid, "x5t": kid,
        "n": BASE64URL_NOPAD.encode(&public.n), "e": BASE64URL_NOPAD.encode(&public.e),
        "endorsements": ["msteams", "webchat"],
    })
}

fn key_set(keys: &[Value]) -> Vec<u8> {
    json!({ "keys": keys }).to_string().into_bytes()
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

fn header() -> Value {
    json!({"alg": "RS256", "kid": KID, "x5t": KID, "typ": "JWT"})
}

fn claims() -> Value {
    json!({
        "serviceurl": SERVICE_URL, "nbf": NOW_SECS - 60, "exp": NOW_SECS + 3600,
        "iss": "https://api.botframework.com", "aud": APP,
    })
}

/// `value` with these fields set; null removes one.
fn with(mut value: Value, changes: &Value) -> Value {
    let fields = value.as_object_mut().unwrap();
    for (name, change) in changes.as_object().unwrap() {
        if change.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), change.clone());
        }
    }
    value
}

fn signature(pair: &RsaKeyPair, padding: &'static dyn RsaEncoding, message: &str) -> String {
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(
        padding,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .unwrap();
    base64url(signature)
}

/// Signs these two texts as header and claims.
fn signed(pair: &RsaKeyPair, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let signature = signature(pair, &RSA_PKCS1_SHA256, &message);
    format!("{message}.{signature}")
}

fn token(header_changes: &Value, claim_changes: &Value) -> String {
    let header = with(header(), header_changes).to_string();
    signed(
        &pair_one(),
        &header,
        &with(claims(), claim_changes).to_string(),
    )
}

fn good_token() -> String {
    token(&json!({}), &json!({}))
}

fn body() -> Vec<u8> {
    body_for(SERVICE_URL)
}

fn body_for(service_url: &str) -> Vec<u8> {
    json!({"type": "message", "serviceUrl": service_url})
        .to_string()
        .into_bytes()
}

/// A key source with a fixed answer that counts its calls.
struct FakeSource {
    answer: Mutex<Result<Vec<u8>, KeySourceError>>,
    fetches: Mutex<usize>,
    /// Number of polls before a fetch ends.
    waits: usize,
}

impl FakeSource {
    fn new(answer: Result<Vec<u8>, KeySourceError>) -> Arc<Self> {
        Self::slow(answer, 0)
    }

    fn slow(answer: Result<Vec<u8>, KeySourceError>, waits: usize) -> Arc<Self> {
        Arc::new(Self {
            answer: Mutex::new(answer),
            fetches: Mutex::new(0),
            waits,
        })
    }

    fn with_keys(keys: &[Value]) -> Arc<Self> {
        Self::new(Ok(key_set(keys)))
    }

    fn down() -> Result<Vec<u8>, KeySourceError> {
        let reason = "timed out".to_owned();
        Err(KeySourceError { reason })
    }

    fn set(&self, answer: Result<Vec<u8>, KeySourceError>) {
        *self.answer.lock().unwrap() = answer;
    }

    fn fetches(&self) -> usize {
        *self.fetches.lock().unwrap()
    }
}

/// A future that is ready after this many more polls.
struct Polls(usize);

impl Future for Polls {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Runs a future by polling: nothing here waits for anything outside.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = noop_waker();
    for _ in 0..1000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
    }
    panic!("it waits for what never comes");
}

#[async_trait]
impl KeySource for FakeSource {
    async fn fetch(&self) -> Result<Vec<u8>, KeySourceError> {
        *self.fetches.lock().unwrap() += 1;
        Polls(self.waits).await;
        self.answer.lock().unwrap().clone()
    }
}

fn webhook_of(source: &Arc<FakeSource>) -> TeamsWebhook {
    let origins = OriginAllowList::parse("https://smba.trafficmanager.net").unwrap();
    TeamsWebhook::new(source.clone(), origins)
}

fn webhook() -> TeamsWebhook {
    webhook_of(&FakeSource::with_keys(&[jwk(KID, &pair_one())]))
}

fn authorization(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(AUTHORIZATION, value.parse().unwrap());
    }
    headers
}

/// Calls the trait, as the intake does.
async fn verify_with(
    webhook: &TeamsWebhook,
    headers: &HeaderMap,
    body: &[u8],
    connector: &Connector,
    now: Timestamp,
) -> Result<(), Refusal> {
    let request = RawRequest {
        headers,
        query: None,
        body,
    };
    let credentials = Credentials {
        connector,
        secrets: &BTreeMap::new(),
    };
    webhook.verify(&request, &credentials, now).await
}

/// One `Authorization` header and one body, at [`NOW`].
fn verify_one(webhook: &TeamsWebhook, token: &str, body: &[u8]) -> Result<(), Refusal> {
    let headers = authorization(&[&format!("Bearer {token}")]);
    block_on(verify_with(webhook, &headers, body, &connector(), NOW))
}

fn verify_at(webhook: &TeamsWebhook, token: &str, now: Timestamp) -> Result<(), &'static str> {
    let headers = authorization(&[&format!("Bearer {token}")]);
    block_on(verify_with(webhook, &headers, &body(), &connector(), now))
        .map_err(|refusal| refusal.reason)
}

fn verify(token: &str) -> Result<(), &'static str> {
    verify_at(&webhook(), token, NOW)
}

fn after(secs: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(secs))
}

/// A token that names this key and stays valid throughout the tests.
fn lasting(kid: &str, pair: &RsaKeyPair) -> String {
    let header = with(header(), &json!({ "kid": kid })).to_string();
    let claims = with(claims(), &json!({"exp": NOW_SECS + 1_000_000})).to_string();
    signed(pair, &header, &claims)
}

const SIGNATURE: &str = "the signature does not match";
const MALFORMED: &str = "the token is malformed";
const UNKNOWN_KEY: &str = "nobody knows the key that the token names";
const NO_KEYS: &str = "Microsoft's signing keys cannot be fetched";

#[test]
fn a_token_of_the_bot_framework_for_this_app_is_authentic() {
    assert_eq!(verify(&good_token()), Ok(()));
}

#[test]
fn each_claim_is_needed_and_has_one_good_value() {
    let issuer = "the token is of another issuer";
    let audience = "the token is for another app";
    let service = "the token is for another service";
    for (change, expected) in [
        (json!({"iss": null}), issuer),
        (json!({"iss": ""}), issuer),
        (json!({"iss": "https://api.botframework.com/"}), issuer),
        (json!({"iss": "https://api.botframework.us"}), issuer),
        (
            json!({"iss": "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/"}),
            issuer,
        ),
        (json!({"iss": ["https://api.botframework.com"]}), MALFORMED),
        (json!({"aud": null}), audience),
        (json!({"aud": ""}), audience),
        (json!({"aud": APP.to_ascii_uppercase()}), audience),
        (json!({"aud": format!("api://{APP}")}), audience),
        (json!({"aud": [APP]}), MALFORMED),
        (json!({"exp": null}), "the token has no expiry"),
        (json!({"exp": "never"}), MALFORMED),
        (json!({"exp": 1.0e300}), MALFORMED),
        (json!({"exp": i64::MIN}), "the token has expired"),
        (json!({"nbf": i64::MAX}), "the token does not hold yet"),
        (json!({"serviceurl": null}), service),
        (json!({"serviceurl": ""}), service),
        (
            json!({"serviceurl": "https://smba.trafficmanager.net/emea/"}),
            service,
        ),
        (
            json!({"serviceurl": SERVICE_URL.to_ascii_uppercase()}),
            service,
        ),
        (
            json!({"serviceurl": null, "serviceUrl": SERVICE_URL}),
            service,
        ),
    ] {
        assert_eq!(
            verify(&token(&json!({}), &change)),
            Err(expected),
            "{change}"
        );
    }
    assert_eq!(verify(&token(&json!({}), &json!({"nbf": null}))), Ok(()));
    assert_eq!(
        verify(&token(
            &json!({}),
            &json!({"exp": i64::MAX, "nbf": i64::MIN})
        )),
        Ok(())
    );
}

#[test]
fn clocks_may_differ_by_five_minutes_and_not_by_a_second_more() {
    for (change, good) in [
        (json!({"exp": NOW_SECS - 300}), true),
        (json!({"exp": NOW_SECS - 301}), false),
        (json!({"nbf": NOW_SECS + 300}), true),
        (json!({"nbf": NOW_SECS + 301}), false),
    ] {
        assert_eq!(
            verify(&token(&json!({}), &change)).is_ok(),
            good,
            "{change}"
        );
    }
}

#[test]
fn the_service_address_may_differ_by_a_trailing_slash_only() {
    let bare = SERVICE_URL.trim_end_matches('/');
    let (path, two) = (format!("{bare}/x"), format!("{bare}//"));
    for (claimed, named, good) in [
        (SERVICE_URL, bare, true),
        (bare, SERVICE_URL, true),
        (SERVICE_URL, path.as_str(), false),
        (bare, two.as_str(), false),
        (SERVICE_URL, "", false),
        ("/", "", false),
    ] {
        let token = token(&json!({}), &json!({ "serviceurl": claimed }));
        let result = verify_one(&webhook(), &token, &body_for(named));
        assert_eq!(result.is_ok(), good, "{claimed} {named}");
    }
    for body in ["{}", r#"{"serviceUrl":7}"#, r#"{"serviceurl":"x"}"#] {
        let result = verify_one(&webhook(), &good_token(), body.as_bytes());
        assert!(result.is_err(), "{body}");
    }
}

/// Bodies that hold no activity, so that there is no service address in them.
const NO_ACTIVITIES: [&[u8]; 8] = [
    b"",
    b"not JSON",
    b"[]",
    b"null",
    b"7",
    b"\"text\"",
    br#"{"type":"message","text":"cut of"#,
    b"\xFF\xFE{\0}\0",
];

#[test]
fn a_body_that_is_no_activity_is_authentic_by_its_token_and_is_only_kept() {
    for body in NO_ACTIVITIES {
        assert_eq!(verify_one(&webhook(), &good_token(), body), Ok(()));
        let request = RawRequest {
            headers: &HeaderMap::new(),
            query: None,
            body,
        };
        let parsed = webhook().parse(&request, &connector(), NOW).unwrap();
        let only_kept = matches!(parsed.events.as_slice(), [Event::Unreadable { .. }]);
        assert!(only_kept, "{:?}", parsed.events);
        assert_eq!(parsed.reply, Reply::empty());
    }
}

#[test]
fn a_body_that_is_no_activity_needs_a_token_as_good_as_any_other() {
    let forged = signed(&pair_two(), &header().to_string(), &claims().to_string());
    let changed = |claim: Value| token(&json!({}), &claim);
    for token in [
        String::new(),
        "not a token".to_owned(),
        forged,
        changed(json!({"aud": "other"})),
        changed(json!({"iss": "other"})),
        changed(json!({"exp": NOW_SECS - 301})),
        changed(json!({"serviceurl": null})),
        changed(json!({"serviceurl": ""})),
    ] {
        for body in NO_ACTIVITIES {
            let refusal = verify_one(&webhook(), &token, body).unwrap_err();
            assert_eq!(refusal.cause, Cause::NotAuthentic, "{token}");
        }
    }
}

#[test]
fn the_address_in_a_body_that_is_repaired_is_compared_as_in_any_other() {
    let named = |url: &str| format!("\u{FEFF}{{\"serviceUrl\":\"{url}\",\"text\":\"\\ud83d\"}}");
    let good = named(SERVICE_URL);
    assert_eq!(
        verify_one(&webhook(), &good_token(), good.as_bytes()),
        Ok(())
    );
    for url in ["https://evil.example/", "", "\\ud83d"] {
        let body = named(url);
        assert!(
            verify_one(&webhook(), &good_token(), body.as_bytes()).is_err(),
            "{url}"
        );
    }
}

#[test]
fn a_signature_by_another_key_is_noticed() {
    let (header, claims) = (header().to_string(), claims().to_string());
    assert_eq!(
        verify(&signed(&pair_two(), &header, &claims)),
        Err(SIGNATURE)
    );
    let (other, good) = (token(&json!({}), &json!({"x": 1})), good_token());
    let (message, _) = good.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    assert_eq!(verify(&format!("{message}.{signature}")), Err(SIGNATURE));
}

#[test]
fn a_connector_without_an_app_id_refuses_everything() {
    for value in [None, Some(""), Some(" ")] {
        let mut bare = connector();
        bare.settings.remove(APP_ID);
        if let Some(value) = value {
            bare.settings.insert(APP_ID.to_owned(), value.to_owned());
        }
        let token = token(&json!({}), &json!({"aud": value.unwrap_or("")}));
        let headers = authorization(&[&format!("Bearer {token}")]);
        let result = block_on(verify_with(&webhook(), &headers, &body(), &bare, NOW));
        assert_eq!(result, Err(Refusal::because("the connector has no app id")));
    }
}

proptest! {
    #[test]
    fn no_token_makes_us_panic_or_is_taken(token in "[ -~]{0,200}") {
        prop_assert!(verify(&token).is_err());
    }

    #[test]
    fn no_header_or_claims_make_us_panic(header in "[ -~]{0,100}", claims in "[ -~]{0,100}") {
        let token = format!("{}.{}.{}", base64url(header), base64url(claims), base64url([7; 256]));
        prop_assert!(verify(&token).is_err());
    }

    #[test]
    fn no_key_set_makes_us_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let source = FakeSource::new(Ok(body));
        prop_assert_eq!(verify_at(&webhook_of(&source), &good_token(), NOW), Err(NO_KEYS));
    }
}
