//! Files and pictures of a message.

use super::{body::Media, content_types::is_no_file};
use crate::fields::{
    ATTACHMENTS_MAX, ID_MAX_BYTES, URL_MAX_BYTES, is_id, is_short_graphic, string,
};
use serde_json::Value;
use vestibule_domain::{
    chat::message::{Attachment, AttachmentKind},
    text::clean_name,
};

/// Content type of an attachment that contains an uploaded file, whose own media type is not given.
const FILE_DOWNLOAD: &str = "application/vnd.microsoft.teams.file.download.info";
/// Content type of the message's own text, which comes a second time as HTML.
const HTML: &str = "text/html";
/// Types of uploaded files that are shown or played, by the `fileType` that Teams states.
const FILE_TYPES: [(AttachmentKind, &[&str]); 3] = [
    (
        AttachmentKind::Image,
        &["png", "jpg", "jpeg", "gif", "bmp", "webp", "heic", "tiff"],
    ),
    (
        AttachmentKind::Video,
        &["mp4", "mov", "avi", "mkv", "webm", "wmv"],
    ),
    (
        AttachmentKind::Audio,
        &["mp3", "m4a", "wav", "ogg", "aac", "wma", "flac"],
    ),
];

/// The files of an activity, without cards and without the message's own text, and what only the HTML
/// shows.
pub(super) fn of(activity: &Value, shown: &[Media]) -> Vec<Attachment> {
    let id = id(activity);
    let mut found: Vec<Attachment> = all(activity)
        .enumerate()
        .filter_map(|(index, attachment)| read(attachment, id, index))
        .take(ATTACHMENTS_MAX)
        .collect();
    let is_sticker = |url: &str| {
        shown
            .iter()
            .any(|media| media.kind == AttachmentKind::Sticker && is_same(&media.url, url))
    };
    for image in found
        .iter_mut()
        .filter(|file| file.kind == AttachmentKind::Image)
    {
        if image.url.as_deref().is_some_and(is_sticker) {
            image.kind = AttachmentKind::Sticker;
        }
    }
    let room = ATTACHMENTS_MAX.saturating_sub(found.len());
    let mut pasted = pasted(shown, &found);
    pasted.truncate(room);
    found.extend(media(activity, "html", &pasted));
    found
}

/// The files that HTML shows, known by this word within the activity.
pub(super) fn media(activity: &Value, place: &str, shown: &[Media]) -> Vec<Attachment> {
    let id = id(activity);
    let with_address = shown.iter().filter(|media| is_address(&media.url));
    with_address
        .take(ATTACHMENTS_MAX)
        .enumerate()
        .map(|(index, media)| Attachment {
            kind: media.kind,
            provider_id: format!("{id}.{place}.{index}"),
            name: None,
            mime_type: None,
            url: Some(media.url.clone()),
        })
        .collect()
}

/// The attachments of an activity.
pub(super) fn all(activity: &Value) -> impl Iterator<Item = &Value> {
    let all = activity.get("attachments").and_then(Value::as_array);
    all.into_iter().flatten()
}

/// The message's own text as HTML.
pub(super) fn html(activity: &Value) -> impl Iterator<Item = &str> {
    all(activity)
        .filter(|attachment| string(attachment, "contentType") == Some(HTML))
        .filter_map(|attachment| string(attachment, "content"))
}

/// A name for a file whose address is missing or malformed.
pub(super) fn lost(attachment: &Value) -> Option<&str> {
    let media_type = string(attachment, "contentType")?;
    let is_lost = media_type != HTML && !is_no_file(media_type) && address(attachment).is_none();
    let name = if media_type == FILE_DOWNLOAD {
        "file"
    } else {
        media_type
    };
    is_lost.then_some(name)
}

fn id(activity: &Value) -> &str {
    string(activity, "id").filter(|id| is_id(id)).unwrap_or("")
}

fn read(attachment: &Value, activity_id: &str, index: usize) -> Option<Attachment> {
    let media_type = string(attachment, "contentType")
        .filter(|media_type| is_short_graphic(media_type, ID_MAX_BYTES));
    if media_type.is_some_and(|media_type| media_type == HTML || is_no_file(media_type)) {
        return None;
    }
    let url = address(attachment)?;
    let unique_id = attachment.pointer("/content/uniqueId");
    let unique_id = unique_id.and_then(Value::as_str).filter(|id| is_id(id));
    Some(Attachment {
        kind: kind(attachment, media_type),
        provider_id: unique_id.map_or_else(|| format!("{activity_id}.{index}"), str::to_owned),
        name: string(attachment, "name").and_then(clean_name),
        mime_type: media_type
            .filter(|media_type| *media_type != FILE_DOWNLOAD && media_type.contains('/'))
            .map(str::to_owned),
        url: Some(url.to_owned()),
    })
}

fn kind(attachment: &Value, media_type: Option<&str>) -> AttachmentKind {
    match media_type.and_then(|media_type| media_type.split('/').next()) {
        Some("image") => AttachmentKind::Image,
        Some("video") => AttachmentKind::Video,
        Some("audio") => AttachmentKind::Audio,
        _ => kind_of_upload(attachment).unwrap_or(AttachmentKind::File),
    }
}

