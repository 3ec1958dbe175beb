//! Signatures that count: published examples, and forgeries of every kind.

use super::*;
use crate::{Algorithms, InvalidToken};
use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    },
};
use serde_json::json;

/// RFC 7515 A.2 and A.3 sign the same claims.
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const RS256_MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RS256_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const ES256_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

fn both() -> Algorithms {
    Algorithms::named(["RS256", "ES256"])
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

fn rs256_example() -> (Value, String) {
    let jwk = json!({"kty": "RSA", "n": RS256_MODULUS, "e": "AQAB"});
    let header = encoded(r#"{"alg":"RS256"}"#);
    (jwk, format!("{header}.{CLAIMS}.{RS256_SIGNATURE}"))
}

fn es256_example() -> (Value, String) {
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let header = encoded(r#"{"alg":"ES256"}"#);
    (jwk, format!("{header}.{CLAIMS}.{ES256_SIGNATURE}"))
}

/// Whether the only key of a set made the signature.
fn verifies(jwk: &Value, token: &str) -> bool {
    let set = Jwks::read(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
    let Ok(token) = Token::read(token, both()) else {
        return false;
    };
    set.find(&token).is_some_and(|key| key.verify(&token))
}

struct Rsa(RsaKeyPair);

impl Rsa {
    fn new() -> Self {
        Self(RsaKeyPair::from_pkcs8(include_bytes!("../testdata/test_key.pkcs8.der")).unwrap())
    }

    fn components(&self) -> PublicKeyComponents<Vec<u8>> {
        self.0.public().into()
    }

    fn jwk(&self, kid: &str) -> Value {
        let public = self.components();
        json!({"kty": "RSA", "kid": kid, "n": encoded(&public.n), "e": encoded(&public.e)})
    }

    fn sign(&self, encoding: &'static dyn RsaEncoding, header: &Value, claims: &str) -> String {
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = SystemRandom::new();
        self.0
            .sign(encoding, &random, message.as_bytes(), &mut signature)
            .unwrap();
        format!("{message}.{}", encoded(signature))
    }
}

struct Ec(EcdsaKeyPair);

impl Ec {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap())
    }

    fn jwk(&self, kid: &str) -> Value {
        let point = self.0.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "kid": kid,
            "x": encoded(&point[1..33]), "y": encoded(&point[33..]),
        })
    }

    fn sign(&self, header: &Value, claims: &str) -> String {
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes());
        format!("{message}.{}", encoded(signature.unwrap()))
    }
}

#[test]
fn the_published_examples_are_verified() {
    for (jwk, token) in [rs256_example(), es256_example()] {
        assert!(verifies(&jwk, &token), "{jwk}");
        let token = Token::read(&token, both()).unwrap();
        let claims = token.all_claims().unwrap();
        assert_eq!(claims["iss"], "joe");
        assert_eq!(claims["exp"], 1_300_819_380);
    }
}

#[test]
fn every_changed_character_is_noticed() {
    for (jwk, good) in [rs256_example(), es256_example()] {
        for index in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(!verifies(&jwk, &changed), "character {index}");
        }
    }
}

#[test]
fn the_key_says_which_algorithm_counts_and_the_token_does_not() {
    let (rsa, ec) = (Rsa::new(), Ec::new());
    let es = |alg: &str| json!({"alg": alg, "kid": "k"});
    assert!(verifies(
        &rsa.jwk("k"),
        &rsa.sign(&RSA_PKCS1_SHA256, &es("RS256"), "{}")
    ));
    assert!(verifies(&ec.jwk("k"), &ec.sign(&es("ES256"), "{}")));
    for (jwk, token) in [
        (
            rsa.jwk("k"),
            rsa.sign(&RSA_PKCS1_SHA256, &es("ES256"), "{}"),
        ),
        (
            rsa.jwk("k"),
            rsa.sign(&RSA_PKCS1_SHA512, &es("RS256"), "{}"),
        ),
        (rsa.jwk("k"), rsa.sign(&RSA_PSS_SHA256, &es("RS256"), "{}")),
        (rsa.jwk("k"), rsa.sign(&RSA_PSS_SHA256, &es("PS256"), "{}")),
        (rsa.jwk("k"), ec.sign(&es("ES256"), "{}")),
        (ec.jwk("k"), ec.sign(&es("RS256"), "{}")),
        (ec.jwk("k"), Ec::new().sign(&es("ES256"), "{}")),
    ] {
        assert!(!verifies(&jwk, &token), "{token}");
    }
    let mut meant = rsa.jwk("k");
    meant["alg"] = json!("PS256");
    assert!(!verifies(
        &meant,
        &rsa.sign(&RSA_PKCS1_SHA256, &es("RS256"), "{}")
    ));
}

#[test]
fn no_signature_and_a_public_key_as_the_secret_of_an_hmac_are_refused() {
    let rsa = Rsa::new();
    for alg in [
        "none", "None", "NONE", "", "HS256", "RS512", "rs256", "EdDSA",
    ] {
        let message = format!(
            "{}.{}",
            encoded(json!({"alg": alg}).to_string()),
            encoded("{}")
        );
        let secret = rsa.components().n;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let tag = encoded(hmac::sign(&key, message.as_bytes()));
        for token in [format!("{message}."), format!("{message}.{tag}")] {
            let read = Token::read(&token, both()).map(|_| ());
            assert_eq!(read, Err(InvalidToken::Algorithm), "{alg}");
        }
    }
}

