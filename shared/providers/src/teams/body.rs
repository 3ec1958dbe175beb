//! The content of a message's HTML: its words, its pictures, and the messages that it quotes.

use super::{
    escapes::unescape,
    html::{Tag, Token, tokens},
    mentions::Mentions,
    page::Page,
};
use crate::{addressed::Addressed, fields::ATTACHMENTS_MAX};
use vestibule_domain::{
    chat::content::Relation,
    chat::entity::{Entities, Mark},
    chat::message::AttachmentKind,
    text::is_blank,
};

/// Ends of the `itemtype` of elements.
const EMOJI: &str = "/Emoji";
const STICKER: &str = "/Sticker";
const MENTION: &str = "/Mention";
const REPLY: &str = "/Reply";
const FORWARD: &str = "/Forward";

/// The body of a message.
#[derive(Debug)]
pub(super) struct Body {
    /// Its own words.
    pub(super) text: String,
    /// The mentions and links in them.
    pub(super) entities: Entities,
    /// Whether there are links.
    pub(super) has_links: bool,
    /// Its own pictures, films and sounds.
    pub(super) media: Vec<Media>,
    /// The messages that it answers or forwards.
    pub(super) quotes: Vec<Quote>,
}

/// A picture, film or sound that the HTML shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Media {
    /// Its kind.
    pub(super) kind: AttachmentKind,
    /// Its address.
    pub(super) url: String,
}

/// A message within a message.
#[derive(Debug)]
pub(super) struct Quote {
    /// The way in which it is shared.
    pub(super) relation: Relation,
    /// Its id.
    pub(super) id: Option<String>,
    /// Its author's name, which a forwarded message lacks.
    pub(super) from: Option<String>,
    /// Its author's id.
    pub(super) from_id: Option<String>,
    /// Milliseconds since 1970, as written.
    pub(super) time: Option<String>,
    /// Its text.
    pub(super) text: String,
    /// Its pictures, films and sounds.
    pub(super) media: Vec<Media>,
}

/// Reads HTML.
pub(super) fn read<'a>(
    html: impl IntoIterator<Item = &'a str>,
    mentions: Mentions,
    into: Addressed,
) -> Body {
    let mut reader = Reader {
        mentions,
        page: Page::new(into),
        label: None,
        within: None,
        sticker: false,
        body: Body {
            text: String::new(),
            entities: Entities::default(),
            has_links: false,
            media: Vec::new(),
            quotes: Vec::new(),
        },
    };
    for html in html {
        reader.page.line();
        for token in tokens(html) {
            match token {
                Token::Text(text) => reader.text(text),
                Token::Tag(tag) => reader.tag(&tag),
            }
        }
        reader.end_quote();
        reader.end_label();
    }
    let (text, entities) = reader.page.finish();
    Body {
        text,
        entities,
        ..reader.body
    }
}

struct Reader {
    mentions: Mentions,
    page: Page,
    /// A link or mention that has begun.
    label: Option<Label>,
    /// A quoted message that has begun.
    within: Option<Within>,
    /// Whether a sticker has begun.
    sticker: bool,
    body: Body,
}

/// A link or mention in the making.
struct Label {
    /// The address of a link; `None` for a mention.
    url: Option<String>,
    /// The name of the element.
    element: String,
    text: String,
}

/// A quoted message in the making.
struct Within {
    quote: Quote,
    page: Page,
    /// Quotations that have begun and not ended.
    depth: usize,
    /// The element that holds the author's name, while it lasts.
    author: Option<String>,
}

impl Reader {
    fn text(&mut self, raw: &str) {
        if let Some(within) = &mut self.within {
            if within.author.is_some() {
                within.quote.from = Some(unescape(raw));
            } else {
                within.page.text(raw);
            }
        } else if let Some(label) = &mut self.label {
            label.text.push_str(&unescape(raw));
        } else {
            self.page.text(raw);
        }
    }

    fn tag(&mut self, tag: &Tag<'_>) {
        match tag.name.as_str() {
            "blockquote" => self.quotation(tag),
            "a" | "at" | "span" | "strong" => self.inline(tag),
            "img" | "emoji" | "video" | "audio" => self.media(tag),
            "readonly" => self.sticker = !tag.is_end && tag.is_of_type(STICKER),
            name => {
                if name == "p" && !tag.is_end && tag.value_of("itemprop") == Some("copy") {
                    self.begin_copy();
                }
                self.element(name, tag.is_end);
            }
        }
    }

