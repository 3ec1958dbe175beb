//! Signatures: the published ones, those of Twilio's own helpers, and every kind of wrong one.

use super::*;
use crate::twilio::{fixtures, url::RETRIES};
use futures_util::FutureExt;
use http::header::CONTENT_TYPE;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The example in Twilio's documentation of request signing, and in the tests of every helper.
const TOKEN: &str = "12345";
const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const BODY: &[u8] =
    b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
/// The JSON examples from twilio-node, spec/validation.spec.js.
const JSON: &[u8] = br#"{"property": "value", "boolean": true}"#;
const JSON_HASH: &str = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
const JSON_SIGNATURE: &str = "a9nBmqA0ju/hNViExpshrM61xv4=";

const FORM_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";
const JSON_TYPE: &str = "application/json";
const NO_MATCH: Result<(), &str> = Err("the signature does not match");

/// A request and the connector that receives it.
#[derive(Clone)]
struct Case {
    configured: String,
    query: Option<String>,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    secrets: Vec<(&'static str, String)>,
}

impl Case {
    fn of(configured: &str, content_type: &str, body: &[u8], signature: &str) -> Self {
        Self {
            configured: configured.to_owned(),
            query: None,
            headers: vec![
                (SIGNATURE_HEADER, signature.to_owned()),
                (CONTENT_TYPE.as_str(), content_type.to_owned()),
            ],
            body: body.to_vec(),
            secrets: vec![(AUTH_TOKEN, TOKEN.to_owned())],
        }
    }

    fn form(configured: &str, body: &[u8], signature: &str) -> Self {
        Self::of(configured, FORM_TYPE, body, signature)
    }

    fn json(configured: &str, query: &str, body: &[u8], signature: &str) -> Self {
        let mut case = Self::of(configured, JSON_TYPE, body, signature);
        case.query = Some(query.to_owned());
        case
    }

    /// Calls the trait, as the intake does.
    fn verify(&self) -> Result<(), &'static str> {
        let connector = fixtures::connector_at(&self.configured);
        let secrets: BTreeMap<_, _> = self
            .secrets
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::new(value.as_str())))
            .collect();
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(*name, value.parse().unwrap());
        }
        let request = RawRequest {
            headers: &headers,
            query: self.query.as_deref(),
            body: &self.body,
        };
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        Twilio
            .verify(&request, &credentials, Timestamp::from_millis(0))
            .now_or_never()
            .expect("waits for nothing")
            .map_err(|refusal| refusal.reason)
    }
}

fn good() -> Case {
    Case::form(URL, BODY, SIGNATURE)
}

fn good_json() -> Case {
    let query = format!("foo=1&bar=2&bodySHA256={JSON_HASH}");
    Case::json(
        "https://mycompany.com/myapp.php",
        &query,
        JSON,
        JSON_SIGNATURE,
    )
}

/// The signature that Twilio would send for this address and these parameters, computed in the
/// plainest way.
fn signature(token: &str, signed: &str) -> String {
    let signing_key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    BASE64.encode(hmac::sign(&signing_key, signed.as_bytes()).as_ref())
}

fn hash(body: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(digest(&SHA256, body).as_ref())
}

#[test]
fn the_published_example_is_authentic() {
    assert_eq!(good().verify(), Ok(()));
}

