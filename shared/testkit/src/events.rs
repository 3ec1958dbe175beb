//! The captured and constructed requests of `events/`, with their sample ids replaced by those of a test.
//!
//! The files hold whole bodies: JSON, or a form (`.form`, `.txt`). The Slack files use the ids in [`sample`].
//! Replacing works on the text, so that it also works for files that are deliberately not JSON.

use std::io;
use std::path::PathBuf;

use crate::signed_request::SignedRequest;
use crate::slack_signer::{self, SlackInstall};

/// The ids in the files of `events/slack`.
pub mod sample {
    /// The app.
    pub const API_APP_ID: &str = "A123ABC456";
    /// The workspace.
    pub const TEAM_ID: &str = "T123ABC456";
    /// The app's own user.
    pub const BOT_USER_ID: &str = "U0BOT";
    /// The person who writes.
    pub const USER_ID: &str = "U123ABC456";
    /// Their direct conversation with the app.
    pub const DM_ID: &str = "D024BE91L";
    /// A public channel.
    pub const CHANNEL_ID: &str = "C123ABC456";
    /// The event.
    pub const EVENT_ID: &str = "Ev0PV52K25";
    /// The message.
    pub const TS: &str = "1568915625.001000";
}

/// The file extensions, in the order of lookup.
const ENDINGS: [&str; 3] = ["json", "form", "txt"];

/// One file of `events/<provider>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixture {
    body: String,
}

/// The file `events/slack/<name>.json`.
///
/// # Errors
/// When there is no such file.
pub fn slack(name: &str) -> io::Result<Fixture> {
    load("slack", name)
}

/// The file `events/<provider>/<name>`, with any of the extensions.
///
/// # Errors
/// When there is no such file.
pub fn load(provider: &str, name: &str) -> io::Result<Fixture> {
    // A name from the control API must not leave the folder.
    let is_plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !is_plain(provider) || !is_plain(name) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("no fixture {provider}/{name}"),
        ));
    }
    let path = ENDINGS
        .iter()
        .map(|ending| folder(provider).join(format!("{name}.{ending}")))
        .find(|path| path.exists())
        .ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("no fixture {provider}/{name}"),
            )
        })?;
    let body = std::fs::read_to_string(&path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    Ok(Fixture { body })
}

/// The names of all files in `events/slack`, sorted.
///
/// # Errors
/// When the folder cannot be read.
pub fn slack_names() -> io::Result<Vec<String>> {
    names("slack")
}

/// The names of all files in `events/<provider>`, without extensions, sorted.
///
/// # Errors
/// When the folder cannot be read.
pub fn names(provider: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder(provider))? {
        let path = entry?.path();
        let is_event = path
            .extension()
            .is_some_and(|extension| ENDINGS.iter().any(|ending| extension == *ending));
        if is_event && let Some(stem) = path.file_stem() {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

impl Fixture {
    /// A body from no file.
    #[must_use]
    pub fn of_body(body: &str) -> Self {
        Self {
            body: body.to_owned(),
        }
    }

    /// The same event with `value` in place of every `sample`.
    #[must_use]
    pub fn with(mut self, sample: &str, value: &str) -> Self {
        self.body = self.body.replace(sample, value);
        self
    }

    /// The same event for this install: app, workspace and the app's own user.
    #[must_use]
    pub fn of(self, install: &SlackInstall) -> Self {
        self.with(sample::API_APP_ID, &install.api_app_id)
            .with(sample::TEAM_ID, &install.team_id)
            .with(sample::BOT_USER_ID, &install.bot_user_id)
    }

    /// The body as sent.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The request that Slack would send with this body at this time.
    #[must_use]
    pub fn sign(&self, signing_secret: &str, timestamp_secs: i64) -> SignedRequest {
        slack_signer::sign(signing_secret, timestamp_secs, self.body.as_str())
    }
}

fn folder(provider: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../events")
        .join(provider)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_fixture_is_listed_in_the_readme_and_only_the_named_ones_are_not_json() {
        let readme = std::fs::read_to_string(folder("slack").join("README.md")).unwrap();
        let names = slack_names().unwrap();
        assert!(names.len() > 30, "{names:?}");
        for name in names {
            assert!(
                readme.contains(&format!("`{name}`")),
                "{name} is not in README.md"
            );
            let json = serde_json::from_str::<Value>(slack(&name).unwrap().body());
            let unreadable = [
                "hostile_not_json",
                "hostile_deep_nesting",
                "hostile_lone_surrogate",
            ]
            .contains(&name.as_str());
            assert_eq!(json.is_err(), unreadable, "{name}");
        }
    }

    #[test]
    fn a_fixture_takes_the_ids_of_an_install() {
        let install = SlackInstall {
            api_app_id: "A9".into(),
            team_id: "T9".into(),
            enterprise_id: None,
            bot_user_id: "U9".into(),
            bot_id: "B9".into(),
            signing_secret: "s".into(),
        };
        let fixture = slack("message_im")
            .unwrap()
            .of(&install)
            .with(sample::USER_ID, "U7");
        let body: Value = serde_json::from_str(fixture.body()).unwrap();
        assert_eq!(body["team_id"], "T9");
        assert_eq!(body["api_app_id"], "A9");
        assert_eq!(body["event"]["user"], "U7");
    }

    #[test]
    fn a_name_cannot_leave_the_folder() {
        for (provider, name) in [
            ("slack", "../slack/message_im"),
            ("../events/slack", "message_im"),
            ("slack", ""),
        ] {
            assert!(load(provider, name).is_err(), "{provider} {name}");
        }
        assert_eq!(
            load("slack", "message_im").unwrap(),
            slack("message_im").unwrap()
        );
    }
}
