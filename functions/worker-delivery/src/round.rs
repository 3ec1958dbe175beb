//! Goes once around the parked conversations of an agent, from the place where the drain before ended.
//!
//! A drain has time for some of them only. If each began at the first one, those at the end would wait for ever
//! behind conversations that stay: their messages have not waited long enough, or the work on them fails.

use vestibule_domain::{
    ids::ConversationId,
    ports::{ClaimedAgent, ParkedConversation},
};

/// A way around the list of parked conversations, which is in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Round {
    /// The conversation behind which the round begins and with which it ends, parked or not.
    place: Option<ConversationId>,
    /// The conversation behind which the next page begins.
    behind: Option<ConversationId>,
    /// Whether the round went on from the start of the list.
    is_back: bool,
}

impl Round {
    /// Begins a round behind this conversation.
    pub(crate) const fn from(place: Option<ConversationId>) -> Self {
        Self {
            place,
            behind: place,
            is_back: place.is_none(),
        }
    }

    /// The conversation behind which the next page is to be read.
    pub(crate) const fn behind(&self) -> Option<ConversationId> {
        self.behind
    }

    /// Takes the next page as it was read, and returns the conversations of it that belong to the round. `None`
    /// at the round's end; an empty page is not the end.
    pub(crate) fn take(
        &mut self,
        mut page: Vec<ParkedConversation>,
    ) -> Option<Vec<ParkedConversation>> {
        if let (true, Some(place)) = (self.is_back, self.place) {
            page.retain(|conversation| conversation.conversation_id <= place);
        }
        if let Some(last) = page.last() {
            self.behind = Some(last.conversation_id);
            return Some(page);
        }
        if self.is_back {
            return None;
        }
        self.is_back = true;
        self.behind = None;
        Some(page)
    }
}

/// The place at which a drain begins. A worker that had the claim before and did not report back has not
/// recorded how far it came, and may have died over a conversation, so the drain begins anywhere.
pub(crate) fn first_place(claimed: &ClaimedAgent) -> Option<ConversationId> {
    if claimed.attempt > 1 {
        Some(ConversationId::derive(&[&claimed.lease.to_string()]))
    } else {
        claimed.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        AccountScope, Timestamp,
        ids::{AccountId, EnvironmentId, LeaseId, ProjectId},
        job::DrainParked,
    };

    fn agent() -> DrainParked {
        DrainParked {
            scope: AccountScope::of_verified(AccountId::derive(&["a"]))
                .project(ProjectId::derive(&["p"])),
            environment_id: EnvironmentId::derive(&["e"]),
        }
    }

    /// Parked conversations, in the order of their ids.
    fn parked(count: usize) -> Vec<ParkedConversation> {
        let mut parked: Vec<ParkedConversation> = (0..count)
            .map(|number| ParkedConversation {
                agent: agent(),
                conversation_id: ConversationId::derive(&[&number.to_string()]),
                last: 1,
                since: Timestamp::from_millis(0),
            })
            .collect();
        parked.sort_by_key(|conversation| conversation.conversation_id.to_string());
        parked
    }

    fn ids(conversations: &[ParkedConversation]) -> Vec<ConversationId> {
        let ids = conversations.iter();
        ids.map(|conversation| conversation.conversation_id)
            .collect()
    }

    /// Goes around the list in pages of three, as a drain does.
    fn visited(list: &[ParkedConversation], place: Option<ConversationId>) -> Vec<ConversationId> {
        let mut round = Round::from(place);
        let mut visited = Vec::new();
        loop {
            let behind = round.behind();
            let rest = list.iter().copied();
            let rest = rest
                .filter(|conversation| behind.is_none_or(|id| conversation.conversation_id > id));
            match round.take(rest.take(3).collect()) {
                Some(page) => visited.extend(ids(&page)),
                None => return visited,
            }
        }
    }

    #[test]
    fn a_round_visits_every_conversation_once_and_the_one_it_begins_behind_last() {
        for count in 0..9 {
            let list = parked(count);
            let all = ids(&list);
            assert_eq!(visited(&list, None), all);
            for (number, place) in all.iter().enumerate() {
                let mut expected = all.clone();
                expected.rotate_left(number + 1);
                assert_eq!(
                    visited(&list, Some(*place)),
                    expected,
                    "{number} of {count}"
                );
            }
        }
    }

    #[test]
    fn a_round_begins_behind_a_conversation_that_is_parked_no_longer_as_behind_one_that_is() {
        let mut list = parked(8);
        for number in [7, 4, 0] {
            let mut expected = ids(&list);
            expected.rotate_left(number + 1);
            let gone = list.remove(number).conversation_id;
            expected.retain(|id| *id != gone);
            assert_eq!(visited(&list, Some(gone)), expected);
        }
    }

    #[test]
    fn rounds_that_end_early_and_go_on_from_their_place_give_each_conversation_its_turn() {
        let list = parked(10);
        let mut place = None;
        let mut seen = Vec::new();
        for _ in 0..5 {
            let turn: Vec<ConversationId> = visited(&list, place).into_iter().take(2).collect();
            place = turn.last().copied();
            seen.extend(turn);
        }
        assert_eq!(seen, ids(&list));
    }

    #[test]
    fn a_drain_goes_on_from_its_place_and_begins_anywhere_after_a_worker_that_did_not_report_back()
    {
        let place = Some(ConversationId::derive(&["place"]));
        let claimed = |id: &str, attempt| ClaimedAgent {
            job: agent(),
            lease: LeaseId::derive(&[id]),
            orders: 1,
            attempt,
            place,
        };
        assert_eq!(first_place(&claimed("one", 1)), place);
        let (second, third) = (
            first_place(&claimed("two", 2)),
            first_place(&claimed("three", 3)),
        );
        assert!(second.is_some() && third.is_some());
        assert!(second != place && third != place && second != third);
    }
}
