//! Texts that answer no message: whether the person may be written to (SPEC A44, A50).
//!
//! An answer follows a message at once, so the platform's own refusal is enough there. Any other text may come
//! when the person has long been blocked or has opted out, or when the platform's time for answers is over.

use crate::{
    Timestamp,
    access::consent::Consents,
    chat::{
        conversation::{ConversationKind, ConversationRef},
        send_status::SkipReason,
        user::ChatUser,
    },
};
use std::time::Duration;

/// The people whom a text in a conversation reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// The conversation, as the last message named it.
    pub place: ConversationRef,
    /// Time at which the last delivered message was written.
    pub last_message_at: Option<Timestamp>,
    /// Whoever wrote it, unless they were erased.
    pub chat_user: Option<ChatUser>,
    /// Their wishes at the conversation's connector.
    pub consents: Consents,
}

impl Audience {
    /// Checks that a text which answers no message may go out now. `reply_window` is the time after a
    /// person's message during which the platform lets us write. A group is nobody's alone, so the wishes of
    /// whoever wrote last do not count there.
    ///
    /// # Errors
    /// The reason why it may not.
    pub fn check(&self, reply_window: Option<Duration>, now: Timestamp) -> Result<(), SkipReason> {
        if self.place.kind == ConversationKind::Direct {
            let user = self.chat_user.as_ref();
            if user.is_none_or(|user| user.block.is_some()) {
                return Err(SkipReason::AccessEnded);
            }
            if self.opted_out_at().is_some() {
                return Err(SkipReason::OptedOut);
            }
        }
        let closes_at = self.window_closes_at(reply_window);
        if closes_at.is_some_and(|at| at <= now) {
            return Err(SkipReason::WindowClosed);
        }
        Ok(())
    }

    /// Time at which the person opted out on the conversation's channel, unless they opted in again.
    #[must_use]
    pub fn opted_out_at(&self) -> Option<Timestamp> {
        self.consents.opted_out_at(self.place.channel.as_deref())
    }

    /// End of the time during which the platform lets us write; `None` when there is none.
    #[must_use]
    pub fn window_closes_at(&self, reply_window: Option<Duration>) -> Option<Timestamp> {
        let (written_at, window) = self.last_message_at.zip(reply_window)?;
        Some(written_at.plus(window))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, block, chat_user, conversation, opted_out};

    const WINDOW: Option<Duration> = Some(Duration::from_secs(100));

    fn audience() -> Audience {
        Audience {
            place: conversation("D1"),
            last_message_at: Some(at(50)),
            chat_user: Some(chat_user()),
            consents: Consents::default(),
        }
    }

    #[test]
    fn a_person_is_written_to_until_the_platforms_time_for_answers_is_over() {
        for (window, second, outcome) in [
            (WINDOW, 149, Ok(())),
            (WINDOW, 150, Err(SkipReason::WindowClosed)),
            (None, 1_000_000, Ok(())),
        ] {
            assert_eq!(audience().check(window, at(second)), outcome, "{second}");
        }
        assert_eq!(audience().window_closes_at(WINDOW), Some(at(150)));
        assert_eq!(audience().window_closes_at(None), None);
    }

    #[test]
    fn who_was_blocked_or_erased_or_has_opted_out_is_not_written_to() {
        let blocked = ChatUser {
            block: Some(block()),
            ..chat_user()
        };
        for (chat_user, consents, reason) in [
            (None, Consents::default(), SkipReason::AccessEnded),
            (Some(blocked), Consents::default(), SkipReason::AccessEnded),
            (Some(chat_user()), opted_out(at(60)), SkipReason::OptedOut),
        ] {
            let audience = Audience {
                chat_user,
                consents,
                ..audience()
            };
            assert_eq!(audience.check(None, at(70)), Err(reason));
        }
    }

    #[test]
    fn a_wish_counts_on_its_own_channel() {
        let mut audience = Audience {
            consents: Consents::of_stop(at(60)),
            ..audience()
        };
        assert_eq!(audience.opted_out_at(), None);
        audience.place = audience.place.on_channel("sms");
        assert_eq!(audience.opted_out_at(), Some(at(60)));
        assert_eq!(audience.check(None, at(70)), Err(SkipReason::OptedOut));
    }

    #[test]
    fn a_group_is_written_to_whatever_became_of_whoever_wrote_last() {
        for kind in [ConversationKind::Group, ConversationKind::Channel] {
            let mut audience = Audience {
                chat_user: None,
                consents: opted_out(at(60)),
                ..audience()
            };
            audience.place.kind = kind;
            assert_eq!(audience.check(None, at(70)), Ok(()));
            let closed = audience.check(WINDOW, at(150));
            assert_eq!(closed, Err(SkipReason::WindowClosed));
        }
    }
}
