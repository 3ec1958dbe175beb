//! Looks up a person's picture (PROVIDERS §3.5). Names come with every message.

use super::api::Token;
use crate::{
    outgoing::{CallError, CallResult, HttpReply, NextCall, OutgoingCall},
    webhook::Credentials,
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};
use vestibule_domain::{
    chat::message::Identity,
    chat::profile::Profile,
    ports::{AVATAR_MAX_BYTES, AvatarImage, FailureClass, ProfileOutcome},
};

/// Preferred width or height of the picture, in pixels. Telegram keeps 160, 320 and 640.
const WANTED_PIXELS: u64 = 320;
/// Longest accepted path of a file, in bytes.
const FILE_PATH_MAX_BYTES: usize = 255;
/// Characters that are encoded in a path, besides those that are not ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ');

/// Makes three calls: for the list of pictures, the path of one, and its bytes. Having none is no
/// failure; only transient errors are retried.
pub(super) fn profile(
    identity: &Identity,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> NextCall<ProfileOutcome> {
    next(identity, credentials, so_far).unwrap_or_else(|problem| NextCall::Done(problem.into()))
}

fn next(
    identity: &Identity,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<NextCall<ProfileOutcome>, CallError> {
    let token = Token::of(credentials)?;
    let mut answers = so_far.iter();
    let Some(photos) = answers.next() else {
        return Ok(photos_of(identity, token).map_or_else(without_picture, NextCall::Call));
    };
    let Some(file_id) = best_size(&token.answer(photos)?) else {
        return Ok(without_picture());
    };
    let Some(file) = answers.next() else {
        let call = token.call("getFile", &json!({ "file_id": file_id }));
        return Ok(NextCall::Call(call));
    };
    let Some(path) = file_path(&token.answer(file)?) else {
        return Ok(without_picture());
    };
    match answers.next() {
        None => Ok(NextCall::Call(token.download(&path))),
        Some(CallResult::Replied(reply)) => download(reply),
        // No answer, or a forbidden call: handled alike for all calls.
        Some(other) => token
            .answer(other)
            .map(|_| without_picture())
            .map_err(CallError::from),
    }
}

/// Reads a download: bytes, not an answer of the API.
fn download(reply: &HttpReply) -> Result<NextCall<ProfileOutcome>, CallError> {
    let reason = || format!("http_{}", reply.status);
    match reply.status {
        200 => Ok(found(AvatarImage::from_bytes(reply.body.clone()))),
        400..=428 | 430..=499 => Err(CallError::never(FailureClass::Request, &reason())),
        _ => Err(CallError::later(reply.retry_after, &reason())),
    }
}

fn photos_of(identity: &Identity, token: Token<'_>) -> Option<OutgoingCall> {
    let user: i64 = identity.identifier.parse().ok()?;
    let arguments = json!({"user_id": user, "limit": 1});
    Some(token.call("getUserProfilePhotos", &arguments))
}

/// The size of the newest picture that is nearest to the preferred one, among those that may be
/// kept.
fn best_size(photos: &Value) -> Option<String> {
    let sizes = photos.pointer("/photos/0")?.as_array()?;
    let number = |size: &Value, name: &str| size.get(name).and_then(Value::as_u64);
    let best = sizes
        .iter()
        .filter(|size| {
            number(size, "file_size").is_none_or(|bytes| {
                usize::try_from(bytes).is_ok_and(|bytes| bytes <= AVATAR_MAX_BYTES)
            })
        })
        .filter_map(|size| {
            let pixels = number(size, "width")?.max(number(size, "height")?);
            let file_id = size.get("file_id")?.as_str()?;
            Some((pixels.abs_diff(WANTED_PIXELS), file_id))
        })
        .min_by_key(|(distance, _)| *distance);
    best.map(|(_, file_id)| file_id.to_owned())
}

/// The encoded path of a file, if it cannot lead anywhere else.
pub(super) fn file_path(file: &Value) -> Option<String> {
    let path = file.get("file_path")?.as_str()?;
    let is_plain = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' '))
    };
    let fits = path.len() <= FILE_PATH_MAX_BYTES && path.split('/').all(is_plain);
    fits.then(|| utf8_percent_encode(path, ENCODED).to_string())
}

fn without_picture() -> NextCall<ProfileOutcome> {
    found(None)
}