#[test]
fn an_issuer_that_signs_with_one_algorithm_is_not_believed_with_another() {
    let (jwk, token) = es256_example();
    assert!(verifies(&jwk, &token));
    let read = Token::read(&token, Algorithms::RS256).map(|_| ());
    assert_eq!(read, Err(InvalidToken::Algorithm));
    assert!(Algorithms::named(["none", "HS256", "PS256"]).is_empty());
    assert_eq!(Algorithms::named(["RS256", "HS256"]), Algorithms::RS256);
}

#[test]
fn a_header_that_asks_for_an_extension_or_says_something_twice_is_refused() {
    let ec = Ec::new();
    let read = |header: &Value| {
        let token = ec.sign(header, "{}");
        Token::read(&token, both()).map(|_| ())
    };
    for crit in [json!(["b64"]), json!([]), json!("exp")] {
        let header = json!({"alg": "ES256", "crit": crit, "b64": false});
        assert_eq!(read(&header), Err(InvalidToken::Extension));
    }
    for header in [
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","kid":"a","kid":"b"}"#,
        r#"["ES256",null,null]"#,
        "{}{}",
        "",
    ] {
        let token = format!("{}.{}.AAAA", encoded(header), encoded("{}"));
        let read = Token::read(&token, both()).map(|_| ());
        assert_eq!(read, Err(InvalidToken::Malformed), "{header}");
    }
}

#[test]
fn claims_that_are_repeated_are_refused_whatever_their_name() {
    let ec = Ec::new();
    let header = json!({"alg": "ES256"});
    for (claims, good) in [
        (r#"{"a":1,"b":2}"#, true),
        (r#"{"a":1,"a":1}"#, false),
        (r#"{"a":1,"\u0061":2}"#, false),
        (r#"{"a":1}{"#, false),
        ("[1]", false),
        ("null", false),
        ("", false),
    ] {
        let token = ec.sign(&header, claims);
        let token = Token::read(&token, both()).unwrap();
        assert_eq!(token.all_claims().is_ok(), good, "{claims}");
    }
}

#[test]
fn a_token_without_a_key_id_stands_for_the_only_key_of_its_algorithm() {
    let (one, two, rsa) = (Ec::new(), Ec::new(), Rsa::new());
    let token = one.sign(&json!({"alg": "ES256"}), "{}");
    let token = Token::read(&token, both()).unwrap();
    let found = |keys: Value| {
        let set = Jwks::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
        set.find(&token).is_some()
    };
    assert!(found(json!([one.jwk("a")])));
    assert!(found(json!([rsa.jwk("r"), one.jwk("a")])));
    assert!(!found(json!([one.jwk("a"), two.jwk("b")])));
    assert!(!found(json!([rsa.jwk("r")])));
    assert!(!found(json!([])));
    let named = one.sign(&json!({"alg": "ES256", "kid": "b"}), "{}");
    assert!(!verifies(&one.jwk("a"), &named));
    assert!(verifies(&one.jwk("b"), &named));
}

#[test]
fn keys_that_are_no_keys_of_signatures_are_left_out() {
    let ec = Ec::new().jwk("k");
    let with = |name: &str, value: Value| {
        let mut jwk = ec.clone();
        jwk[name] = value;
        jwk
    };
    assert!(Key::read(&ec).is_some());
    assert!(Key::read(&with("use", json!("sig"))).is_some());
    for jwk in [
        with("use", json!("enc")),
        with("kty", json!("oct")),
        with("crv", json!("P-384")),
        with("x", json!("AAAA")),
        with("y", json!("not base64url!")),
        json!(7),
        json!({}),
    ] {
        assert_eq!(Key::read(&jwk), None, "{jwk}");
    }
    for body in ["", "[]", "{}", r#"{"keys":{}}"#, "not JSON"] {
        assert!(Jwks::read(body.as_bytes()).is_none(), "{body}");
    }
}

#[test]
fn an_rsa_key_that_is_too_short_signs_nothing() {
    let (_, token) = rs256_example();
    let short = json!({"kty": "RSA", "n": encoded([0xFF; 128]), "e": "AQAB"});
    assert!(Key::read(&short).is_some());
    assert!(!verifies(&short, &token));
}

#[test]
fn a_signature_of_p_256_has_one_spelling() {
    let (jwk, good) = es256_example();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let raw = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let longer = [raw.clone(), vec![0]].concat();
    for other in [raw[..63].to_vec(), longer, vec![0; 64], Vec::new()] {
        let token = format!("{message}.{}", encoded(other));
        assert!(!verifies(&jwk, &token));
    }
    for token in [
        format!("{good}="),
        format!("{good}."),
        format!(".{good}"),
        format!(" {good}"),
        message.to_owned(),
    ] {
        assert!(!verifies(&jwk, &token), "{token}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_us_panic(text in "[A-Za-z0-9_.=-]{0,120}") {
        let _ = Token::read(&text, both());
    }

    #[test]
    fn no_bytes_make_us_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Jwks::read(&body);
    }
}
