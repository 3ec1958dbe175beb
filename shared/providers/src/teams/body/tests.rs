//! HTML as Teams writes it, and as nobody does.

use super::*;
use crate::fields::TEXT_MAX_CHARS;
use proptest::prelude::*;
use serde_json::{Value, json};

const BOT: &str = "28:c9e8c047-2a74-40a2-b28a-b162d5f5327c";

fn body(html: &str) -> Body {
    let entity = |id: &str, name: &str| json!({"type": "mention", "text": format!("<at>{name}</at>"), "mentioned": {"id": id}});
    let activity = json!({"entities": [entity(BOT, "Desk"), entity("29:1ann", "Ann")]});
    read([html], Mentions::of(&activity, BOT), Addressed::default())
}

fn entities(body: &Body) -> Value {
    serde_json::to_value(&body.entities).unwrap()
}

#[test]
fn elements_are_lines_and_white_space_is_one_space() {
    for (html, text) in [
        (
            "<p>one <b>two</b></p><p>three<br/>four &lt;5</p>",
            "one two\nthree\nfour <5",
        ),
        ("<div><div>\n<div>a\n  b</div>\n</div>\n</div>", "a b"),
        (
            "<ul><li>one</li><li><p>two</p></li></ul>end",
            "• one\n• two\nend",
        ),
        (
            "<pre><code>let x = 1;\n  y</code></pre>z",
            "let x = 1;\n  y\nz",
        ),
        ("<codeblock><code>a<br>b</code></codeblock>", "a\nb"),
        (
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
            "a b\nc",
        ),
        ("A&nbsp;&nbsp;B", "A  B"),
        (
            "<p>hi <img itemtype=\"http://schema.skype.com/Emoji\" alt=\"😀\" src=\"https://a.example/1\"></p>",
            "hi 😀",
        ),
        ("<p>hi <emoji alt=\"👋\"></emoji></p>", "hi 👋"),
        ("1 < 2", "1 < 2"),
        ("", ""),
    ] {
        assert_eq!(body(html).text, text, "{html}");
    }
}

#[test]
fn links_and_mentions_are_marked_where_they_stand() {
    let read = body(
        "<p><at id=\"0\">Desk</at>&nbsp;ask <span itemtype=\"http://schema.skype.com/Mention\" itemid=\"1\">Ann</span> \
         about <a href=\"https://a.example/?x=1&amp;y=2\" title=\"x\">the <b>plan</b></a> or <a href=\"https://a.example\">https://a.example</a></p>",
    );
    assert_eq!(read.text, "ask @Ann about the plan or https://a.example");
    assert!(read.has_links);
    let expected = json!([
        {"offset": 4, "length": 4, "kind": "user", "id": "29:1ann", "name": "Ann"},
        {"offset": 15, "length": 8, "kind": "link", "url": "https://a.example/?x=1&y=2", "label": "the plan"},
        {"offset": 27, "length": 17, "kind": "link", "url": "https://a.example", "label": null},
    ]);
    assert_eq!(entities(&read), expected);
    let lines = body("<a href=\"https://a.example\">one<br>two <b>th</b>ree</a>");
    assert_eq!(lines.text, "one two three");
    let within = body("hello <at>Desk</at>, and <at>Eve</at>");
    assert_eq!(within.text, "hello @Desk, and @Eve");
    assert_eq!(entities(&within)[0]["id"], BOT);
    assert_eq!(entities(&within)[1]["id"], Value::Null);
    // Typed characters are escaped.
    let typed = body("&lt;at&gt;Ann&lt;/at&gt;");
    assert_eq!(
        (typed.text.as_str(), entities(&typed)),
        ("<at>Ann</at>", json!([]))
    );
}

