//! The outgoing events of the router: whoever asks for a change of a case, its transaction tells it once.

use super::{
    catalogue::EventType,
    outgoing::OutgoingEvent,
    told::{EventData, Told},
};
use crate::{
    Timestamp,
    account::actor::Actor,
    routing::{
        case::{Assigned, Case},
        routed::Verb,
    },
};

/// A change of a case.
#[derive(Debug, Clone, Copy)]
pub struct CaseChange<'a> {
    /// The case as it was read; `None` for an offer.
    pub before: Option<&'a Case>,
    /// The case as it is stored.
    pub after: &'a Case,
    /// The verb of its line in the thread. A case that begins to wait after its offer has none.
    pub verb: Option<Verb>,
    /// The author.
    pub by: &'a Actor,
    /// Time of the change.
    pub at: Timestamp,
}

impl CaseChange<'_> {
    /// The events of the change.
    #[must_use]
    pub fn events(&self) -> Vec<OutgoingEvent> {
        let occasions = [
            self.assigned(),
            self.queued(),
            self.released(),
            self.first_reply_missed(),
        ];
        occasions.into_iter().flatten().collect()
    }

    fn assigned(&self) -> Option<OutgoingEvent> {
        let assigned = self.after.assigned()?;
        let had_it = self.before.and_then(Case::member_id) == Some(assigned.member.id);
        if had_it {
            return None;
        }
        let data = self
            .step(assigned_to(assigned))
            .flag("over_limit", assigned.over_limit)
            .time("since", self.after.offered_at);
        Some(self.event(EventType::ConversationAssigned, data))
    }

    fn queued(&self) -> Option<OutgoingEvent> {
        let waited_there = self.before.is_some_and(|before| {
            before.is_waiting() && before.queue_id() == self.after.queue_id()
        });
        if !self.after.is_waiting() || waited_there {
            return None;
        }
        let data = self
            .step(EventData::new())
            .time("since", self.after.offered_at);
        Some(self.event(EventType::ConversationQueued, data))
    }

    fn released(&self) -> Option<OutgoingEvent> {
        let before = self.before.filter(|before| before.is_open())?;
        if self.after.is_open() {
            return None;
        }
        let member = before.assigned().map(assigned_to).unwrap_or_default();
        let data = self.step(member);
        Some(self.event(EventType::ConversationReleased, data))
    }

    fn first_reply_missed(&self) -> Option<OutgoingEvent> {
        let was_missed = |case: &Case| case.first_reply_missed_at.is_some();
        if !was_missed(self.after) || self.before.is_some_and(was_missed) {
            return None;
        }
        let member = self.after.assigned().map(assigned_to).unwrap_or_default();
        let data = self.place(member).time("since", self.after.offered_at);
        Some(self.event(EventType::ConversationFirstReplyMissed, data))
    }

    /// Adds the place of the conversation.
    fn place(&self, data: EventData) -> EventData {
        data.id("conversation_id", self.after.conversation_id)
            .id("client_id", self.after.demand.client_id)
            .code("channel", &self.after.channel)
    }

    /// Adds the place of the conversation, and the step that was taken.
    fn step(&self, data: EventData) -> EventData {
        self.place(data)
            .actor(self.by)
            .id_if("team_id", self.after.demand.team_id)
            .code("verb", word(self.verb.unwrap_or(Verb::Offer)))
    }

    fn event(&self, kind: EventType, data: EventData) -> OutgoingEvent {
        let (scope, id) = (self.after.scope, self.after.conversation_id);
        let told = Told {
            connector_id: self.after.connector_id,
            ..Told::in_project(scope)
        };
        let of = [id.to_string(), self.after.version.to_string()];
        let of = of.each_ref().map(String::as_str);
        OutgoingEvent::new(kind, scope.account(), self.at, &of, told.with(data))
    }
}

fn assigned_to(assigned: &Assigned) -> EventData {
    EventData::new().id("member_id", assigned.member.id)
}

