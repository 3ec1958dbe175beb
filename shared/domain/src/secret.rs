//! Secrets: text that no log and no error can show.

use std::fmt;

/// A secret in the clear. Has no `Display`, no serialisation, and a `Debug` that shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Returns the secret itself, for the one call that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let shown = format!("{:?}", Secret::new("xoxb-canary"));
        assert_eq!(shown, "Secret(…)");
    }

    #[test]
    fn a_secret_is_revealed_to_who_asks() {
        assert_eq!(Secret::new("xoxb-canary").reveal(), "xoxb-canary");
    }
}
