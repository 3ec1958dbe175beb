//! People and their ids on each platform.

use serde::{Deserialize, Serialize};

use super::ids::{number, uuid};

/// A person to create. Absent ids are derived or made up.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// `U…`; made up if absent.
    #[serde(default)]
    pub id: Option<String>,
    /// The full name.
    pub name: String,
    /// The name that the person chose; may be empty, as in Slack.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The first word of the name if absent.
    #[serde(default)]
    pub first_name: Option<String>,
    /// The rest of the name if absent.
    #[serde(default)]
    pub last_name: Option<String>,
    /// An e-mail address, if the app may see it.
    #[serde(default)]
    pub email: Option<String>,
    /// The language of their apps, as a tag; `en-US` if absent. If empty, no platform tells one.
    #[serde(default)]
    pub language: Option<String>,
    /// The workspace of a Slack Connect guest.
    #[serde(default)]
    pub home_team_id: Option<String>,
    /// Microsoft's id. This and the following ids are derived from `id` if absent.
    #[serde(default)]
    pub aad_object_id: Option<String>,
    /// Telegram's id.
    #[serde(default)]
    pub telegram_id: Option<i64>,
    /// In E.164 with `+`.
    #[serde(default)]
    pub phone: Option<String>,
    /// WhatsApp's business-scoped id.
    #[serde(default)]
    pub bsuid: Option<String>,
    /// The ids that WhatsApp reveals.
    #[serde(default)]
    pub whatsapp_shows: WhatsAppShows,
}

impl NewPerson {
    /// A person with this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// The same person with apps in this language.
    #[must_use]
    pub fn speaking(mut self, language: &str) -> Self {
        self.language = Some(language.to_owned());
        self
    }

    /// The same person with this id.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }
}

/// A person, with their id on each platform.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// `U…`: Slack's id, and the simulator's own for all platforms.
    pub id: String,
    /// The full name.
    pub name: String,
    /// The name that the person chose; may be empty.
    pub display_name: String,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The e-mail address, if the app may see it.
    pub email: Option<String>,
    /// The language of their apps, if platforms tell it.
    pub language: Option<String>,
    /// The workspace of a Slack Connect guest.
    pub home_team_id: Option<String>,
    /// Microsoft's id, a UUID.
    pub aad_object_id: String,
    /// Telegram's id.
    pub telegram_id: i64,
    /// The number for SMS and WhatsApp, in E.164 with `+`.
    pub phone: String,
    /// WhatsApp's business-scoped id.
    pub bsuid: String,
    /// The ids that WhatsApp reveals.
    pub whatsapp_shows: WhatsAppShows,
}

/// The id by which a connector knows a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonId {
    /// The part of the platform within which the id is unique, such as a workspace.
    pub scope: String,
    /// The id.
    pub id: String,
}

impl PersonId {
    /// This id in this scope.
    #[must_use]
    pub fn new(scope: &str, id: &str) -> Self {
        Self {
            scope: scope.to_owned(),
            id: id.to_owned(),
        }
    }
}

/// The ids of a person that WhatsApp reveals to a business (PROVIDERS §4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhatsAppShows {
    /// The number, as before 2026.
    Phone,
    /// The number and the business-scoped id.
    #[default]
    Both,
    /// Only the business-scoped id, as for people with a username.
    Bsuid,
}

impl WhatsAppShows {
    pub(super) const fn phone(self) -> bool {
        matches!(self, Self::Phone | Self::Both)
    }

    pub(super) const fn bsuid(self) -> bool {
        matches!(self, Self::Bsuid | Self::Both)
    }
}

impl Person {
    /// Creates the person, and derives absent ids from `id`.
    pub(super) fn new(id: String, new: NewPerson) -> Self {
        let mut words = new.name.split_whitespace();
        let first = words.next().unwrap_or_default().to_owned();
        let rest = words.collect::<Vec<_>>().join(" ");
        let of_person = |what: &str, from: i64, to: i64| number(&[what, &id], from, to);
        let aad_object_id = new
            .aad_object_id
            .unwrap_or_else(|| uuid(&["aadObjectId", &id]));
        let telegram_id = new
            .telegram_id
            .unwrap_or_else(|| of_person("telegram", 100_000_000, 7_999_999_999));
        let phone = new
            .phone
            .unwrap_or_else(|| format!("+1555{:07}", of_person("phone", 2_000_000, 9_999_999)));
        let bsuid = new.bsuid.unwrap_or_else(|| {
            let digits = of_person("bsuid", 10_000_000_000_000, 99_999_999_999_999);
            format!("US.{digits}")
        });
        let language = new.language.unwrap_or_else(|| "en-US".to_owned());
        Self {
            language: (!language.is_empty()).then_some(language),
            aad_object_id,
            telegram_id,
            phone,
            bsuid,
            whatsapp_shows: new.whatsapp_shows,
            display_name: new.display_name.unwrap_or_else(|| new.name.clone()),
            first_name: new.first_name.unwrap_or(first),
            last_name: new.last_name.unwrap_or(rest),
            name: new.name,
            email: new.email,
            home_team_id: new.home_team_id,
            id,
        }
    }
}
