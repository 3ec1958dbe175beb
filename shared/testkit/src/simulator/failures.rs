//! The switches that make the APIs of the platforms fail.

use serde::{Deserialize, Serialize};

use super::platform::Platform;

/// How a call fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Failure {
    /// HTTP 429 with `Retry-After`.
    RateLimited {
        /// The header's value.
        retry_after_secs: u64,
    },
    /// An HTTP status without an answer that means anything.
    Http {
        /// Such as 503.
        status: u16,
    },
    /// Slack: HTTP 200 with `{"ok": false, "error": …}`. Elsewhere HTTP 400 with this code.
    Error {
        /// Such as `account_inactive`.
        error: String,
    },
    /// The platform's own error body.
    Code {
        /// The HTTP status.
        status: u16,
        /// Telegram's description, Teams' word, Meta's or Twilio's number; for 360dialog, what is not a number is an
        /// error of the gateway itself.
        code: String,
        /// More words, where the platform has a place for them.
        #[serde(default)]
        message: String,
    },
    /// 360dialog and Twilio: the message is taken, and a status that says so follows: it was not delivered.
    Undelivered {
        /// Such as 131026 or 30003.
        code: i64,
    },
    /// The call is not carried out and never answered.
    Stall,
    /// The call is carried out and never answered.
    StallAfter,
    /// The connection is reset before the call is carried out.
    ResetBefore,
    /// The connection is reset after the call was carried out.
    ResetAfter,
}

impl Failure {
    /// An error of a platform's own, with the label that the page shows.
    pub(super) fn coded(status: u16, code: &str, label: &str) -> (String, Self) {
        let failure = Self::Code {
            status,
            code: code.to_owned(),
            message: String::new(),
        };
        (label.to_owned(), failure)
    }

    /// Whether the call takes effect all the same.
    #[must_use]
    pub const fn takes_effect(&self) -> bool {
        matches!(
            self,
            Self::StallAfter | Self::ResetAfter | Self::Undelivered { .. }
        )
    }

    /// Whether the caller gets no answer.
    pub(super) const fn is_silent(&self) -> bool {
        matches!(
            self,
            Self::Stall | Self::StallAfter | Self::ResetBefore | Self::ResetAfter
        )
    }
}

/// Which calls fail, how, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRule {
    /// Only calls to this platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Platform>,
    /// `chat.postMessage`, `sendMessage`, …, or `*` for all.
    pub method: String,
    /// Only calls for this channel, chat, number or conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// How many more calls fail; without it, all until the rule is cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens to them.
    #[serde(flatten)]
    pub failure: Failure,
}

impl FailureRule {
    /// The next call of `method` fails, once.
    #[must_use]
    pub fn once(method: &str, failure: Failure) -> Self {
        Self::times(method, failure, 1)
    }

    /// The next `times` calls of `method` fail.
    #[must_use]
    pub fn times(method: &str, failure: Failure, times: u32) -> Self {
        Self {
            provider: None,
            method: method.to_owned(),
            channel: None,
            times: Some(times),
            failure,
        }
    }

    /// All calls of `method` fail until the rules are cleared.
    #[must_use]
    pub fn until_cleared(method: &str, failure: Failure) -> Self {
        Self {
            provider: None,
            method: method.to_owned(),
            channel: None,
            times: None,
            failure,
        }
    }

    /// Only for calls to this channel.
    #[must_use]
    pub fn in_channel(mut self, channel: &str) -> Self {
        self.channel = Some(channel.to_owned());
        self
    }

    /// Only for calls to this platform.
    #[must_use]
    pub const fn at(mut self, provider: Platform) -> Self {
        self.provider = Some(provider);
        self
    }

    fn matches(&self, platform: Platform, method: &str, channel: Option<&str>) -> bool {
        self.provider.is_none_or(|only| only == platform)
            && (self.method == "*" || self.method == method)
            && self
                .channel
                .as_deref()
                .is_none_or(|only| channel == Some(only))
    }
}

/// The failure that this call meets, used up by one if it is counted.
pub(super) fn next(
    rules: &mut Vec<FailureRule>,
    platform: Platform,
    method: &str,
    channel: Option<&str>,
) -> Option<Failure> {
    let rule = rules
        .iter_mut()
        .find(|rule| rule.matches(platform, method, channel))?;
    let failure = rule.failure.clone();
    if let Some(times) = &mut rule.times {
        *times = times.saturating_sub(1);
    }
    rules.retain(|rule| rule.times != Some(0));
    Some(failure)
}
