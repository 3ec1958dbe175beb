//! Headers of tokens and of their requests, and the values that they may have.

use super::*;

#[test]
fn only_rs256_counts_as_a_signature() {
    let message = |alg: &str| {
        let header = with(header(), &json!({ "alg": alg })).to_string();
        format!("{}.{}", base64url(header), base64url(claims().to_string()))
    };
    let algorithm = "the token is not signed with RS256";
    let none = message("none");
    for token in [
        format!("{none}."),
        format!("{none}.{}", base64url("x")),
        good_token().replacen(
            &base64url(header().to_string()),
            &base64url(r#"{"alg":"none"}"#),
            1,
        ),
    ] {
        assert_eq!(verify(&token), Err(algorithm));
    }
    // The public key used as the secret of an HMAC: a verifier that trusts the token's algorithm
    // would accept it.
    let public = components(&pair_one());
    for secret in [public.n.clone(), pair_one().public().as_ref().to_vec()] {
        let message = message("HS256");
        let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let tag = base64url(hmac::sign(&hmac_key, message.as_bytes()));
        assert_eq!(verify(&format!("{message}.{tag}")), Err(algorithm));
        let honest = format!(
            "{}.{}",
            base64url(header().to_string()),
            base64url(claims().to_string())
        );
        let tag = base64url(hmac::sign(&hmac_key, honest.as_bytes()));
        assert_eq!(verify(&format!("{honest}.{tag}")), Err(SIGNATURE));
    }
    let strong = message("RS512");
    let signed = signature(&pair_one(), &RSA_PKCS1_SHA512, &strong);
    assert_eq!(verify(&format!("{strong}.{signed}")), Err(algorithm));
    let mislabelled = message("RS256");
    let signed = signature(&pair_one(), &RSA_PKCS1_SHA512, &mislabelled);
    assert_eq!(verify(&format!("{mislabelled}.{signed}")), Err(SIGNATURE));
    for change in [
        json!({"alg": null}),
        json!({"alg": "rs256"}),
        json!({"alg": ""}),
    ] {
        assert_eq!(
            verify(&token(&change, &json!({}))),
            Err(algorithm),
            "{change}"
        );
    }
    assert_eq!(
        verify(&token(&json!({"alg": ["RS256"]}), &json!({}))),
        Err(MALFORMED)
    );
}

#[test]
fn the_header_selects_a_key_and_nothing_else() {
    for change in [
        json!({"jku": "https://evil.example/keys"}),
        json!({"x5u": "https://evil.example/cert"}),
        json!({"jwk": jwk(KID, &pair_two())}),
        json!({"typ": null}),
    ] {
        assert_eq!(verify(&token(&change, &json!({}))), Ok(()), "{change}");
        let header = with(header(), &change).to_string();
        let forged = signed(&pair_two(), &header, &claims().to_string());
        assert_eq!(verify(&forged), Err(SIGNATURE), "{change}");
    }
    for (change, expected) in [
        (json!({"kid": null}), "the token names no key"),
        (json!({"kid": ""}), "the token names no key"),
        (json!({"kid": "k".repeat(201)}), "the token names no key"),
        (json!({"kid": 7}), MALFORMED),
        (json!({"kid": "key-two"}), UNKNOWN_KEY),
        (json!({"kid": KID.to_ascii_uppercase()}), UNKNOWN_KEY),
        (json!({"crit": ["exp"]}), "the token asks for an extension"),
        (json!({"crit": []}), "the token asks for an extension"),
    ] {
        assert_eq!(
            verify(&token(&change, &json!({}))),
            Err(expected),
            "{change}"
        );
    }
}

#[test]
fn every_changed_character_of_a_token_is_noticed() {
    let good = good_token();
    let webhook = webhook();
    for index in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(
            verify_at(&webhook, &changed, NOW).is_err(),
            "character {index}"
        );
    }
}

