//! Failures behind a port, grouped by the caller's next step.

use std::fmt;

/// A failure behind a port.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The other side did not answer, or asked us to wait. The call may or may not have taken
    /// effect. Try again.
    #[error("{what} is unavailable")]
    Unavailable {
        /// The other side and the operation, for the log.
        what: &'static str,
        /// The cause, for the log.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The other side will never accept this call. Trying again is pointless.
    #[error("{what} rejected the call")]
    Rejected {
        /// The other side and the operation, for the log.
        what: &'static str,
        /// The cause, for the log.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Another writer changed the record meanwhile. Read it again and decide again.
    #[error("{what} was changed by somebody else")]
    Conflict {
        /// The record's kind.
        what: &'static str,
    },
    /// A stored record is not understood. A person has to look at it.
    #[error("the stored {what} cannot be read: {detail}")]
    Corrupt {
        /// The record's kind.
        what: &'static str,
        /// The place in the record, without its content.
        detail: String,
    },
}

impl PortError {
    /// Makes an `Unavailable` with its cause.
    pub fn unavailable(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable {
            what,
            source: Some(source.into()),
        }
    }

    /// Makes a `Rejected` with its cause.
    pub fn rejected(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Rejected {
            what,
            source: Some(source.into()),
        }
    }

    /// Makes a `Corrupt` with its place.
    pub fn corrupt(what: &'static str, detail: impl fmt::Display) -> Self {
        Self::Corrupt {
            what,
            detail: detail.to_string(),
        }
    }
}

/// Shows an error with all its causes, for the one log line at the boundary.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_shows_an_error_and_all_that_caused_it() {
        let root = PortError::rejected("the table", "too large");
        let error = PortError::unavailable("the queue", root);
        assert_eq!(
            Chain(&error).to_string(),
            "the queue is unavailable: the table rejected the call: too large"
        );
        assert_eq!(error.to_string(), "the queue is unavailable");
        let corrupt = PortError::corrupt("connector", "row CONN#1, field `policy`");
        assert_eq!(
            Chain(&corrupt).to_string(),
            "the stored connector cannot be read: row CONN#1, field `policy`"
        );
    }
}