/// The kind of an uploaded file, whose media type is not given.
fn kind_of_upload(attachment: &Value) -> Option<AttachmentKind> {
    let file_type = attachment.pointer("/content/fileType")?.as_str()?;
    FILE_TYPES
        .iter()
        .find(|(_, types)| types.iter().any(|one| one.eq_ignore_ascii_case(file_type)))
        .map(|(kind, _)| *kind)
}

/// The address of an attachment's content. `contentUrl` of an uploaded file leads to `SharePoint`, which
/// the bot cannot open; `downloadUrl` opens without credentials for some minutes (msteams-docs, "Send
/// and receive files through the bot").
fn address(attachment: &Value) -> Option<&str> {
    let download = attachment
        .pointer("/content/downloadUrl")
        .and_then(Value::as_str);
    let content = string(attachment, "contentUrl");
    [download, content]
        .into_iter()
        .flatten()
        .find(|url| is_address(url))
}

fn is_address(url: &str) -> bool {
    url.starts_with("https://") && is_short_graphic(url, URL_MAX_BYTES)
}

/// The files that the message's HTML shows and that are not among `listed`.
fn pasted(all: &[Media], listed: &[Attachment]) -> Vec<Media> {
    let mut shown: Vec<Media> = Vec::new();
    for media in all.iter().filter(|media| is_address(&media.url)) {
        let is_new = shown.iter().all(|other| other.url != media.url);
        if is_new && shown.len() < ATTACHMENTS_MAX {
            shown.push(media.clone());
        }
    }
    let listed: Vec<&str> = listed
        .iter()
        .filter(|attachment| is_picture(attachment.kind))
        .filter_map(|attachment| attachment.url.as_deref())
        .collect();
    // A picture with an address of another form may be any of the listed ones that are not matched.
    let is_shown = |url: &&&str| shown.iter().any(|shown| is_same(&shown.url, url));
    let mut unmatched = listed.len() - listed.iter().filter(is_shown).count();
    shown.retain(|media| {
        if listed.iter().any(|listed| is_same(listed, &media.url)) {
            return false;
        }
        let may_be_listed = is_picture(media.kind) && picture_id(&media.url).is_none();
        let is_listed = may_be_listed && unmatched > 0;
        unmatched -= usize::from(is_listed);
        !is_listed
    });
    shown
}

const fn is_picture(kind: AttachmentKind) -> bool {
    matches!(kind, AttachmentKind::Image | AttachmentKind::Sticker)
}

/// Whether two addresses are those of one picture. The HTML may name Teams' own store
/// (`…/objects/{id}/views/imgo`), and the attachment the bot's way to it
/// (`…/attachments/{id}/views/original`; botbuilder-dotnet#1834, BotBuilder-MicrosoftTeams#170).
fn is_same(one: &str, other: &str) -> bool {
    one == other || picture_id(one).is_some_and(|id| picture_id(other) == Some(id))
}

