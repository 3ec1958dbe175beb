//! The changes of a case that a call can ask for, and an attempt at each.

use super::{Asked, Attempted, NOT_OFFERED, facts, state_facts, taken, targets::seat_of};
use crate::routes::{
    conversations::find_conversation,
    handoff::{hand_off, handed_off_by_offer},
    messages::create::{CONNECTOR_DELETED, PLACE_UNKNOWN},
};
use std::collections::BTreeSet;
use vestibule_admin::{jobs::route_or_leave, log, problem::ApiError};
use vestibule_domain::{
    chat::handoff::HandoffRequest,
    event::Event,
    ids::{MemberId, TeamId},
    job::{DrainDesk, OfferConversation},
    ports::{Assignment, Changed, ConversationView, HandingOff},
    routing::{
        case::{Case, NewCase},
        demand::{Demand, SKILLS_MAX, Skill},
        routed::{NamedMember, Verb},
    },
};
use vestibule_edge::first_reply::count_missed;
use vestibule_providers::catalogue::channel_of;

/// A change of who has a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asking {
    /// Offer it to the team.
    Offer {
        /// The team, instead of the connector's.
        team_id: Option<TeamId>,
        /// Skills, beside those of the connector.
        skills: BTreeSet<Skill>,
    },
    /// Let a member have it.
    Give {
        /// [`Verb::Claim`], [`Verb::Assign`] or [`Verb::Transfer`].
        verb: Verb,
        /// The member.
        member_id: MemberId,
        /// Whether the member may be at the limit.
        may_exceed: bool,
    },
    /// Queue it for the members of a team.
    ToTeam {
        /// [`Verb::Assign`] or [`Verb::Transfer`].
        verb: Verb,
        /// The team.
        team_id: TeamId,
    },
    /// Put it back into its queue.
    Requeue,
    /// End it.
    Release,
}

impl Asking {
    /// The last part of the address of the call.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::Offer { .. } => "offer",
            Self::Give {
                verb: Verb::Claim, ..
            } => "claim",
            Self::Give {
                verb: Verb::Transfer,
                ..
            }
            | Self::ToTeam {
                verb: Verb::Transfer,
                ..
            } => "transfer",
            Self::Give { .. } | Self::ToTeam { .. } => "assign",
            Self::Requeue => "requeue",
            Self::Release => "release",
        }
    }
}

/// The case of a conversation that is with the team.
fn open(case: Option<&Case>) -> Result<&Case, ApiError> {
    case.filter(|case| case.is_open())
        .ok_or_else(|| ApiError::new(&NOT_OFFERED))
}

/// Checks that no member has the case, unless it is passed on.
fn check_free(case: &Case, verb: Verb) -> Result<(), ApiError> {
    match case.assigned() {
        Some(assigned) if verb != Verb::Transfer => Err(taken(assigned)),
        _ => Ok(()),
    }
}