    /// Begins or ends an element, which is a line of its own anywhere but within a link.
    fn element(&mut self, name: &str, is_end: bool) {
        match (&mut self.within, &mut self.label) {
            (Some(within), _) => within.page.element(name, is_end),
            (None, Some(label)) if matches!(name, "br" | "p" | "div" | "li") => {
                label.text.push(' ');
            }
            (None, Some(_)) => {}
            (None, None) => self.page.element(name, is_end),
        }
    }

    /// The whole text of a quoted message, which takes the place of its beginning.
    fn begin_copy(&mut self) {
        if let Some(within) = &mut self.within {
            within.page = Page::new(Addressed::whole());
        }
    }

    fn quotation(&mut self, tag: &Tag<'_>) {
        if let Some(within) = &mut self.within {
            within.page.line();
            if !tag.is_end {
                within.depth += 1;
            } else if within.depth > 1 {
                within.depth -= 1;
            } else {
                self.end_quote();
            }
            return;
        }
        self.end_label();
        self.page.line();
        let relation = if tag.is_of_type(REPLY) {
            Relation::Quoted
        } else if tag.is_of_type(FORWARD) {
            Relation::Forwarded
        } else {
            return;
        };
        if !tag.is_end {
            self.within = Some(Within {
                quote: Quote {
                    relation,
                    id: tag.value_of("itemid").map(unescape),
                    from: None,
                    from_id: None,
                    time: None,
                    text: String::new(),
                    media: Vec::new(),
                },
                page: Page::new(Addressed::whole()),
                depth: 1,
                author: None,
            });
        }
    }

    fn end_quote(&mut self) {
        if let Some(within) = self.within.take()
            && self.body.quotes.len() < ATTACHMENTS_MAX
        {
            self.body.quotes.push(Quote {
                text: within.page.finish().0,
                ..within.quote
            });
        }
    }

    /// Reads the beginning or end of a link, a mention, or a field of a quoted message.
    fn inline(&mut self, tag: &Tag<'_>) {
        if let Some(within) = &mut self.within {
            within.field(tag);
            return;
        }
        if tag.is_end {
            let ends = self
                .label
                .as_ref()
                .is_some_and(|label| label.element == tag.name);
            if ends {
                self.end_label();
            }
            return;
        }
        let address = tag.value_of("href").filter(|_| tag.name == "a");
        let url = address.map(unescape);
        if url.is_some() || tag.name == "at" || tag.is_of_type(MENTION) {
            self.end_label();
            self.label = Some(Label {
                url,
                element: tag.name.clone(),
                text: String::new(),
            });
        }
    }

    fn end_label(&mut self) {
        let Some(label) = self.label.take() else {
            return;
        };
        let words: Vec<&str> = label.text.split_whitespace().collect();
        let shown = words.join(" ");
        if is_blank(&shown) {
            return;
        }
        let starts_apart = label.text.starts_with(|c: char| c.is_whitespace());
        let ends_apart = label.text.ends_with(|c: char| c.is_whitespace());
        if starts_apart {
            self.page.space();
        }
        let into = self.page.open();
        match label.url {
            None => self.mentions.write(&shown, into),
            Some(url) => {
                self.body.has_links = true;
                let label = (shown != url).then(|| shown.clone());
                into.mark(&shown, Mark::Link { url, label });
            }
        }
        if ends_apart {
            self.page.space();
        }
    }

    /// Reads a picture, film or sound. An emoji is a character of the text.
    fn media(&mut self, tag: &Tag<'_>) {
        if tag.is_end {
            return;
        }
        if tag.name == "emoji" || tag.name == "img" && tag.is_of_type(EMOJI) {
            self.text(tag.value_of("alt").unwrap_or(""));
            return;
        }
        let Some(url) = tag.value_of("src").map(unescape) else {
            return;
        };
        let kind = match tag.name.as_str() {
            "video" => AttachmentKind::Video,
            "audio" => AttachmentKind::Voice,
            _ if self.sticker || tag.is_of_type(STICKER) => AttachmentKind::Sticker,
            _ => AttachmentKind::Image,
        };
        let media = match &mut self.within {
            Some(within) => &mut within.quote.media,
            None => &mut self.body.media,
        };
        media.push(Media { kind, url });
    }
}

impl Within {
    /// Reads a field of a quoted message.
    fn field(&mut self, tag: &Tag<'_>) {
        if tag.is_end {
            if self.author.as_ref() == Some(&tag.name) {
                self.author = None;
            }
            return;
        }
        let id = || tag.value_of("itemid").map(unescape);
        match tag.value_of("itemprop") {
            Some("mri") => {
                self.author = Some(tag.name.clone());
                self.quote.from_id = id();
            }
            Some("time") => self.quote.time = id(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
