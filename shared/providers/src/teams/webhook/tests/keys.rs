//! Microsoft's signing keys: when they are fetched, and which are in use meanwhile.

use super::*;

#[test]
fn a_key_must_be_endorsed_for_teams() {
    for endorsements in [
        Value::Null,
        json!([]),
        json!(["directline", "webchat"]),
        json!(["MSTEAMS"]),
        json!(["xmsteams"]),
        json!("msteams"),
        json!({"msteams": true}),
    ] {
        let key = with(
            jwk(KID, &pair_one()),
            &json!({ "endorsements": endorsements }),
        );
        let webhook = webhook_of(&FakeSource::with_keys(&[key]));
        let expected = Err("the key is not endorsed for Teams");
        assert_eq!(
            verify_at(&webhook, &good_token(), NOW),
            expected,
            "{endorsements}"
        );
    }
}

#[test]
fn keys_that_sign_nothing_of_ours_are_left_out() {
    let one = jwk(KID, &pair_one());
    for change in [
        json!({"kty": "EC"}),
        json!({"kty": null}),
        json!({"kty": "oct", "k": "c2VjcmV0"}),
        json!({"use": "enc"}),
        json!({"n": null}),
        json!({"n": "not base64url!"}),
        json!({"e": 65537}),
        json!({"kid": null}),
    ] {
        let other = jwk("another", &pair_two());
        let source = FakeSource::with_keys(&[json!(7), with(one.clone(), &change), other]);
        assert_eq!(
            verify_at(&webhook_of(&source), &good_token(), NOW),
            Err(UNKNOWN_KEY),
            "{change}"
        );
    }
    let small = with(one.clone(), &json!({"n": base64url([0xFF; 64])}));
    let source = FakeSource::with_keys(&[small]);
    assert_eq!(
        verify_at(&webhook_of(&source), &good_token(), NOW),
        Err(SIGNATURE)
    );
    let zero = [vec![0], components(&pair_one()).n].concat();
    let padded = with(one.clone(), &json!({"n": base64url(zero), "use": null}));
    let source = FakeSource::with_keys(&[padded]);
    assert_eq!(verify_at(&webhook_of(&source), &good_token(), NOW), Ok(()));
}

#[test]
fn without_any_keys_the_failure_is_ours_and_teams_is_to_try_again() {
    for answer in [
        FakeSource::down(),
        Ok(Vec::new()),
        Ok(b"{}".to_vec()),
        Ok(key_set(&[])),
    ] {
        let source = FakeSource::new(answer);
        let refusal = verify_one(&webhook_of(&source), &good_token(), &body()).unwrap_err();
        assert_eq!(
            (refusal.cause, refusal.reason),
            (Cause::NotCheckable, NO_KEYS)
        );
    }
    let forged = token(&json!({}), &json!({"aud": "other"}));
    let webhook = webhook_of(&FakeSource::new(FakeSource::down()));
    let refusal = verify_one(&webhook, &forged, &body());
    assert_eq!(refusal.unwrap_err().cause, Cause::NotAuthentic);
}

#[test]
fn keys_are_fetched_once_a_day() {
    let source = FakeSource::with_keys(&[jwk(KID, &pair_one())]);
    let webhook = webhook_of(&source);
    block_on(webhook.warm(NOW));
    block_on(webhook.warm(NOW));
    assert_eq!(source.fetches(), 1);
    let token = lasting(KID, &pair_one());
    for (secs, fetches) in [
        (0, 1),
        (60, 1),
        (86_399, 1),
        (86_400, 2),
        (86_401, 2),
        (172_799, 2),
        (172_800, 3),
    ] {
        assert_eq!(verify_at(&webhook, &token, after(secs)), Ok(()), "{secs}");
        assert_eq!(source.fetches(), fetches, "{secs}");
    }
}

#[test]
fn a_new_key_is_found_within_five_minutes() {
    let source = FakeSource::with_keys(&[jwk(KID, &pair_one())]);
    let webhook = webhook_of(&source);
    block_on(webhook.warm(NOW));
    source.set(Ok(key_set(&[jwk("key-two", &pair_two())])));
    let token = lasting("key-two", &pair_two());
    assert_eq!(verify_at(&webhook, &token, after(299)), Err(UNKNOWN_KEY));
    assert_eq!(verify_at(&webhook, &token, after(300)), Ok(()));
    // The fetch removes the key that Microsoft withdrew.
    let withdrawn = lasting(KID, &pair_one());
    assert_eq!(
        verify_at(&webhook, &withdrawn, after(301)),
        Err(UNKNOWN_KEY)
    );
    assert_eq!(source.fetches(), 2);
}