impl Asked<'_> {
    /// Makes one attempt at the change, from the case as it was read.
    pub(super) async fn attempt(&self, case: Option<&Case>) -> Result<Attempted, ApiError> {
        match &self.asking {
            Asking::Offer { team_id, skills } => Box::pin(self.offer(case, *team_id, skills)).await,
            Asking::Give {
                verb,
                member_id,
                may_exceed,
            } => {
                let to = (*verb, *member_id);
                self.give(open(case)?, to, *may_exceed).await
            }
            Asking::ToTeam { verb, team_id } => self.to_team(open(case)?, *verb, *team_id).await,
            Asking::Requeue => self.requeue(open(case)?).await,
            Asking::Release => self.release(case).await,
        }
    }

    async fn offer(
        &self,
        case: Option<&Case>,
        team_id: Option<TeamId>,
        skills: &BTreeSet<Skill>,
    ) -> Result<Attempted, ApiError> {
        let (deps, call) = (self.deps, self.call);
        let view = find_conversation(deps, call, self.scope, self.id).await?;
        if case.is_some_and(Case::is_open) {
            if view.conversation.handoff.is_none() {
                let bare = HandoffRequest::default();
                Box::pin(hand_off(deps, call, self.scope, view, &bare)).await?;
            }
            return Ok(Attempted::AsIs);
        }
        let new = self.new_case(&view, team_id, skills).await?;
        let next = Case::offered(new, case, call.now());
        let event = Event::ConversationOffered(self.id);
        let entry = self.entry(event, case, facts(&next));
        let handoff = handed_off_by_offer(call, &view, &next, entry.at);
        let handing = HandingOff {
            read: &view,
            handoff: handoff.as_ref().map(|(handoff, audit)| (handoff, audit)),
        };
        let by = self.by(&entry);
        let changed = deps.routing.offer_handing_off(&next, handing, by).await?;
        if let (Changed::Done(_), Some((_, audit))) = (&changed, &handoff) {
            log(audit);
        }
        self.made(changed, &entry).await
    }

    /// Makes the parts of an offer.
    async fn new_case(
        &self,
        view: &ConversationView,
        team_id: Option<TeamId>,
        skills: &BTreeSet<Skill>,
    ) -> Result<NewCase, ApiError> {
        let conversations = self.deps.conversations.as_ref();
        let history = conversations.find_history(self.scope, self.id).await?;
        let history = history
            .ok_or_else(|| ApiError::not_found("conversation"))?
            .days;
        let connectors = self.deps.connectors.as_ref();
        let connector = connectors
            .find_connector(view.connector_id)
            .await?
            .filter(|connector| connector.scope == self.scope)
            .ok_or_else(|| ApiError::new(&CONNECTOR_DELETED))?;
        let place = view.conversation.place.as_ref();
        let channel = place.and_then(|place| channel_of(&connector.provider, place));
        let channel = channel.ok_or_else(|| ApiError::new(&PLACE_UNKNOWN))?;
        Ok(NewCase {
            scope: self.scope,
            conversation_id: self.id,
            connector_id: Some(connector.id),
            channel,
            demand: Demand {
                client_id: connector.client_id,
                team_id: team_id.or(connector.team_id),
                skills: connector
                    .skills
                    .union(skills)
                    .take(SKILLS_MAX)
                    .cloned()
                    .collect(),
            },
            history,
        })
    }

    async fn give(
        &self,
        case: &Case,
        (verb, member_id): (Verb, MemberId),
        may_exceed: bool,
    ) -> Result<Attempted, ApiError> {
        if case.member_id() == Some(member_id) {
            return Ok(Attempted::AsIs);
        }
        check_free(case, verb)?;
        let seat = seat_of(self.deps, case, member_id, may_exceed).await?;
        let event = match verb {
            Verb::Claim => Event::ConversationClaimed(self.id),
            Verb::Transfer => Event::ConversationTransferred(self.id),
            _ => Event::ConversationAssigned(self.id),
        };
        let member = NamedMember {
            id: member_id,
            name: seat.name,
        };
        let entry = self.entry(event, Some(case), state_facts(case, Some(&member)));
        let assignment = Assignment {
            verb,
            member,
            seat_version: seat.version,
            facts: None,
            may_exceed,
            queue: None,
        };
        let by = self.by(&entry);
        let changed = self.deps.routing.assign(case, &assignment, by).await?;
        self.made(changed, &entry).await
    }

    async fn to_team(
        &self,
        case: &Case,
        verb: Verb,
        team_id: TeamId,
    ) -> Result<Attempted, ApiError> {
        let demand = Demand {
            team_id: Some(team_id),
            ..case.demand.clone()
        };
        if case.is_waiting() && case.demand == demand {
            return Ok(Attempted::AsIs);
        }
        check_free(case, verb)?;
        let next = Case {
            demand: demand.clone(),
            ..case.clone()
        };
        let event = Event::ConversationTransferred(self.id);
        let entry = self.entry(event, Some(case), state_facts(&next, None));
        let by = self.by(&entry);
        let changed = self.deps.routing.transfer(case, &demand, by).await?;
        self.made(changed, &entry).await
    }

    async fn requeue(&self, case: &Case) -> Result<Attempted, ApiError> {
        if case.assigned().is_none() {
            return Ok(Attempted::AsIs);
        }
        let event = Event::ConversationRequeued(self.id);
        let entry = self.entry(event, Some(case), state_facts(case, None));
        let declined = self.call.caller.member_id;
        let by = self.by(&entry);
        let changed = self.deps.routing.requeue(case, declined, by).await?;
        self.made(changed, &entry).await
    }

    async fn release(&self, case: Option<&Case>) -> Result<Attempted, ApiError> {
        let Some(case) = case.filter(|case| case.is_open()) else {
            return Ok(Attempted::AsIs);
        };
        let event = Event::ConversationReleased(self.id);
        let entry = self.entry(event, Some(case), state_facts(case, None));
        let changed = self.deps.routing.release(case, self.by(&entry)).await?;
        if let Changed::Done(released) = &changed {
            count_missed(case, released, entry.at);
        }
        self.made(changed, &entry).await
    }

    /// Enqueues the work that follows from a change. The sweeper finds what the queue does not take.
    pub(super) async fn follow(&self, case: &Case) {
        let queue = self.deps.router.as_ref();
        match &self.asking {
            Asking::Offer { .. } => {
                let job = OfferConversation {
                    scope: self.scope,
                    conversation_id: self.id,
                };
                route_or_leave(queue, job).await;
            }
            Asking::Give {
                verb: Verb::Claim | Verb::Assign,
                ..
            } => {}
            // The member who had it has room.
            Asking::Give { .. } | Asking::ToTeam { .. } | Asking::Requeue | Asking::Release => {
                let job = DrainDesk {
                    scope: self.scope.account(),
                    channel: case.channel.clone(),
                };
                route_or_leave(queue, job).await;
            }
        }
    }
}
