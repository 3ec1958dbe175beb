//! The kinds of part, one type each.

use super::{file_words, labelled};
use crate::{
    Timestamp,
    chat::attachment::Attachment,
    text::{
        NAME_MAX_CHARS, clean_line, clean_lines, clean_link, clean_name, is_blank, is_invisible,
    },
};
use serde::{Deserialize, Serialize};

/// Longest id, in characters. The id of a button in `WhatsApp` may have 256.
const ID_MAX_CHARS: usize = 256;
/// Longest payload of a link, in characters. `WhatsApp`'s id of a click has more than a hundred.
const PAYLOAD_MAX_CHARS: usize = 512;
/// Longest address, question or headline, in characters: Telegram's polls have 300.
const LINE_MAX_CHARS: usize = 1_000;
/// Longest text of a shared message that is kept, in characters: the longest that Telegram,
/// `WhatsApp` and SMS let people write is 4,096.
const SHARED_TEXT_MAX_CHARS: usize = 4_096;
/// Longest currency, in characters: a code of ISO 4217 has three.
const CURRENCY_MAX_CHARS: usize = 8;
/// Longest id of a product, in characters: that of a Meta catalogue.
const PRODUCT_ID_MAX_CHARS: usize = 100;
/// Largest number of items of an order. `WhatsApp` names no limit of its own.
const ITEMS_MAX: usize = 100;
/// Largest number of entries of another list: Telegram's checklists have 30.
const LIST_MAX: usize = 30;
/// Largest number of files of a shared message: as many as fit beside its text.
const SHARED_FILES_MAX: usize = 6;

fn name(raw: Option<String>) -> Option<String> {
    raw.and_then(|raw| clean_name(&raw))
}

fn id(raw: Option<String>) -> Option<String> {
    opaque(raw, ID_MAX_CHARS)
}

/// An id or payload, which programs compare: white space within it stays as it is.
fn opaque(raw: Option<String>, max_chars: usize) -> Option<String> {
    let raw = raw?;
    let visible: String = raw
        .chars()
        .filter(|c| !is_invisible(*c))
        .take(max_chars)
        .collect();
    (!is_blank(&visible)).then_some(visible)
}

fn line(raw: Option<String>) -> Option<String> {
    raw.and_then(|raw| clean_line(&raw, LINE_MAX_CHARS))
}

fn link(raw: Option<String>) -> Option<String> {
    raw.and_then(|raw| clean_link(&raw))
}

fn names(raw: Vec<String>) -> Vec<String> {
    raw.into_iter()
        .filter_map(|raw| clean_line(&raw, NAME_MAX_CHARS))
        .take(LIST_MAX)
        .collect()
}

/// Joins those that are there with commas.
fn listed<S: AsRef<str>>(given: impl IntoIterator<Item = S>) -> Option<String> {
    let mut joined = String::new();
    for one in given {
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(one.as_ref());
    }
    (!joined.is_empty()).then_some(joined)
}

/// A number that is neither infinite nor undefined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(f64);

/// No value differs from itself: JSON and [`Number::new`] have finite ones only.
impl Eq for Number {}

impl Number {
    /// Takes a finite number.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Writes the number with at most `decimals`, and without zeros at the end.
    fn words(self, decimals: usize) -> String {
        let written = format!("{:.decimals$}", self.0);
        match written.split_once('.') {
            Some(_) => written
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned(),
            None => written,
        }
    }
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Location {
    /// Name of the place.
    pub name: Option<String>,
    /// Address of the place.
    pub address: Option<String>,
    /// Latitude in degrees, from -90 to 90.
    pub latitude: Option<Number>,
    /// Longitude in degrees, from -180 to 180.
    pub longitude: Option<Number>,
    /// Whether the person shares the place as it changes.
    pub live: bool,
}

impl Location {
    pub(super) fn cleaned(self) -> Self {
        let within = |limit: f64| move |degrees: &Number| degrees.get().abs() <= limit;
        let latitude = self.latitude.filter(within(90.0));
        let longitude = self.longitude.filter(within(180.0));
        Self {
            name: name(self.name),
            address: line(self.address),
            // One of them alone is no place.
            latitude: latitude.filter(|_| longitude.is_some()),
            longitude: longitude.filter(|_| latitude.is_some()),
            live: self.live,
        }
    }

    pub(super) fn words(&self) -> String {
        // Six decimals are eleven centimetres.
        let degrees = |degrees: Option<Number>| degrees.map(|degrees| degrees.words(6));
        let label = if self.live {
            "Live location"
        } else {
            "Location"
        };
        let told = [
            self.name.clone(),
            self.address.clone(),
            degrees(self.latitude),
            degrees(self.longitude),
        ];
        labelled(label, listed(told.into_iter().flatten()).as_deref())
    }
}

/// A contact card.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contact {
    /// Name on the card.
    pub name: Option<String>,
    /// Organisation on the card.
    pub organization: Option<String>,
    /// Phone numbers, as written.
    pub phones: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// The platform's id of the person, if the card has one.
    pub provider_id: Option<String>,
}