/// The verb as events spell it.
const fn word(verb: Verb) -> &'static str {
    match verb {
        Verb::Offer => "offer",
        Verb::Assign => "assign",
        Verb::Claim => "claim",
        Verb::Release => "release",
        Verb::Transfer => "transfer",
        Verb::Requeue => "requeue",
        Verb::GiveBack => "give_back",
        Verb::MissFirstReply => "miss_first_reply",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::MemberId,
        routing::{case::CaseState, routed::NamedMember},
        samples::{at, waiting_case},
    };

    fn assigned(case: &Case, name: &str) -> Case {
        case.assigned_to(Assigned {
            member: NamedMember {
                id: MemberId::derive(&[name]),
                name: name.to_owned(),
            },
            at: at(20),
            basis: None,
            over_limit: false,
        })
    }

    fn told(before: Option<&Case>, after: &Case, verb: Option<Verb>) -> Vec<OutgoingEvent> {
        let change = CaseChange {
            before,
            after,
            verb,
            by: &Actor::system(),
            at: at(30),
        };
        change.events()
    }

    /// SPEC F04.
    #[test]
    fn a_change_of_a_case_is_told_once_with_every_field_and_no_name() {
        let waiting = waiting_case("d", 0);
        let offered = waiting.with_state(CaseState::Offered, at(1));
        let of_ana = assigned(&waiting, "ana");
        let of_ben = assigned(&of_ana, "ben");
        let limited = of_ana.clone().with_first_reply_within(Some(1));
        let missed = limited.with_missed_reply(at(99));
        for (before, after, verb, kind) in [
            (
                &offered,
                offered.waiting(at(2)),
                None,
                Some("conversation.queued"),
            ),
            (
                &waiting,
                of_ana.clone(),
                Some(Verb::Claim),
                Some("conversation.assigned"),
            ),
            (
                &of_ana,
                of_ben,
                Some(Verb::Transfer),
                Some("conversation.assigned"),
            ),
            (
                &of_ana,
                of_ana.requeued(None, None, at(3)),
                Some(Verb::Requeue),
                Some("conversation.queued"),
            ),
            (
                &of_ana,
                of_ana.released(at(3)),
                Some(Verb::Release),
                Some("conversation.released"),
            ),
            (
                &waiting,
                waiting.released(at(3)),
                Some(Verb::GiveBack),
                Some("conversation.released"),
            ),
            (
                &limited,
                missed.clone(),
                Some(Verb::MissFirstReply),
                Some("conversation.first_reply_missed"),
            ),
            (
                &missed,
                missed.with_state(missed.state.clone(), at(9)),
                None,
                None,
            ),
            (
                &waiting,
                waiting.with_state(CaseState::Waiting, at(9)),
                None,
                None,
            ),
        ] {
            let events = told(Some(before), &after, verb);
            let kinds: Vec<&str> = events.iter().map(|event| event.kind.key()).collect();
            assert_eq!(kinds, kind.into_iter().collect::<Vec<_>>(), "{verb:?}");
            for event in events {
                assert_eq!(event.missing(), Vec::<&str>::new(), "{kind:?}");
                for name in event.told.data.names() {
                    assert!(event.kind.field(name).is_some(), "{kind:?}: {name}");
                }
                let body = event.body(1).unwrap();
                assert!(!String::from_utf8(body).unwrap().contains("\"ana\""));
            }
        }
        assert!(told(None, &offered, Some(Verb::Offer)).is_empty());
    }

    #[test]
    fn each_version_of_a_case_has_events_of_its_own() {
        let waiting = waiting_case("d", 0);
        let of_ana = assigned(&waiting, "ana");
        let again = assigned(&of_ana.requeued(None, None, at(3)), "ana");
        let ids: Vec<_> = [&of_ana, &of_ana, &again]
            .map(|after| told(Some(&waiting), after, Some(Verb::Assign)))
            .into_iter()
            .flatten()
            .map(|event| event.id)
            .collect();
        assert_eq!(ids[0], ids[1]);
        assert_ne!(ids[0], ids[2]);
    }
}