/// Keeps the names from the message.
fn found(avatar: Option<AvatarImage>) -> NextCall<ProfileOutcome> {
    NextCall::Done(ProfileOutcome::Found {
        profile: Profile::default(),
        avatar,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::fixtures::{
        self, TOKEN, TOKEN_SECRET, accepted, connector, identity, refused, replied,
    };
    use http::Method;
    use proptest::prelude::*;
    use std::time::Duration;

    const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 a picture";

    fn step_for(identity: &Identity, so_far: &[CallResult]) -> NextCall<ProfileOutcome> {
        let (connector, secrets) = (connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        profile(identity, &credentials, so_far)
    }

    fn step(so_far: &[CallResult]) -> NextCall<ProfileOutcome> {
        step_for(&identity(), so_far)
    }

    fn call(so_far: &[CallResult]) -> OutgoingCall {
        match step(so_far) {
            NextCall::Call(call) => call,
            NextCall::Done(outcome) => panic!("no call but {outcome:?}"),
        }
    }

    fn outcome(so_far: &[CallResult]) -> ProfileOutcome {
        match step(so_far) {
            NextCall::Done(outcome) => outcome,
            NextCall::Call(call) => panic!("no outcome but {call:?}"),
        }
    }

    fn size(pixels: u64, bytes: u64) -> Value {
        json!({"file_id": format!("size-{pixels}"), "file_unique_id": "u", "width": pixels, "height": pixels, "file_size": bytes})
    }

    fn photos() -> CallResult {
        photos_in(&[size(160, 8_000), size(320, 20_000), size(640, 60_000)])
    }

    fn photos_in(sizes: &[Value]) -> CallResult {
        accepted(&json!({"total_count": 3, "photos": [sizes]}))
    }

    fn file(path: &str) -> CallResult {
        accepted(
            &json!({"file_id": "size-320", "file_unique_id": "u", "file_size": 20_000, "file_path": path}),
        )
    }

    fn bytes(status: u16, body: &[u8]) -> CallResult {
        CallResult::Replied(HttpReply {
            status,
            retry_after: None,
            body: body.to_vec(),
        })
    }

    fn nothing_found() -> ProfileOutcome {
        ProfileOutcome::Found {
            profile: Profile::default(),
            avatar: None,
        }
    }

    #[test]
    fn a_picture_takes_three_calls() {
        let first = call(&[]);
        assert_eq!(first.path, format!("/bot{TOKEN}/getUserProfilePhotos"));
        let arguments: Value = serde_json::from_slice(first.body.as_deref().unwrap()).unwrap();
        assert_eq!(arguments, json!({"user_id": 218_485_655, "limit": 1}));

        let second = call(&[photos()]);
        assert_eq!(second.path, format!("/bot{TOKEN}/getFile"));
        let arguments: Value = serde_json::from_slice(second.body.as_deref().unwrap()).unwrap();
        assert_eq!(arguments, json!({"file_id": "size-320"}));

        let third = call(&[photos(), file("photos/file_1.jpg")]);
        assert_eq!(third.method, Method::GET);
        assert_eq!(third.path, format!("/file/bot{TOKEN}/photos/file_1.jpg"));
        assert!(third.body.is_none() && third.headers.is_empty());
        assert!(!format!("{third:?}").contains(TOKEN_SECRET));

        let found = outcome(&[photos(), file("photos/file_1.jpg"), bytes(200, JPEG)]);
        let expected = ProfileOutcome::Found {
            profile: Profile::default(),
            avatar: Some(AvatarImage {
                media_type: "image/jpeg",
                bytes: JPEG.to_vec(),
            }),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn the_size_nearest_to_the_wanted_one_that_may_be_kept_is_taken() {
        let without_file_size = json!({"file_id": "size-300", "width": 300, "height": 200});
        for (sizes, expected) in [
            (vec![size(160, 1), size(640, 1)], "size-160"),
            (vec![size(640, 1), size(320, 1), size(160, 1)], "size-320"),
            (vec![size(160, 1), size(320, 102_401)], "size-160"),
            (vec![size(320, 102_400)], "size-320"),
            (vec![size(160, 1), without_file_size], "size-300"),
        ] {
            let arguments = call(&[photos_in(&sizes)]).body.unwrap();
            let arguments: Value = serde_json::from_slice(&arguments).unwrap();
            assert_eq!(arguments["file_id"], expected, "{sizes:?}");
        }
    }

    #[test]
    fn who_has_no_picture_or_hides_it_is_found_without_one() {
        for result in [
            accepted(&json!({"total_count": 0, "photos": []})),
            accepted(&json!({"total_count": 1, "photos": [[]]})),
            photos_in(&[size(640, 500_000)]),
            accepted(&json!({"photos": "none"})),
            accepted(&json!(null)),
        ] {
            assert_eq!(outcome(&[result]), nothing_found());
        }
        for file in [
            accepted(&json!({"file_id": "f"})),
            accepted(&json!({"file_path": 7})),
        ] {
            assert_eq!(outcome(&[photos(), file]), nothing_found());
        }
    }

    #[test]
    fn a_file_that_is_no_picture_is_not_kept() {
        for body in [b"<html>".to_vec(), Vec::new(), {
            let mut huge = JPEG.to_vec();
            huge.resize(AVATAR_MAX_BYTES + 1, 0);
            huge
        }] {
            let found = outcome(&[photos(), file("photos/file_1.jpg"), bytes(200, &body)]);
            assert_eq!(found, nothing_found());
        }
    }

    #[test]
    fn a_path_leads_to_a_file_of_telegrams_and_nowhere_else() {
        for path in [
            "",
            "/",
            "/etc/passwd",
            "../getMe",
            "photos/../../x",
            "photos/./x",
            "photos//x",
            "photos/",
            "photos/x?y=1",
            "photos/x#y",
            "photos/%2e%2e/x",
            "photos\\x",
            "https://evil.example/x",
            "photos/x\ny",
            "photos/\u{202E}x",
            &"x".repeat(256),
        ] {
            assert_eq!(outcome(&[photos(), file(path)]), nothing_found(), "{path}");
        }
        for (path, encoded) in [
            ("photos/file_1.jpg", "photos/file_1.jpg"),
            ("photos/a b.jpg", "photos/a%20b.jpg"),
            ("photos/é.jpg", "photos/%C3%A9.jpg"),
        ] {
            let call = call(&[photos(), file(path)]);
            assert_eq!(call.path, format!("/file/bot{TOKEN}/{encoded}"));
        }
    }

    #[test]
    fn what_may_pass_is_asked_again_at_every_step() {
        let lost = CallResult::NoReply {
            reason: "timed out".into(),
        };
        for before in [
            vec![],
            vec![photos()],
            vec![photos(), file("photos/file_1.jpg")],
        ] {
            for result in [
                lost.clone(),
                replied(502, "<html>"),
                refused(429, "Too Many Requests"),
            ] {
                let mut so_far = before.clone();
                so_far.push(result);
                assert!(matches!(outcome(&so_far), ProfileOutcome::Retry { .. }));
            }
        }
        let limited = CallResult::Replied(HttpReply {
            status: 429,
            retry_after: Some(Duration::from_secs(9)),
            body:
                br#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 9"}"#
                    .to_vec(),
        });
        assert!(
            matches!(outcome(&[limited]), ProfileOutcome::Retry { after, .. } if after == Some(Duration::from_secs(9)))
        );
    }

    #[test]
    fn what_will_never_work_is_not_asked_again() {
        for (so_far, reason) in [
            (
                vec![refused(400, "Bad Request: user not found")],
                "Bad Request: user not found",
            ),
            (vec![refused(401, "Unauthorized")], "Unauthorized"),
            (
                vec![photos(), refused(400, "Bad Request: file is too big")],
                "Bad Request: file is too big",
            ),
            (
                vec![photos(), file("photos/file_1.jpg"), replied(404, "<html>")],
                "http_404",
            ),
        ] {
            let expected = ProfileOutcome::None {
                reason: reason.into(),
            };
            assert_eq!(outcome(&so_far), expected);
        }
        let stranger = Identity {
            identifier: "@somebody".into(),
            ..identity()
        };
        assert!(
            matches!(step_for(&stranger, &[]), NextCall::Done(outcome) if outcome == nothing_found())
        );
    }

    proptest! {
        #[test]
        fn no_answer_makes_us_panic(first in fixtures::any_json(), second in fixtures::any_json()) {
            let _ = step(&[accepted(&first)]);
            let _ = step(&[photos(), accepted(&second)]);
        }
    }
}