impl Contact {
    pub(super) fn cleaned(self) -> Self {
        Self {
            name: name(self.name),
            organization: name(self.organization),
            phones: names(self.phones),
            emails: names(self.emails),
            provider_id: id(self.provider_id),
        }
    }

    pub(super) fn words(&self) -> String {
        let told = self
            .name
            .iter()
            .chain(&self.organization)
            .chain(&self.phones)
            .chain(&self.emails);
        labelled("Contact", listed(told).as_deref())
    }
}

/// An order from a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Order {
    /// The platform's id of the catalogue.
    pub catalog_id: Option<String>,
    /// The ordered products.
    pub items: Vec<Item>,
}

/// A product of an [`Order`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Item {
    /// Id of the product in the catalogue.
    pub product_id: Option<String>,
    /// Number of pieces.
    pub quantity: Option<Number>,
    /// Price of one piece.
    pub price: Option<Number>,
    /// Currency of the price, such as `EUR`.
    pub currency: Option<String>,
}

impl Item {
    fn cleaned(self) -> Self {
        Self {
            product_id: opaque(self.product_id, PRODUCT_ID_MAX_CHARS),
            quantity: self.quantity,
            price: self.price,
            currency: self
                .currency
                .and_then(|currency| clean_line(&currency, CURRENCY_MAX_CHARS)),
        }
    }

    fn words(&self) -> String {
        let quantity = self.quantity.map(|quantity| quantity.words(3));
        let product = self.product_id.as_deref().unwrap_or("product");
        let mut words = format!("{} × {product}", quantity.as_deref().unwrap_or("1"));
        if let Some(price) = self.price {
            words.push_str(" at ");
            words.push_str(&price.words(4));
            if let Some(currency) = &self.currency {
                words.push(' ');
                words.push_str(currency);
            }
        }
        words
    }
}

impl Order {
    pub(super) fn cleaned(self) -> Self {
        let items = self.items.into_iter().take(ITEMS_MAX);
        Self {
            catalog_id: id(self.catalog_id),
            items: items.map(Item::cleaned).collect(),
        }
    }

    pub(super) fn words(&self) -> String {
        labelled(
            "Order",
            listed(self.items.iter().map(Item::words)).as_deref(),
        )
    }
}

/// A pressed button, or an entry chosen from a list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choice {
    /// Title that the person saw.
    pub title: Option<String>,
    /// Id or payload, which the person did not see.
    pub id: Option<String>,
    /// The platform's id of the message that offered the choice.
    pub message_id: Option<String>,
}

impl Choice {
    pub(super) fn cleaned(self) -> Self {
        Self {
            title: line(self.title),
            id: id(self.id),
            message_id: id(self.message_id),
        }
    }

    /// The title alone, as if the person had written it.
    pub(super) fn words(&self) -> String {
        match &self.title {
            Some(title) => title.clone(),
            None => labelled("Choice", self.id.as_deref()),
        }
    }
}

/// A reaction to a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reaction {
    /// The emoji, or the platform's name for it.
    pub emoji: Option<String>,
    /// The platform's id of the message.
    pub message_id: Option<String>,
}

impl Reaction {
    pub(super) fn cleaned(self) -> Self {
        Self {
            emoji: name(self.emoji),
            message_id: id(self.message_id),
        }
    }

    pub(super) fn words(&self) -> String {
        labelled("Reaction", self.emoji.as_deref())
    }
}

/// A poll.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Poll {
    /// The question.
    pub question: Option<String>,
    /// The answers to choose from.
    pub options: Vec<String>,
}

impl Poll {
    pub(super) fn cleaned(self) -> Self {
        Self {
            question: line(self.question),
            options: names(self.options),
        }
    }

    pub(super) fn words(&self) -> String {
        let options = listed(&self.options).map(|options| format!("({options})"));
        let told: Vec<&str> = [self.question.as_deref(), options.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        labelled("Poll", Some(&told.join(" ")))
    }
}

/// A thrown die, or another game of chance of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dice {
    /// The emoji of the game.
    pub emoji: Option<String>,
    /// The result.
    pub value: u32,
}

impl Dice {
    pub(super) fn cleaned(self) -> Self {
        Self {
            emoji: name(self.emoji),
            value: self.value,
        }
    }

    pub(super) fn words(&self) -> String {
        let emoji = self.emoji.as_deref().unwrap_or("Dice");
        format!("{emoji}: {}", self.value)
    }
}

