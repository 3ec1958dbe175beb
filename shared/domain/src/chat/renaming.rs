//! Names and pictures that a platform tells later, or anew (DESIGN §3.3).
//!
//! Platforms tell a name with each message, and it may differ with the way that the message took: two
//! numbers of one project may show one person's phone under two names. Such names would take turns on the
//! record with every message, so a change stands for some time before the next one.

use crate::{
    Timestamp,
    chat::{message::InboundMessage, profile::Profile, user::ChatUser},
    ids::ChatUserId,
};
use std::time::Duration;

/// Time for which a profile that was taken from a message stands, counted from message to message. It
/// limits the writes that names in turn can cause to one an hour for each person.
pub const TOLD_PROFILE_STANDS: Duration = Duration::from_hours(1);

/// A known person's profile as a message changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileChange {
    /// The person.
    pub chat_user_id: ChatUserId,
    /// The whole profile after the change.
    pub profile: Profile,
    /// Time of the message that tells it.
    pub told_at: Timestamp,
    /// Names of the fields that it changes, as the API names them.
    pub changed: Vec<&'static str>,
    /// [`ChatUser::profile_told_at`] of the record that the change was made from.
    pub told_before: Option<Timestamp>,
}

impl ProfileChange {
    /// The change that `message` makes to its sender's record; `None` if it tells nothing new, or if the
    /// profile of a message written within [`TOLD_PROFILE_STANDS`] before it, or after it, is on record.
    #[must_use]
    pub fn told_by(message: &InboundMessage, user: &ChatUser, now: Timestamp) -> Option<Self> {
        let profile = user.profile.told_anew(&message.profile)?;
        let changed = profile.changed_from(&user.profile);
        // A time ahead of ours would keep every later name out.
        let told_at = message.sent_at.min(now);
        let told_before = user.profile_told_at;
        told_before
            .is_none_or(|before| before.plus(TOLD_PROFILE_STANDS) <= told_at)
            .then_some(Self {
                chat_user_id: user.id,
                profile,
                told_at,
                changed,
                told_before,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, chat_user, message};
    use proptest::prelude::*;

    const HOUR: i64 = 3600;

    fn says(name: Option<&str>, second: i64) -> InboundMessage {
        InboundMessage {
            profile: Profile::from_raw(name, None, None, None),
            sent_at: at(second),
            ..message()
        }
    }

    fn known_as(name: Option<&str>, told_at: Option<i64>) -> ChatUser {
        ChatUser {
            profile: Profile::from_raw(name, None, None, None),
            profile_told_at: told_at.map(at),
            ..chat_user()
        }
    }

    fn after(change: ProfileChange, user: ChatUser) -> ChatUser {
        ChatUser {
            profile: change.profile,
            profile_told_at: Some(change.told_at),
            ..user
        }
    }

    #[test]
    fn a_name_told_later_or_anew_is_taken_and_none_is_erased() {
        for (before, told, after) in [
            (None, Some("Ada"), Some("Ada")),
            (Some("Ada"), Some("Ada King"), Some("Ada King")),
            (Some("Ada"), Some("Ada"), None),
            (Some("Ada"), None, None),
            (None, None, None),
        ] {
            let user = known_as(before, None);
            let change = ProfileChange::told_by(&says(told, 7), &user, at(9));
            let expected = after.map(|name| ProfileChange {
                chat_user_id: user.id,
                profile: Profile::from_raw(Some(name), None, None, None),
                told_at: at(7),
                changed: vec!["display_name"],
                told_before: None,
            });
            assert_eq!(change, expected, "{before:?} {told:?}");
        }
    }

    #[test]
    fn a_name_stands_for_an_hour_of_messages_and_a_late_message_does_not_bring_the_old_one_back() {
        let user = known_as(Some("Ada"), Some(100));
        for (second, taken) in [
            (0, false),
            (100, false),
            (100 + HOUR - 1, false),
            (100 + HOUR, true),
            (100 + 9 * HOUR, true),
        ] {
            let change = ProfileChange::told_by(&says(Some("Bea"), second), &user, at(99 * HOUR));
            assert_eq!(change.is_some(), taken, "{second}");
        }
    }

    #[test]
    fn a_message_from_the_future_does_not_keep_later_names_out() {
        let user = known_as(Some("Ada"), None);
        let change = ProfileChange::told_by(&says(Some("Bea"), 1_000_000), &user, at(9)).unwrap();
        assert_eq!(change.told_at, at(9));
        let user = after(change, user);
        assert_eq!(user.display_name(), "Bea");
        let later = at(9 + HOUR);
        let change = ProfileChange::told_by(&says(Some("Cleo"), 9 + HOUR), &user, later);
        assert!(change.is_some());
    }

    proptest! {
        /// However names take turns, and in whatever order messages come, the record is written at most
        /// once for each hour that passes.
        #[test]
        fn names_in_turn_cost_at_most_a_write_an_hour(
            messages in proptest::collection::vec((0_usize..4, 0_i64..600), 1..200),
        ) {
            let names = [Some("Ada"), Some("Bea"), Some("Cleo"), None];
            let mut user = known_as(Some("Ada"), None);
            let (mut now, mut writes) = (0, 0);
            for (name, pause) in messages {
                now += pause;
                let message = says(names.get(name).copied().flatten(), now);
                if let Some(change) = ProfileChange::told_by(&message, &user, at(now)) {
                    user = after(change, user);
                    writes += 1;
                }
            }
            prop_assert!(writes <= now / HOUR + 1, "{writes} in {now} s");
        }
    }
}