#[test]
fn a_new_key_that_cannot_be_had_is_no_refusal() {
    let source = FakeSource::with_keys(&[jwk(KID, &pair_one())]);
    let webhook = webhook_of(&source);
    block_on(webhook.warm(NOW));
    source.set(FakeSource::down());
    let token = lasting("key-two", &pair_two());
    assert_eq!(verify_at(&webhook, &token, after(300)), Err(NO_KEYS));
    source.set(Ok(key_set(&[jwk("key-two", &pair_two())])));
    assert_eq!(verify_at(&webhook, &token, after(600)), Ok(()));
}

#[test]
fn keys_that_nobody_knows_do_not_make_us_fetch_for_each_request() {
    let source = FakeSource::with_keys(&[jwk(KID, &pair_one())]);
    let webhook = webhook_of(&source);
    for secs in 0..=600 {
        let token = token(&json!({"kid": format!("made-up-{secs}")}), &json!({}));
        assert_eq!(verify_at(&webhook, &token, after(secs)), Err(UNKNOWN_KEY));
    }
    assert_eq!(source.fetches(), 3, "at 0, 300 and 600 seconds");
}

#[test]
fn a_token_that_is_not_for_this_app_makes_us_fetch_nothing() {
    let source = FakeSource::with_keys(&[jwk(KID, &pair_one())]);
    let webhook = webhook_of(&source);
    for change in [
        json!({"aud": "other"}),
        json!({"iss": "other"}),
        json!({"exp": 1}),
    ] {
        assert!(verify_at(&webhook, &token(&json!({}), &change), NOW).is_err());
    }
    assert!(verify_at(&webhook, "not a token", NOW).is_err());
    assert_eq!(source.fetches(), 0);
}

#[test]
fn old_keys_stay_in_use_while_new_ones_cannot_be_had() {
    let source = FakeSource::with_keys(&[jwk(KID, &pair_one())]);
    let webhook = webhook_of(&source);
    block_on(webhook.warm(NOW));
    let token = lasting(KID, &pair_one());
    let answers = [FakeSource::down(), Ok(b"<html>".to_vec()), Ok(key_set(&[]))];
    for (index, answer) in answers.into_iter().enumerate() {
        source.set(answer);
        let later = 100_000 + 300 * u64::try_from(index).unwrap();
        assert_eq!(verify_at(&webhook, &token, after(later)), Ok(()));
        assert_eq!(verify_at(&webhook, &token, after(later + 299)), Ok(()));
        assert_eq!(
            source.fetches(),
            2 + index,
            "tried again after five minutes, not sooner"
        );
    }
}

#[test]
fn while_there_are_no_keys_a_fetch_is_tried_every_two_seconds() {
    let source = FakeSource::new(FakeSource::down());
    let webhook = webhook_of(&source);
    block_on(webhook.warm(NOW));
    for (millis, fetches) in [(0, 1), (1999, 1), (2000, 2), (3999, 2), (4000, 3)] {
        let now = NOW.plus(Duration::from_millis(millis));
        assert_eq!(
            verify_at(&webhook, &good_token(), now),
            Err(NO_KEYS),
            "{millis}"
        );
        assert_eq!(source.fetches(), fetches, "{millis}");
    }
    source.set(Ok(key_set(&[jwk(KID, &pair_one())])));
    assert_eq!(verify_at(&webhook, &good_token(), after(6)), Ok(()));
}

#[test]
fn one_fetch_serves_all_who_wait_for_it() {
    let source = FakeSource::slow(Ok(key_set(&[jwk(KID, &pair_one())])), 5);
    let webhook = webhook_of(&source);
    let headers = authorization(&[&format!("Bearer {}", good_token())]);
    let (body, connector) = (body(), connector());
    let once = || verify_with(&webhook, &headers, &body, &connector, NOW);
    let (first, second) = block_on(join(once(), once()));
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(source.fetches(), 1);
}

#[test]
fn a_request_that_ran_out_of_time_while_fetching_does_not_block_the_next() {
    let source = FakeSource::slow(Ok(key_set(&[jwk(KID, &pair_one())])), 1);
    let webhook = webhook_of(&source);
    assert_eq!(
        webhook.warm(NOW).now_or_never(),
        None,
        "it waits, and is dropped"
    );
    assert_eq!(verify_at(&webhook, &good_token(), after(1)), Err(NO_KEYS));
    assert_eq!(verify_at(&webhook, &good_token(), after(2)), Ok(()));
    assert_eq!(source.fetches(), 2);
}
