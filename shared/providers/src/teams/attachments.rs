//! Files and pictures of a message.

use super::html::pictures;
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
/// Beginnings of the content types of cards (msteams-docs, "Types of cards").
const CARDS: [&str; 2] = [
    "application/vnd.microsoft.card.",
    "application/vnd.microsoft.teams.card.",
];

/// The files of an activity, without cards and without the message's own text, and the pictures that
/// only the text shows.
pub(super) fn of(activity: &Value) -> Vec<Attachment> {
    let id = string(activity, "id").filter(|id| is_id(id)).unwrap_or("");
    let mut found: Vec<Attachment> = all(activity)
        .enumerate()
        .filter_map(|(index, attachment)| read(attachment, id, index))
        .take(ATTACHMENTS_MAX)
        .collect();
    let room = ATTACHMENTS_MAX.saturating_sub(found.len());
    let pasted: Vec<Attachment> = pasted(activity, &found)
        .into_iter()
        .take(room)
        .enumerate()
        .map(|(index, url)| picture(format!("{id}.html.{index}"), url))
        .collect();
    found.extend(pasted);
    found
}

fn all(activity: &Value) -> impl Iterator<Item = &Value> {
    let all = activity.get("attachments").and_then(Value::as_array);
    all.into_iter().flatten()
}

fn read(attachment: &Value, activity_id: &str, index: usize) -> Option<Attachment> {
    let media_type = string(attachment, "contentType")
        .filter(|media_type| is_short_graphic(media_type, ID_MAX_BYTES));
    if media_type.is_some_and(is_placeholder) {
        return None;
    }
    let url = address(attachment)?;
    let unique_id = attachment.pointer("/content/uniqueId");
    let unique_id = unique_id.and_then(Value::as_str).filter(|id| is_id(id));
    Some(Attachment {
        kind: match media_type.and_then(|media_type| media_type.split('/').next()) {
            Some("image") => AttachmentKind::Image,
            Some("video") => AttachmentKind::Video,
            Some("audio") => AttachmentKind::Audio,
            _ => AttachmentKind::File,
        },
        provider_id: unique_id.map_or_else(|| format!("{activity_id}.{index}"), str::to_owned),
        name: string(attachment, "name").and_then(clean_name),
        mime_type: media_type
            .filter(|media_type| *media_type != FILE_DOWNLOAD)
            .map(str::to_owned),
        url: Some(url.to_owned()),
    })
}

/// Whether an attachment of this type is no file, whatever its address.
fn is_placeholder(media_type: &str) -> bool {
    media_type == HTML || CARDS.iter().any(|card| media_type.starts_with(card))
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

/// Addresses of the pictures in the message's HTML that are not among `listed`.
fn pasted(activity: &Value, listed: &[Attachment]) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    let bodies = all(activity)
        .filter(|attachment| string(attachment, "contentType") == Some(HTML))
        .filter_map(|attachment| string(attachment, "content"));
    for url in bodies.flat_map(pictures).filter(|url| is_address(url)) {
        if shown.len() < ATTACHMENTS_MAX && !shown.contains(&url) {
            shown.push(url);
        }
    }
    let listed: Vec<&str> = listed
        .iter()
        .filter(|attachment| attachment.kind == AttachmentKind::Image)
        .filter_map(|attachment| attachment.url.as_deref())
        .collect();
    // A picture with an address of another form may be any of the listed ones that are not matched.
    let is_shown = |url: &&&str| shown.iter().any(|shown| is_same(shown, url));
    let mut unmatched = listed.len() - listed.iter().filter(is_shown).count();
    shown.retain(|url| {
        if listed.iter().any(|listed| is_same(listed, url)) {
            return false;
        }
        let is_listed = picture_id(url).is_none() && unmatched > 0;
        unmatched -= usize::from(is_listed);
        !is_listed
    });
    shown
}

/// Whether two addresses are those of one picture. The HTML may name Teams' own store
/// (`…/objects/{id}/views/imgo`), and the attachment the bot's way to it
/// (`…/attachments/{id}/views/original`; botbuilder-dotnet#1834, BotBuilder-MicrosoftTeams#170).
fn is_same(one: &str, other: &str) -> bool {
    one == other || picture_id(one).is_some_and(|id| picture_id(other) == Some(id))
}

/// The id of a picture in an address of Teams' own store, or of the bot's way to it.
fn picture_id(url: &str) -> Option<&str> {
    ["/objects/", "/attachments/"]
        .into_iter()
        .find_map(|before| url.split_once(before)?.1.split_once("/views/"))
        .map(|(id, _)| id)
        .filter(|id| is_id(id))
}

fn picture(provider_id: String, url: String) -> Attachment {
    Attachment {
        kind: AttachmentKind::Image,
        provider_id,
        name: None,
        mime_type: None,
        url: Some(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LISTED: &str =
        "https://smba.trafficmanager.net/amer/v3/attachments/0-eus-d1-aaa/views/original";

    fn attachments(attachments: &Value) -> Vec<Attachment> {
        of(&json!({"id": "1485983408511", "attachments": attachments}))
    }

    fn addresses(of: &Value) -> Vec<String> {
        attachments(of)
            .into_iter()
            .filter_map(|attachment| attachment.url)
            .collect()
    }

    fn html(pictures: &[&str]) -> Value {
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
        assert_eq!(attachments(&json!([html(&[only])])), [expected]);
        let hosted = "https://graph.microsoft.com/v1.0/chats/1/messages/2/hostedContents/3/$value";
        assert_eq!(addresses(&json!([html(&[hosted, hosted])])), [hosted]);
        for src in ["http://a.example/1", "data:image/png;base64,AA==", "a b"] {
            assert!(addresses(&json!([html(&[src])])).is_empty(), "{src}");
        }
    }

    #[test]
    fn a_picture_that_is_listed_too_comes_once() {
        for src in [
            LISTED,
            "https://us-api.asm.skype.com/v1/objects/0-eus-d1-aaa/views/imgo",
            "https://graph.microsoft.com/v1.0/chats/1/messages/2/hostedContents/3/$value",
        ] {
            let listed = json!([image(LISTED), html(&[src])]);
            assert_eq!(addresses(&listed), [LISTED], "{src}");
        }
    }

    #[test]
    fn of_several_pictures_those_that_are_not_listed_are_added() {
        let others = [
            "https://us-api.asm.skype.com/v1/objects/0-eus-d1-ccc/views/imgo",
            "https://media.giphy.com/media/1/giphy.gif",
        ];
        let listed = json!([image(LISTED), html(&[LISTED, others[0], others[1]])]);
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
        let many = json!([html(&pictures)]);
        assert_eq!(attachments(&many).len(), ATTACHMENTS_MAX);
        let file = json!({"contentType": "application/pdf", "contentUrl": "https://a.example/f"});
        let many = json!([html(&pictures), file]);
        assert_eq!(attachments(&many).len(), ATTACHMENTS_MAX);
    }
}