#[test]
fn a_quoted_message_is_told_from_the_answer() {
    let read = body(
        "<blockquote itemscope itemtype=\"http://schema.skype.com/Reply\" itemid=\"1600457867820\">\n\
         <strong itemprop=\"mri\" itemid=\"8:orgid:7faf\">Richard &amp; Co</strong><span itemprop=\"time\" itemid=\"1600457867820\"></span>\n\
         <p itemprop=\"preview\">12…</p><p itemprop=\"copy\">12 or <img src=\"https://a.example/1\"></p><blockquote>nested</blockquote></blockquote>\n<p>this is a reply</p>",
    );
    assert_eq!(read.text, "this is a reply");
    assert!(read.media.is_empty());
    let quote = &read.quotes[0];
    assert_eq!(quote.relation, Relation::Quoted);
    assert_eq!(quote.from.as_deref(), Some("Richard & Co"));
    assert_eq!(quote.from_id.as_deref(), Some("8:orgid:7faf"));
    assert_eq!(quote.id.as_deref(), Some("1600457867820"));
    assert_eq!(quote.time.as_deref(), Some("1600457867820"));
    assert_eq!(quote.text, "12 or\nnested");
}

#[test]
fn a_forwarded_message_has_its_own_words_and_pictures() {
    let read = body(
        "<p>see</p><blockquote itemtype=\"http://schema.skype.com/Forward\"><p>the plan</p><img src=\"https://a.example/1\"></blockquote>",
    );
    assert_eq!(read.text, "see");
    assert!(read.media.is_empty());
    assert_eq!(read.quotes[0].relation, Relation::Forwarded);
    assert_eq!(read.quotes[0].text, "the plan");
    assert_eq!(read.quotes[0].media.len(), 1);
    let open = body("<blockquote itemtype=\"http://schema.skype.com/Forward\">the rest");
    assert_eq!(open.quotes[0].text, "the rest");
    let plain = body("<blockquote>I typed it</blockquote>so");
    assert_eq!(plain.text, "I typed it\nso");
    assert!(plain.quotes.is_empty());
}

#[test]
fn what_is_shown_has_its_kind() {
    for (html, kind) in [
        ("<img src=\"https://a.example/1\">", AttachmentKind::Image),
        (
            "<readonly itemtype=\"http://schema.skype.com/Giphy\"><img src=\"https://a.example/1\" itemtype=\"http://schema.skype.com/Giphy\"></readonly>",
            AttachmentKind::Image,
        ),
        (
            "<img itemtype=\"http://schema.skype.com/Sticker\" src=\"https://a.example/1\">",
            AttachmentKind::Sticker,
        ),
        (
            "<readonly itemtype=\"http://schema.skype.com/Sticker\"><img src=\"https://a.example/1\"></readonly>",
            AttachmentKind::Sticker,
        ),
        (
            "<video itemtype=\"http://schema.skype.com/AMSVideo\" src=\"https://a.example/1\"></video>",
            AttachmentKind::Video,
        ),
        (
            "<audio src=\"https://a.example/1\"></audio>",
            AttachmentKind::Voice,
        ),
    ] {
        let expected = Media {
            kind,
            url: "https://a.example/1".into(),
        };
        assert_eq!(body(html).media, [expected], "{html}");
    }
}

#[test]
fn html_of_any_depth_is_read_to_its_end() {
    // With work that grows with the square of the length, this would take hours.
    for piece in [
        "<blockquote itemtype=\"http://schema.skype.com/Reply\">",
        "<div>",
        "<a href=\"x\">",
        "<at>",
        "<li>",
        "<",
        "<a \"",
        "<a b=\"",
        "<a b='>",
        "</at>",
        "&",
    ] {
        let html = piece.repeat(300_000 / piece.len());
        let read = body(&html);
        assert!(read.text.chars().count() <= TEXT_MAX_CHARS, "{piece}");
    }
}

proptest! {
    #[test]
    fn no_html_makes_us_panic(html in "(<blockquote itemtype=\"/Reply\">|</blockquote>|<a href=\"https://a\">|</a>|<at>|</at>|Desk|<li>|<pre>|</pre>|<img src=x>|<|>|\"|&nbsp;|[a-zé \n]){0,60}") {
        let read = body(&html);
        prop_assert!(read.quotes.len() <= ATTACHMENTS_MAX);
        prop_assert!(read.text.chars().count() <= 20 * html.chars().count());
    }
}
