//! The content of a message, and the outcome of its intake.

use vestibule_domain::chat::{change::MessageChange, repeats::Repeats};

/// Outcome of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntakeOutcome {
    /// It was enqueued for the agent.
    Delivered,
    /// It was already processed.
    Duplicate,
    /// The sender is blocked; nothing was written.
    Dropped,
    /// The connector serves only its directory, or the sender has no access and asked for none.
    Ignored,
    /// It opened an access request.
    RequestOpened,
    /// It was counted on a pending request.
    Counted,
    /// The sender was rejected too recently.
    CooledDown,
    /// It was counted beyond the connector's quota of new requests, and made none.
    HeldBack,
    /// It changed the message that made a request, and there is nothing for the agent.
    Changed,
    /// It deleted what its author wrote before they lost access, and was enqueued for the history.
    Withdrawn,
}

/// The content of a message here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// As the person wrote it.
    Whole,
    /// None: the platform does not pass it on.
    Withheld,
    /// The new content of an earlier message, or none if the person deleted it.
    Changed(&'a MessageChange),
}

impl IntakeOutcome {
    /// The word by which a message with this outcome is counted; the API answers with the same.
    #[must_use]
    pub(super) const fn decision(self) -> &'static str {
        match self {
            Self::Changed | Self::Withdrawn => Self::Ignored.key(),
            other => other.key(),
        }
    }

    /// The key, as logged.
    #[must_use]
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Duplicate => "duplicate",
            Self::Dropped => "dropped",
            Self::Ignored => "ignored",
            Self::RequestOpened => "request_opened",
            Self::Counted => "counted",
            Self::CooledDown => "cooled_down",
            Self::HeldBack => "held_back",
            Self::Changed => "changed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether the intake has to remember an event with this outcome by itself, because nothing else
    /// that it wrote does. A message of somebody blocked costs no row (SPEC A45); one that waits for the
    /// agent is remembered by its delivery, in a large batch already before it. There, so is a deletion by
    /// somebody without access: else those of a batch that comes again would be enqueued again, and it would
    /// never end.
    #[must_use]
    pub(super) const fn leaves_event_to_remember(
        self,
        repeats: Repeats,
        is_large_batch: bool,
    ) -> bool {
        match self {
            Self::Delivered | Self::Withdrawn => is_large_batch,
            // Such a message could take effect later: after the cool-down or the minute, or under another policy.
            Self::Ignored | Self::CooledDown | Self::HeldBack => {
                is_large_batch || matches!(repeats, Repeats::ForEver)
            }
            // A change that comes again has no further effect.
            Self::Duplicate
            | Self::Dropped
            | Self::RequestOpened
            | Self::Counted
            | Self::Changed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_message_without_effect_is_remembered_where_it_could_be_replayed_when_it_would_have_one() {
        let bounded = Repeats::For(Duration::from_hours(24));
        for outcome in [
            IntakeOutcome::Ignored,
            IntakeOutcome::CooledDown,
            IntakeOutcome::HeldBack,
        ] {
            assert!(outcome.leaves_event_to_remember(Repeats::ForEver, false));
            assert!(!outcome.leaves_event_to_remember(bounded, false));
            assert!(outcome.leaves_event_to_remember(bounded, true));
        }
    }

    #[test]
    fn what_is_enqueued_is_remembered_at_once_in_a_large_batch_alone() {
        for repeats in [Repeats::For(Duration::from_hours(24)), Repeats::ForEver] {
            for outcome in [IntakeOutcome::Delivered, IntakeOutcome::Withdrawn] {
                assert!(!outcome.leaves_event_to_remember(repeats, false));
                assert!(outcome.leaves_event_to_remember(repeats, true));
            }
            for outcome in [
                IntakeOutcome::Duplicate,
                IntakeOutcome::Dropped,
                IntakeOutcome::RequestOpened,
                IntakeOutcome::Counted,
                IntakeOutcome::Changed,
            ] {
                assert!(!outcome.leaves_event_to_remember(repeats, true));
            }
        }
    }
}