#[test]
fn a_token_has_exactly_one_spelling() {
    let good = good_token();
    let [header, claims, signature]: [&str; 3] =
        good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let raw = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let padded = BASE64URL.encode(&raw);
    assert_ne!(padded, signature, "the test has nothing to pad");
    let standard = data_encoding::BASE64_NOPAD.encode(&raw);
    assert_ne!(standard, signature, "the test has nothing to respell");
    // 256 bytes leave two bits of the last character unused.
    let mut loose = signature.to_owned();
    let last = loose.pop().unwrap();
    loose.push(char::from(u8::try_from(last).unwrap() + 1));
    for token in [
        format!("{header}.{claims}.{padded}"),
        format!("{header}.{claims}.{standard}"),
        format!("{header}.{claims}.{loose}"),
        format!("{good}."),
        format!("{good}.x"),
        format!(".{good}"),
        format!("{good} "),
        format!("{good}\t"),
        format!("{good},Bearer {good}"),
        format!(" {good}"),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{header}..{signature}"),
        format!("..{signature}"),
        header.to_owned(),
        String::new(),
        "..".to_owned(),
        ".".repeat(10),
        format!("{}.{claims}.{signature}", "A".repeat(9000)),
    ] {
        assert!(verify(&token).is_err(), "{token}");
    }
}

#[test]
fn what_parsers_could_read_in_two_ways_is_refused() {
    let (good_header, good_claims) = (header().to_string(), claims().to_string());
    let twice = |json: &str, name: &str, value: &str| {
        format!(r#"{{"{name}":{value},{}"#, json.strip_prefix('{').unwrap())
    };
    for (header, claims) in [
        (
            good_header.clone(),
            twice(&good_claims, "aud", r#""other""#),
        ),
        (
            good_header.clone(),
            twice(&good_claims, "iss", r#""other""#),
        ),
        (good_header.clone(), twice(&good_claims, "exp", "1")),
        (good_header.clone(), twice(&good_claims, "nbf", "1")),
        (
            good_header.clone(),
            twice(&good_claims, "serviceurl", r#""other""#),
        ),
        (twice(&good_header, "alg", r#""none""#), good_claims.clone()),
        (
            twice(&good_header, "kid", r#""other""#),
            good_claims.clone(),
        ),
        (good_header.clone(), format!("{good_claims}x")),
        (format!("{good_header}{{}}"), good_claims.clone()),
        (
            r#"["RS256","key-one",null]"#.to_owned(),
            good_claims.clone(),
        ),
        (good_header.clone(), "null".to_owned()),
        (good_header.clone(), "\u{FEFF}{}".to_owned()),
        (String::new(), good_claims.clone()),
    ] {
        let token = signed(&pair_one(), &header, &claims);
        assert_eq!(verify(&token), Err(MALFORMED), "{header} {claims}");
    }
}

#[test]
fn there_is_one_authorization_header_with_one_bearer_token() {
    let good = good_token();
    let check = |values: &[&str]| {
        let headers = authorization(values);
        block_on(verify_with(
            &webhook(),
            &headers,
            &body(),
            &connector(),
            NOW,
        ))
        .is_ok()
    };
    let bearer = format!("Bearer {good}");
    assert!(check(&[&bearer]));
    // Schemes are case-insensitive (RFC 9110 §11.1).
    assert!(check(&[&format!("bearer {good}")]));
    assert!(check(&[&format!("BEARER {good}")]));
    for values in [
        vec![],
        vec![bearer.as_str(), bearer.as_str()],
        vec![bearer.as_str(), "Bearer x"],
        vec!["Bearer x", bearer.as_str()],
        vec![""],
        vec!["Bearer"],
        vec!["Bearer "],
        vec![good.as_str()],
    ] {
        assert!(!check(&values), "{values:?}");
    }
    for value in [
        format!("Basic {good}"),
        format!("Bearer  {good}"),
        format!("Bearer\t{good}"),
        format!("Bearer {good} x"),
        format!("Bearer {good},Bearer {good}"),
        format!("Bearer {good}, Bearer {good}"),
    ] {
        assert!(!check(&[&value]), "{value}");
    }
}
