//! Rules that make the platforms' APIs fail.

use serde::{Deserialize, Serialize};

use super::platform::Platform;

/// A failure of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Failure {
    /// HTTP 429 with `Retry-After`.
    RateLimited {
        /// The header's value.
        retry_after_secs: u64,
    },
    /// An HTTP status without a meaningful body.
    Http {
        /// Such as 503.
        status: u16,
    },
    /// Slack: HTTP 200 with `{"ok": false, "error": …}`. Other platforms: HTTP 400 with this code.
    Error {
        /// Such as `account_inactive`.
        error: String,
    },
    /// The platform's own error body.
    Code {
        /// The HTTP status.
        status: u16,
        /// Telegram's description, Teams' code, or Meta's or Twilio's number. A code of 360dialog that is not
        /// a number is the gateway's own error.
        code: String,
        /// Further words, if the platform's error has a field for them.
        #[serde(default)]
        message: String,
    },
    /// 360dialog and Twilio: the message is accepted, and a later status reports that it was not delivered.
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
    /// An error in the platform's own form, with its label on the page.
    pub(super) fn coded(status: u16, code: &str, label: &str) -> (String, Self) {
        let failure = Self::Code {
            status,
            code: code.to_owned(),
            message: String::new(),
        };
        (label.to_owned(), failure)
    }

    /// Whether the call is carried out nevertheless.
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

/// A rule: the calls that fail, their failure, and their number.
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
    /// The number of further calls that fail. Without it, all fail until the rule is cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// The failure.
    #[serde(flatten)]
    pub failure: Failure,
}

impl FailureRule {
    /// Makes the next call of `method` fail, once.
    #[must_use]
    pub fn once(method: &str, failure: Failure) -> Self {
        Self::times(method, failure, 1)
    }

    /// Makes the next `times` calls of `method` fail.
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

    /// Makes all calls of `method` fail until the rules are cleared.
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

    /// Limits the rule to calls to this channel.
    #[must_use]
    pub fn in_channel(mut self, channel: &str) -> Self {
        self.channel = Some(channel.to_owned());
        self
    }

    /// Limits the rule to calls to this platform.
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

/// The failure that this call meets. Uses up one of a limited number.
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