/// A checklist.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Checklist {
    /// Title of the checklist.
    pub title: Option<String>,
    /// The tasks.
    pub tasks: Vec<Task>,
}

/// A task of a [`Checklist`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Task {
    /// The platform's id of the task.
    pub id: Option<String>,
    /// Text of the task.
    pub text: String,
    /// Whether the task is done.
    pub done: bool,
}

impl Task {
    fn cleaned(self) -> Option<Self> {
        Some(Self {
            id: id(self.id),
            text: clean_line(&self.text, NAME_MAX_CHARS)?,
            done: self.done,
        })
    }

    fn words(&self) -> String {
        let mark = if self.done { "[x]" } else { "[ ]" };
        format!("{mark} {}", self.text)
    }
}

impl Checklist {
    pub(super) fn cleaned(self) -> Self {
        let tasks = self.tasks.into_iter().filter_map(Task::cleaned);
        Self {
            title: line(self.title),
            tasks: tasks.take(LIST_MAX).collect(),
        }
    }

    pub(super) fn words(&self) -> String {
        let tasks = listed(self.tasks.iter().map(Task::words));
        let told = self.title.iter().chain(&tasks);
        labelled("Checklist", listed(told).as_deref())
    }
}

/// The way on which the person came here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Referral {
    /// Kind of the source, in the platform's word: `ad`, `post`, `start`.
    pub source: Option<String>,
    /// The platform's id of the source.
    pub source_id: Option<String>,
    /// Address of the source.
    pub url: Option<String>,
    /// Headline of an advertisement.
    pub headline: Option<String>,
    /// Text of an advertisement.
    pub body: Option<String>,
    /// Data that the link carried, such as Telegram's parameter of `/start`, or `WhatsApp`'s id of a click.
    pub payload: Option<String>,
}

impl Referral {
    pub(super) fn cleaned(self) -> Self {
        Self {
            source: name(self.source),
            source_id: id(self.source_id),
            url: link(self.url),
            headline: line(self.headline),
            body: line(self.body),
            payload: opaque(self.payload, PAYLOAD_MAX_CHARS),
        }
    }

    pub(super) fn words(&self) -> String {
        let source = self.headline.as_ref().or(self.source.as_ref());
        let told = source.into_iter().chain(&self.url).chain(&self.payload);
        labelled("Came from", listed(told).as_deref())
    }
}

/// The way in which a message was shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The person passed the message on.
    Forwarded,
    /// The person answered the message.
    Quoted,
}

/// A forwarded or quoted message. If the platform makes what is forwarded the message itself, text and
/// files are those of the message, and this says only whose they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// The way in which it was shared.
    pub relation: Relation,
    /// Name of the author: a person, a channel, a bot.
    pub from: Option<String>,
    /// The platform's id of the author.
    pub from_id: Option<String>,
    /// The platform's id of the message.
    pub message_id: Option<String>,
    /// Time of writing.
    pub sent_at: Option<Timestamp>,
    /// Text of the message, or its content in words.
    pub text: Option<String>,
    /// Files of the message. They are not among the attachments of the message that shares it.
    pub files: Vec<Attachment>,
}

impl Shared {
    /// A message of which nothing is known yet but that it was shared.
    #[must_use]
    pub const fn new(relation: Relation) -> Self {
        Self {
            relation,
            from: None,
            from_id: None,
            message_id: None,
            sent_at: None,
            text: None,
            files: Vec::new(),
        }
    }

    pub(super) fn cleaned(self) -> Self {
        let files = self.files.into_iter().take(SHARED_FILES_MAX);
        Self {
            relation: self.relation,
            from: name(self.from),
            from_id: id(self.from_id),
            message_id: id(self.message_id),
            sent_at: self.sent_at,
            text: self
                .text
                .and_then(|text| clean_lines(&text, SHARED_TEXT_MAX_CHARS)),
            files: files.collect(),
        }
    }

    pub(super) fn words(&self) -> String {
        let label = match self.relation {
            Relation::Forwarded => "Forwarded message",
            Relation::Quoted => "Quoted message",
        };
        let label = match &self.from {
            Some(from) => format!("{label} from {from}"),
            None => label.to_owned(),
        };
        let files = self
            .files
            .iter()
            .map(|file| file_words(file.kind.into(), file.name.as_deref()));
        let told = self.text.clone().into_iter().chain(files);
        labelled(&label, listed(told).as_deref())
    }
}

/// Something that the platform does not hand over, or that is not known here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unsupported {
    /// The platform's name for it.
    pub name: Option<String>,
}

impl Unsupported {
    pub(super) fn cleaned(self) -> Self {
        Self {
            name: name(self.name),
        }
    }

    pub(super) fn words(&self) -> String {
        labelled("Content that cannot be shown here", self.name.as_deref())
    }
}
