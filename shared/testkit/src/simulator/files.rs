//! The files of messages. All of them are the same picture, whatever their names say.

use axum::http::{HeaderMap, StatusCode, header};

use super::asked::{self, Answer};

/// The content of every file.
pub const PICTURE: &[u8] = include_bytes!("portrait.jpg");

/// The picture, or the range of it that a call asks for.
pub(super) fn ranged(headers: &HeaderMap) -> Answer {
    let Some(asked) = asked::text_header(headers, header::RANGE.as_str()) else {
        return Answer::picture(PICTURE);
    };
    let end = PICTURE.len();
    let bounds = range(&asked, end).filter(|(first, last)| first <= last && *first < end);
    let part = bounds.and_then(|(first, last)| Some((first, PICTURE.get(first..=last)?)));
    match part {
        Some((first, part)) => Answer::part(part, first, end),
        None => Answer::text(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "the range is behind the end",
        ),
    }
}

/// The positions of the first and last byte.
fn range(asked: &str, end: usize) -> Option<(usize, usize)> {
    let (first, last) = asked.strip_prefix("bytes=")?.split_once('-')?;
    let most = end.saturating_sub(1);
    match (first, last) {
        ("", length) => Some((end.saturating_sub(length.parse().ok()?), most)),
        (first, "") => Some((first.parse().ok()?, most)),
        (first, last) => {
            let last: usize = last.parse().ok()?;
            Some((first.parse().ok()?, last.min(most)))
        }
    }
}