/// The id of a picture in an address of Teams' own store, or of the bot's way to it.
pub(super) fn picture_id(url: &str) -> Option<&str> {
    ["/objects/", "/attachments/"]
        .into_iter()
        .find_map(|before| url.split_once(before)?.1.split_once("/views/"))
        .map(|(id, _)| id)
        .filter(|id| is_id(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        addressed::Addressed,
        teams::{body, mentions::Mentions},
    };
    use serde_json::json;

    const LISTED: &str =
        "https://smba.trafficmanager.net/amer/v3/attachments/0-eus-d1-aaa/views/original";

    fn attachments(attachments: &Value) -> Vec<Attachment> {
        let activity = json!({"id": "1485983408511", "attachments": attachments});
        let body = body::read(html(&activity), Mentions::default(), Addressed::default());
        of(&activity, &body.media)
    }

    fn addresses(of: &Value) -> Vec<String> {
        attachments(of)
            .into_iter()
            .filter_map(|attachment| attachment.url)
            .collect()
    }

    fn shows(pictures: &[&str]) -> Value {
        let tags: Vec<String> = pictures
            .iter()
            .map(|src| format!("<img itemtype=\"http://schema.skype.com/AMSImage\" src=\"{src}\">"))
            .collect();
        let tags = tags.concat();
        json!({"contentType": "text/html", "content": format!("<p>look {tags}</p>")})
    }

    fn image(url: &str) -> Value {
        json!({"contentType": "image/*", "contentUrl": url})
    }

    #[test]
    fn an_uploaded_file_is_given_by_the_address_that_opens_without_credentials() {
        let file = |content_url: Value, download_url: Value| {
            json!([{
                "contentType": FILE_DOWNLOAD, "contentUrl": content_url, "name": "report.pdf",
                "content": {"downloadUrl": download_url, "uniqueId": "1150D938"},
            }])
        };
        let (sharepoint, download) = (
            "https://contoso.sharepoint.com/report.pdf",
            "https://contoso.sharepoint.com/_layouts/15/download.aspx?UniqueId=1150d938&tempauth=v1.ey",
        );
        assert_eq!(
            addresses(&file(sharepoint.into(), download.into())),
            [download]
        );
        assert_eq!(addresses(&file(Value::Null, download.into())), [download]);
        for other in [
            json!(null),
            json!(7),
            json!("http://a.example/1"),
            json!(""),
        ] {
            assert_eq!(addresses(&file(sharepoint.into(), other)), [sharepoint]);
        }
    }

    #[test]
    fn a_picture_whose_only_place_is_the_html_is_an_attachment() {
        let only = "https://eu-api.asm.skype.com/v1/objects/0-weu-d1-bbb/views/imgo";
        let expected = Attachment {
            kind: AttachmentKind::Image,
            provider_id: "1485983408511.html.0".into(),
            name: None,
            mime_type: None,
            url: Some(only.into()),
        };
        assert_eq!(attachments(&json!([shows(&[only])])), [expected]);
        let hosted = "https://graph.microsoft.com/v1.0/chats/1/messages/2/hostedContents/3/$value";
        assert_eq!(addresses(&json!([shows(&[hosted, hosted])])), [hosted]);
        for src in ["http://a.example/1", "data:image/png;base64,AA==", "a b"] {
            assert!(addresses(&json!([shows(&[src])])).is_empty(), "{src}");
        }
    }

    #[test]
    fn a_picture_that_is_listed_too_comes_once() {
        for src in [
            LISTED,
            "https://us-api.asm.skype.com/v1/objects/0-eus-d1-aaa/views/imgo",
            "https://graph.microsoft.com/v1.0/chats/1/messages/2/hostedContents/3/$value",
        ] {
            let listed = json!([image(LISTED), shows(&[src])]);
            assert_eq!(addresses(&listed), [LISTED], "{src}");
        }
    }

    #[test]
    fn of_several_pictures_those_that_are_not_listed_are_added() {
        let others = [
            "https://us-api.asm.skype.com/v1/objects/0-eus-d1-ccc/views/imgo",
            "https://media.giphy.com/media/1/giphy.gif",
        ];
        let listed = json!([image(LISTED), shows(&[LISTED, others[0], others[1]])]);
        assert_eq!(addresses(&listed), [LISTED, others[0], others[1]]);
    }

    #[test]
    fn cards_and_the_messages_own_html_are_no_files_whatever_their_address() {
        for media_type in [
            "text/html",
            "application/vnd.microsoft.card.adaptive",
            "application/vnd.microsoft.card.hero",
            "application/vnd.microsoft.teams.card.o365connector",
        ] {
            let card = json!([{"contentType": media_type, "contentUrl": "https://a.example/1", "content": {}}]);
            assert!(addresses(&card).is_empty(), "{media_type}");
        }
    }

    #[test]
    fn pictures_in_the_html_count_among_the_largest_number_of_files() {
        let pictures: Vec<String> = (0..ATTACHMENTS_MAX + 5)
            .map(|number| format!("https://a.example/{number}"))
            .collect();
        let pictures: Vec<&str> = pictures.iter().map(String::as_str).collect();
        let many = json!([shows(&pictures)]);
        assert_eq!(attachments(&many).len(), ATTACHMENTS_MAX);
        let file = json!({"contentType": "application/pdf", "contentUrl": "https://a.example/f"});
        let many = json!([shows(&pictures), file]);
        assert_eq!(attachments(&many).len(), ATTACHMENTS_MAX);
    }

    #[test]
    fn an_uploaded_file_has_the_kind_of_its_type() {
        for (file_type, kind) in [
            ("png", AttachmentKind::Image),
            ("MP4", AttachmentKind::Video),
            ("mp3", AttachmentKind::Audio),
            ("pdf", AttachmentKind::File),
            ("", AttachmentKind::File),
        ] {
            let file = json!([{"contentType": FILE_DOWNLOAD,
                "content": {"downloadUrl": "https://a.example/1", "fileType": file_type}}]);
            assert_eq!(attachments(&file)[0].kind, kind, "{file_type}");
        }
        let link = json!([{"contentType": "reference", "contentUrl": "https://a.example/1"}]);
        assert_eq!(attachments(&link)[0].mime_type, None);
    }

    #[test]
    fn a_sticker_is_one_whether_or_not_it_is_listed() {
        let sticker = |src: &str| {
            let tag = format!(
                "<readonly itemtype=\"http://schema.skype.com/Sticker\"><img src=\"{src}\"></readonly>"
            );
            json!({"contentType": "text/html", "content": tag})
        };
        let listed = json!([image(LISTED), sticker(LISTED)]);
        let alone = json!([sticker("https://statics.example/clippy.gif")]);
        for attachment in [listed, alone] {
            let found = attachments(&attachment);
            assert_eq!(found.len(), 1, "{attachment}");
            assert_eq!(found[0].kind, AttachmentKind::Sticker, "{attachment}");
        }
    }
}
