use super::*;
use vestibule_domain::{chat::message::AttachmentKind, connector::Provider, ports::FILE_RANGE_MAX};

const PNG: &[u8] = b"\x89PNG\r\n\x1A\nrest";

fn file(name: Option<&str>, mime_type: Option<&str>) -> Attachment {
    Attachment {
        kind: AttachmentKind::File,
        provider_id: "F1".to_owned(),
        name: name.map(str::to_owned),
        mime_type: mime_type.map(str::to_owned),
        url: None,
    }
}

fn read(first: u64, bytes: &[u8], media_type: Option<&str>) -> FilePart {
    FilePart {
        first,
        bytes: bytes.to_vec(),
        size: Some(100),
        media_type: media_type.map(str::to_owned),
    }
}

fn connector() -> Connector {
    vestibule_samples::connector(Provider::new("slack"))
}

#[test]
fn only_what_is_harmless_has_a_type_and_only_a_picture_that_is_one_is_a_picture() {
    for (message_says, platform_says, bytes, expected) in [
        (Some("image/png"), None, PNG, "image/png"),
        (Some("IMAGE/PNG; x=1"), None, PNG, "image/png"),
        (None, Some("image/png"), PNG, "image/png"),
        (None, None, PNG, "image/png"),
        (Some("image/jpeg"), None, PNG, "image/png"),
        (Some("image/png"), None, b"<script>".as_slice(), UNKNOWN),
        (Some("image/svg+xml"), None, b"<svg>".as_slice(), UNKNOWN),
        (
            Some("text/html"),
            Some("text/html"),
            b"<html>".as_slice(),
            UNKNOWN,
        ),
        (Some("text/plain"), None, b"Hello".as_slice(), UNKNOWN),
        (Some("application/json"), None, b"{}".as_slice(), UNKNOWN),
        (
            Some("application/pdf"),
            None,
            b"%PDF-".as_slice(),
            "application/pdf",
        ),
        (Some("audio/ogg"), None, b"OggS".as_slice(), "audio/ogg"),
        (Some("video/mp4"), None, b"".as_slice(), "video/mp4"),
        (
            Some("image/*"),
            Some("image/gif"),
            b"GIF89a".as_slice(),
            "image/gif",
        ),
        (Some("image/a\r\nx: y"), None, b"".as_slice(), UNKNOWN),
        (Some("image"), None, b"".as_slice(), UNKNOWN),
        (
            None,
            Some("application/octet-stream"),
            b"x".as_slice(),
            UNKNOWN,
        ),
    ] {
        let file = file(None, message_says);
        let found = media_type(&file, &read(0, bytes, platform_says));
        assert_eq!(found, expected, "{message_says:?} {platform_says:?}");
    }
}

#[test]
fn a_later_range_has_the_type_that_was_stated() {
    let part = read(8, b"rest", None);
    assert_eq!(
        media_type(&file(None, Some("image/png")), &part),
        "image/png"
    );
    assert_eq!(media_type(&file(None, None), &part), UNKNOWN);
}

#[test]
fn pictures_are_shown_and_everything_else_is_a_download() {
    for (media_type, how) in [
        ("image/png", "inline"),
        ("image/jpeg", "inline"),
        ("image/gif", "inline"),
        ("image/webp", "inline"),
        ("image/bmp", "attachment"),
        ("application/pdf", "attachment"),
        (UNKNOWN, "attachment"),
    ] {
        assert_eq!(disposition(&file(None, None), media_type), how);
    }
}

#[test]
fn a_name_is_told_in_full_and_can_neither_end_its_field_nor_name_a_folder() {
    for (name, expected) in [
        (
            "shelf.png",
            r#"attachment; filename="shelf.png"; filename*=UTF-8''shelf.png"#,
        ),
        (
            "Büro 2.pdf",
            r#"attachment; filename="B_ro 2.pdf"; filename*=UTF-8''B%C3%BCro%202.pdf"#,
        ),
        (
            r#"a"; filename="b"#,
            r#"attachment; filename="a_; filename=_b"; filename*=UTF-8''a%22%3B%20filename%3D%22b"#,
        ),
        (
            r"..\a/b:c%20",
            r#"attachment; filename=".._a_b_c_20"; filename*=UTF-8''.._a_b_c%2520"#,
        ),
    ] {
        let told = disposition(&file(Some(name), None), UNKNOWN);
        assert_eq!(told, expected);
        assert!(HeaderValue::from_str(&told).is_ok());
    }
}