/// The examples from twilio-node, spec/validation.spec.js, without the two that treat another port
/// as the default one: Twilio signs the port as typed.
#[test]
fn the_examples_of_twilios_helpers_are_authentic() {
    let http = "http://mycompany.com/myapp.php?foo=1&bar=2";
    let other_port = "http://mycompany.com:1234/myapp.php?foo=1&bar=2";
    let user = "https://user@mycompany.com/myapp.php?foo=1&bar=2";
    let password = "https://user:pass@mycompany.com/myapp.php?foo=1&bar=2";
    let quote = "https://mycompany.com/myapp.php?foo=1&bar=2&Body=It's+amazing";
    let addresses =
        b"MessagingBinding.Address=%2B1325xxxxxxx&MessagingBinding.Address=%2B1415xxxxxxx";
    let turned = b"MessagingBinding.Address=%2B1415xxxxxxx&MessagingBinding.Address=%2B1325xxxxxxx";
    let repeated = b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";
    for (url, body, signature) in [
        (URL, BODY, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (http, BODY, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (other_port, BODY, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        (password, BODY, "CukzLTc1tT5dXEDIHm/tKBanW10="),
        (password, BODY, "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="),
        (user, BODY, "2YRLlVAflCqxaNicjMpJcSTgzSs="),
        (quote, BODY, "dsq4Ehbj6cs+KdTkpF5sSSplOWw="),
        (URL, addresses.as_slice(), "83O6e2vORAoJHUNzJjDWN1jz+BA="),
        (URL, turned.as_slice(), "83O6e2vORAoJHUNzJjDWN1jz+BA="),
        (URL, repeated.as_slice(), "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
    ] {
        assert_eq!(Case::form(url, body, signature).verify(), Ok(()), "{url}");
        // The same address without its query, which the request then brings.
        let (path, query) = url.split_once('?').unwrap();
        let mut case = Case::form(path, body, signature);
        case.query = Some(query.to_owned());
        assert_eq!(case.verify(), Ok(()), "{path} {query}");
    }
}

#[test]
fn the_json_examples_of_twilios_helpers_are_authentic() {
    assert_eq!(good_json().verify(), Ok(()));
    let configured = Case::json(
        URL,
        &format!("foo=1&bar=2&bodySHA256={JSON_HASH}"),
        JSON,
        JSON_SIGNATURE,
    );
    assert_eq!(configured.verify(), Ok(()));
    let path = "https://mycompany.com/myapp.php";
    let empty = hash(b"{}");
    for (query, body, signature) in [
        (
            format!("foo=1&bar=2&bodySHA256={empty}"),
            b"{}".as_slice(),
            "Ldidvp12m26NI7eqEvxnEpkd9Hc=",
        ),
        (
            format!("bodySHA256={JSON_HASH}"),
            JSON,
            "y77kIzt2vzLz71DgmJGsen2scGs=",
        ),
    ] {
        assert_eq!(Case::json(path, &query, body, signature).verify(), Ok(()));
    }
}

#[test]
fn the_address_is_signed_as_it_was_typed() {
    for url in [
        "https://API.Example/Webhooks/x",
        "https://api.example:8443/x",
        "https://api.example/x?b=+%20&a=%2b'",
        "https://api.example/mañana",
        "https://api.example",
    ] {
        let good = Case::form(url, b"a=1", &signature(TOKEN, &format!("{url}a1")));
        assert_eq!(good.verify(), Ok(()), "{url}");
        let mut other = good.clone();
        other.configured = url
            .to_ascii_lowercase()
            .replace("%20", "+")
            .replace('\'', "%27");
        if other.configured != url {
            assert_eq!(other.verify(), NO_MATCH, "{url}");
        }
    }
    for other in [
        "https://mycompany.com:8443/myapp.php?foo=1&bar=2",
        "https://mycompany.com:80/myapp.php?foo=1&bar=2",
        "http://mycompany.com/myapp.php?foo=1&bar=2",
        "https://mycompany.com/myapp.php?bar=2&foo=1",
        "https://mycompany.com/myapp.php",
        "https://mycompany.com/myapp.php/?foo=1&bar=2",
        "https://mycompany.net/myapp.php?foo=1&bar=2",
    ] {
        assert_eq!(
            Case::form(other, BODY, SIGNATURE).verify(),
            NO_MATCH,
            "{other}"
        );
    }
}

#[test]
fn a_fragment_may_be_signed_or_not_and_only_a_known_one_counts() {
    let address = "https://api.example/x";
    let with = |fragment: &str| format!("{address}#{fragment}");
    for (configured, signed, good) in [
        (address.to_owned(), address.to_owned(), true),
        (address.to_owned(), with(RETRIES), true),
        (with("rc=5"), address.to_owned(), true),
        (with("rc=5"), with("rc=5"), true),
        (with("rc=5"), with("rc=4"), false),
        (address.to_owned(), with("rc=5"), false),
    ] {
        let case = Case::form(
            &configured,
            b"a=1",
            &signature(TOKEN, &format!("{signed}a1")),
        );
        assert_eq!(case.verify().is_ok(), good, "{configured} {signed}");
    }
}

#[test]
fn another_query_than_the_signed_one_is_refused() {
    let mut case = Case::form("https://mycompany.com/myapp.php", BODY, SIGNATURE);
    for query in [
        None,
        Some("foo=1"),
        Some("foo=1&bar=2&"),
        Some("foo=1&bar=%32"),
        Some("bar=2&foo=1"),
    ] {
        case.query = query.map(str::to_owned);
        assert_eq!(case.verify(), NO_MATCH, "{query:?}");
    }
    // A request cannot change a configured query.
    let mut configured = good();
    configured.query = Some("foo=1&bar=2&more=3".into());
    assert_eq!(configured.verify(), NO_MATCH);
}

#[test]
fn every_changed_byte_of_a_form_is_noticed() {
    let params = Params::from_form(BODY);
    for index in 0..BODY.len() {
        let mut body = BODY.to_vec();
        body[index] ^= 1;
        // An escape means the same in lower case.
        let same = Params::from_form(&body) == params;
        let result = Case::form(URL, &body, SIGNATURE).verify();
        assert_eq!(result.is_ok(), same, "byte {index}");
    }
    for body in [&BODY[1..], &BODY[..BODY.len() - 1], b"".as_slice()] {
        assert_eq!(Case::form(URL, body, SIGNATURE).verify(), NO_MATCH);
    }
}

#[test]
fn parameters_that_nobody_knows_and_empty_ones_are_signed_too() {
    for more in ["&ToCity=", "&AddOns=%7B%7D", "&Body= "] {
        let body = [BODY, more.as_bytes()].concat();
        let named = more.trim_start_matches('&').split('=').next().unwrap();
        let result = Case::form(URL, &body, SIGNATURE).verify();
        assert_eq!(result, NO_MATCH, "{named}");
    }
    let spaced = signature(TOKEN, "https://api.example/xBody  a \nToCity");
    let case = Case::form("https://api.example/x", b"ToCity=&Body=++a+%0A", &spaced);
    assert_eq!(case.verify(), Ok(()));
    let trimmed = Case::form("https://api.example/x", b"ToCity=&Body=a", &spaced);
    assert_eq!(trimmed.verify(), NO_MATCH);
}

#[test]
fn a_json_body_is_bound_by_its_hash() {
    let mut other_body = good_json();
    other_body.body = JSON.to_ascii_uppercase();
    assert_eq!(other_body.verify(), Err("the body is not that of the hash"));

    let with_query = |query: String| {
        let mut case = good_json();
        let signed = format!("https://mycompany.com/myapp.php?{query}");
        case.headers[0].1 = signature(TOKEN, &signed);
        case.query = Some(query);
        case.verify()
    };
    let upper = JSON_HASH.to_uppercase();
    assert_eq!(with_query(format!("bodySHA256={upper}")), Ok(()));
    assert_eq!(with_query("foo=1".into()), Err("a JSON body has no hash"));
    assert_eq!(
        with_query(format!("bodysha256={JSON_HASH}")),
        Err("a JSON body has no hash")
    );
    for query in [
        format!("bodySHA256={JSON_HASH}&bodySHA256={JSON_HASH}"),
        format!("bodySHA256={JSON_HASH}&%62odySHA256={JSON_HASH}"),
        format!("bodySHA256={JSON_HASH}&bodySHA256"),
    ] {
        assert_eq!(with_query(query), Err("the body hash is repeated"));
    }
    for hash in [
        "",
        &JSON_HASH[..62],
        &format!("{JSON_HASH}00"),
        "z",
        &hash(b"{}"),
    ] {
        let result = with_query(format!("bodySHA256={hash}"));
        assert_eq!(result, Err("the body is not that of the hash"), "{hash}");
    }
}

#[test]
fn a_json_body_without_a_signature_over_its_address_is_refused() {
    let mut case = good_json();
    case.query = Some(format!("foo=1&bar=3&bodySHA256={JSON_HASH}"));
    assert_eq!(case.verify(), NO_MATCH);
    let mut configured = Case::json(
        "https://mycompany.com/myapp.php?own=1",
        "",
        JSON,
        JSON_SIGNATURE,
    );
    configured.query = good_json().query;
    assert_eq!(configured.verify(), Err("a JSON body has no hash"));
}

#[test]
fn one_format_is_refused_with_the_mark_of_the_other() {
    let mut form = good_json();
    form.headers[1].1 = FORM_TYPE.into();
    assert_eq!(form.verify(), Err("a form has a body hash"));
    // An empty form adds nothing to the address that is signed for JSON.
    form.body = Vec::new();
    assert_eq!(form.verify(), Err("a form has a body hash"));
    let mut beside = good();
    beside.query = Some("bodySHA256=00".into());
    assert_eq!(beside.verify(), Err("a form has a body hash"));
    let mut json = good();
    json.headers[1].1 = JSON_TYPE.into();
    assert_eq!(json.verify(), Err("a JSON body has no hash"));
}

#[test]
fn a_body_of_another_kind_is_refused() {
    for content_type in ["", "text/plain", "multipart/form-data", "application/xml"] {
        let mut case = good();
        case.headers[1].1 = content_type.into();
        assert_eq!(
            case.verify(),
            Err("the body is neither a form nor JSON"),
            "{content_type}"
        );
    }
    let mut none = good();
    none.headers.pop();
    assert_eq!(none.verify(), Err("the body is neither a form nor JSON"));
}

#[test]
fn the_signature_is_needed_exactly_once() {
    let mut case = good();
    let sign = case.headers.remove(0);
    assert_eq!(case.verify(), Err("the signature header is missing"));
    case.headers.push(sign.clone());
    case.headers.push(sign);
    assert_eq!(case.verify(), Err("the signature header is repeated"));
    let joined = Case::form(URL, BODY, &format!("{SIGNATURE},{SIGNATURE}"));
    assert_eq!(joined.verify(), Err("the signature is malformed"));
}

#[test]
fn a_signature_is_canonical_base64_of_twenty_bytes() {
    for (signature, reason) in [
        ("", "the signature does not match"),
        ("AAAA", "the signature does not match"),
        ("RSOYDt4T1cUTdK1PDd93/VVr8B8", "the signature is malformed"),
        ("RSOYDt4T1cUTdK1PDd93/VVr8B9=", "the signature is malformed"),
        ("RSOYDt4T1cUTdK1PDd93_VVr8B8=", "the signature is malformed"),
        (
            "RSOYDt4T1cUTdK1PDd93/VVr8B8==",
            "the signature is malformed",
        ),
        (
            "rsoydt4t1cutdk1pdd93/vvr8b8=",
            "the signature does not match",
        ),
        (
            "RSOYDt4T1cUTdK1PDd93/VVr8B8AAAA=",
            "the signature does not match",
        ),
        ("45239 80ede13d5c513", "the signature is malformed"),
    ] {
        assert_eq!(
            Case::form(URL, BODY, signature).verify(),
            Err(reason),
            "{signature}"
        );
    }
}

#[test]
fn a_header_that_is_not_ascii_is_refused() {
    let mut headers = HeaderMap::new();
    let value = http::HeaderValue::from_bytes(b"\xff\xfe").unwrap();
    headers.insert(SIGNATURE_HEADER, value);
    assert_eq!(
        only_signature(&headers).unwrap_err().reason,
        "the signature header is not ASCII"
    );
}

#[test]
fn a_missing_or_blank_token_is_refused_even_if_the_request_is_signed_with_it() {
    for blank in ["", " ", "\t\n"] {
        let signed = signature(blank, "https://api.example/xa1");
        let mut case = Case::form("https://api.example/x", b"a=1", &signed);
        case.secrets = vec![(AUTH_TOKEN, blank.into())];
        assert_eq!(case.verify(), Err("the connector has no auth token"));
        case.secrets = vec![
            (AUTH_TOKEN, TOKEN.into()),
            (PREVIOUS_AUTH_TOKEN, blank.into()),
        ];
        assert_eq!(case.verify(), NO_MATCH);
    }
    let mut case = good();
    case.secrets = vec![(PREVIOUS_AUTH_TOKEN, TOKEN.into())];
    assert_eq!(case.verify(), Err("the connector has no auth token"));
}

#[test]
fn a_connector_without_an_address_gets_nothing() {
    for blank in ["", " "] {
        let case = Case::form(blank, b"", &signature(TOKEN, blank));
        assert_eq!(case.verify(), Err("the connector has no webhook URL"));
    }
}

#[test]
fn during_a_rotation_both_tokens_are_good_and_no_third() {
    let signed = "https://api.example/xa1";
    for (token, good) in [
        ("the-new-token", true),
        (TOKEN, true),
        ("another-token", false),
    ] {
        let mut case = Case::form("https://api.example/x", b"a=1", &signature(token, signed));
        case.secrets = vec![
            (AUTH_TOKEN, "the-new-token".into()),
            (PREVIOUS_AUTH_TOKEN, TOKEN.into()),
        ];
        assert_eq!(case.verify().is_ok(), good, "{token}");
    }
}

#[test]
fn a_refusal_says_nothing_and_a_failure_is_not_sent_again() {
    assert!(!Twilio.redelivers());
    for status in [401, 413, 503] {
        let reply = Twilio.refusal_reply(status);
        assert_eq!((reply.status, reply.content_type), (status, None));
        assert!(reply.body.is_empty());
    }
}

/// A form with these parameters in this order.
fn form_of(params: &[(String, String)]) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params)
        .finish()
        .into_bytes()
}

proptest! {
    #[test]
    fn the_order_of_parameters_never_matters(
        params in proptest::collection::vec(("[A-Za-z]{1,3}", any::<String>()), 0..12)
            .prop_flat_map(|params| (Just(params.clone()), Just(params).prop_shuffle())),
    ) {
        let (sorted, shuffled) = params;
        let mut unique = sorted.clone();
        unique.sort();
        unique.dedup();
        let signed = unique.iter().flat_map(|(name, value)| [name.as_str(), value]).collect::<String>();
        let signed = signature(TOKEN, &format!("{URL}{signed}"));
        for order in [sorted, shuffled] {
            let case = Case::form(URL, &form_of(&order), &signed);
            prop_assert_eq!(case.verify(), Ok(()));
        }
    }

    #[test]
    fn a_form_with_a_changed_byte_is_refused_unless_it_says_the_same(index in 0..BODY.len(), byte in any::<u8>()) {
        let mut body = BODY.to_vec();
        body[index] = byte;
        let same = Params::from_form(&body) == Params::from_form(BODY);
        prop_assert_eq!(Case::form(URL, &body, SIGNATURE).verify().is_ok(), same);
    }

    #[test]
    fn a_json_body_with_a_changed_byte_is_refused(index in 0..JSON.len(), byte in any::<u8>()) {
        let mut case = good_json();
        case.body[index] = byte;
        prop_assert_eq!(case.verify().is_ok(), byte == JSON[index]);
    }

    #[test]
    fn a_changed_byte_of_the_signature_is_refused(index in 0..SIGNATURE.len(), byte in b' '..=b'~') {
        let mut bytes = SIGNATURE.as_bytes().to_vec();
        bytes[index] = byte;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(Case::form(URL, BODY, &changed).verify().is_ok(), changed == SIGNATURE);
    }

    #[test]
    fn no_request_makes_the_check_panic(
        configured in "(https?://)?[ -~é]{0,40}", query in proptest::option::of("[ -~é]{0,40}"),
        content_type in proptest::sample::select(vec![FORM_TYPE, JSON_TYPE, "x"]),
        signature in "[ -~]{0,40}", body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut case = Case::of(&configured, content_type, &body, &signature);
        case.query = query;
        prop_assert!(case.verify().is_err());
    }
}