#[test]
fn a_range_is_answered_with_its_place_and_a_whole_file_without() {
    let file = file(Some("shelf.png"), Some("image/png"));
    let range = FileRange::From {
        first: 0,
        last: None,
    };
    for (range, status, content_range) in [
        (FileRange::Whole, 200, None),
        (range, 206, Some("bytes 0-11/100")),
    ] {
        let response = answer(&file, read(0, PNG, None), range);
        assert_eq!(response.status().as_u16(), status);
        let header = |name: HeaderName| {
            let value = response.headers().get(name);
            value.map(|value| value.to_str().unwrap())
        };
        assert_eq!(header(CONTENT_RANGE), content_range);
        assert_eq!(header(CONTENT_TYPE), Some("image/png"));
        assert_eq!(header(ACCEPT_RANGES), Some("bytes"));
        assert_eq!(header(CACHE_CONTROL), Some("private, no-store"));
        assert_eq!(header(X_CONTENT_TYPE_OPTIONS), Some("nosniff"));
        assert_eq!(
            header(CONTENT_SECURITY_POLICY),
            Some("sandbox; default-src 'none'")
        );
    }
    let mut unsized_part = read(5, b"12345", None);
    unsized_part.size = None;
    assert_eq!(content_range(&unsized_part), "bytes 5-9/*");
}

#[test]
fn a_range_is_ignored_if_it_is_none_or_depends_on_a_version() {
    let first = FileRange::From {
        first: 0,
        last: Some(9),
    };
    for (range, if_range, expected) in [
        (None, None, FileRange::Whole),
        (Some("bytes=0-9"), None, first),
        (Some("bytes=0-9"), Some("\"v1\""), FileRange::Whole),
        (Some("bytes=0-1,3-4"), None, FileRange::Whole),
        (Some("lines=0-9"), None, FileRange::Whole),
    ] {
        let mut headers = HeaderMap::new();
        for (name, value) in [(RANGE, range), (IF_RANGE, if_range)] {
            if let Some(value) = value {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        assert_eq!(wanted(&headers), expected, "{range:?} {if_range:?}");
    }
}

#[test]
fn every_other_outcome_is_a_problem_that_says_what_to_do() {
    let reason = || "canary_reason".to_owned();
    let failed = |class| FileOutcome::Failed {
        class,
        reason: reason(),
    };
    let size = Some(9);
    for (outcome, kind, status) in [
        (FileOutcome::TooLong { size }, &RANGE_REQUIRED, 400),
        (
            FileOutcome::OutOfRange { size },
            &RANGE_NOT_SATISFIABLE,
            416,
        ),
        (FileOutcome::Gone { reason: reason() }, &FILE_GONE, 410),
        (
            FileOutcome::TooLarge { reason: reason() },
            &FILE_TOO_LARGE,
            413,
        ),
        (
            FileOutcome::Retry {
                after: None,
                reason: reason(),
            },
            &UNAVAILABLE,
            503,
        ),
        (failed(FailureClass::Connector), &PLATFORM_REFUSED, 502),
        (failed(FailureClass::Request), &PLATFORM_REFUSED, 502),
    ] {
        let has_size = matches!(
            outcome,
            FileOutcome::TooLong { .. } | FileOutcome::OutOfRange { .. }
        );
        let problem = part(outcome, &connector()).unwrap_err();
        assert_eq!(problem.kind(), kind);
        let body = problem.problem("call-1");
        assert_eq!(body.status, status);
        if has_size {
            assert_eq!(body.members["size"], 9);
        } else {
            assert!(body.detail.contains("canary_reason"), "{}", body.detail);
        }
        if status == 502 {
            let named = [connector().name, connector().id.to_string()];
            assert!(named.iter().all(|name| body.detail.contains(name.as_str())));
        }
    }
}

#[test]
fn the_limit_that_callers_are_told_is_the_one_that_holds() {
    assert_eq!(FILE_RANGE_MAX, 4_194_304);
    assert!(RANGE_REQUIRED.meaning.contains("4194304"));
}
