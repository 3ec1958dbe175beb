//! Steps: what somebody does next, drawn from what can be done.

use super::{
    model::{Choice, Environments, Fate},
    stage::{Stage, TWILIO, Way},
};
use crate::explain::Draws;
use std::time::Duration;
use vestibule_domain::{
    Timestamp,
    connector::Policy,
    ids::{ChatUserId, EnvironmentId},
};
use vestibule_testkit::simulator::WhatsAppShows;

const HOUR: Duration = Duration::from_hours(1);

/// A change of a person of the directory.
#[derive(Debug, Clone)]
pub enum Edit {
    /// These environments and no others.
    Environments(Environments),
    /// Another number.
    Phone(String),
    /// Another first name.
    Name,
}

/// A change of a connector.
#[derive(Debug, Clone, Copy)]
pub enum Setting {
    /// Another policy, with or without a word about people who were there before.
    Policy(Policy, Option<bool>),
    /// Whether it heeds the directory.
    Preapproves(bool),
}

/// An act of somebody. Connectors and people who write are named by their places, people of the directory and
/// requests by the model's keys.
#[derive(Debug, Clone)]
pub enum Step {
    /// Somebody writes.
    Write {
        /// Who.
        human: usize,
        /// How.
        way: Way,
        /// Where.
        connector: usize,
    },
    /// A person is added to the directory.
    Add(String, Environments),
    /// A person is changed.
    Edit(usize, Edit),
    /// A person is deleted.
    Delete(usize),
    /// Requests are approved, several in one call.
    Approve(Vec<usize>, Choice),
    /// Requests are rejected, several in one call.
    Reject(Vec<usize>),
    /// An approval is revoked.
    RevokeRequest(usize),
    /// An environment is taken from a chat user.
    Revoke(ChatUserId, EnvironmentId),
    /// A chat user is approved who may not have asked.
    LetIn(ChatUserId, EnvironmentId, Choice),
    /// A chat user is linked.
    Link(ChatUserId, usize),
    /// A link ends, with or without the access.
    Unlink(ChatUserId, bool),
    /// A chat user is blocked, or no longer.
    Block(ChatUserId, bool),
    /// A chat user is erased.
    Erase(ChatUserId),
    /// The block of somebody who was erased at this time is lifted.
    Lift(Timestamp),
    /// A connector is changed.
    Set(usize, Setting),
    /// The environment without a connector is added, or deleted.
    Environment,
    /// Time passes.
    Wait(Duration),
}

/// One of these, if there are any.
fn one_of<T: Clone>(draws: &mut Draws, all: &[T]) -> Option<T> {
    all.get(place_below(draws, all.len())).cloned()
}

/// A place in a list of this length; 0 in one without any.
fn place_below(draws: &mut Draws, length: usize) -> usize {
    let limit = u64::try_from(length.max(1)).unwrap();
    usize::try_from(draws.below(limit)).unwrap()
}

impl Stage {
    /// Draws the next step.
    pub fn draw(&self, draws: &mut Draws) -> Step {
        let special = match draws.below(100) {
            0..44 => None,
            44..58 => self.edit(draws),
            58..76 => self.decision(draws),
            76..94 => self.change(draws),
            94..97 => Some(Step::Wait(HOUR * 25)),
            97..99 => Some(Step::Wait(HOUR)),
            _ => Some(Step::Wait(HOUR * 100)),
        };
        special.unwrap_or_else(|| self.message(draws))
    }

    fn message(&self, draws: &mut Draws) -> Step {
        let way = match draws.below(10) {
            0..4 => Way::Slack,
            4..6 => Way::Sms,
            6 => Way::WhatsApp(WhatsAppShows::Phone),
            7 => Way::WhatsApp(WhatsAppShows::Bsuid),
            _ => Way::WhatsApp(WhatsAppShows::Both),
        };
        let connector = if way == Way::Slack {
            TWILIO + place_below(draws, self.connectors.len() - TWILIO)
        } else {
            place_below(draws, TWILIO)
        };
        Step::Write {
            human: place_below(draws, self.humans.len()),
            way,
            connector,
        }
    }

    fn person(&self, draws: &mut Draws) -> Option<usize> {
        let people: Vec<_> = self.model.people.keys().copied().collect();
        one_of(draws, &people)
    }

    fn writer(&self, draws: &mut Draws) -> Option<ChatUserId> {
        let writers: Vec<_> = self.model.writers.keys().copied().collect();
        one_of(draws, &writers)
    }

    fn environment(&self, draws: &mut Draws) -> EnvironmentId {
        let spare = self.spare.iter().copied();
        let all: Vec<_> = self.environments.iter().copied().chain(spare).collect();
        all[place_below(draws, all.len())]
    }

    fn environments(&self, draws: &mut Draws) -> Environments {
        let more = draws.coin();
        let first = self.environment(draws);
        let second = self.environment(draws);
        if more {
            [first, second].into()
        } else {
            [first].into()
        }
    }

    /// A number: that of somebody who writes, or of nobody.
    fn phone(&self, draws: &mut Draws) -> String {
        let place = place_below(draws, self.humans.len() + 2);
        let writer = self.humans.get(place);
        writer.map_or_else(
            || format!("+1415555020{place}"),
            |human| human.phone.clone(),
        )
    }

    fn choice(&self, draws: &mut Draws) -> Choice {
        let existing = self.person(draws).map(Choice::Existing);
        match draws.below(6) {
            0 => Choice::New,
            1 => Choice::Apart,
            2 | 3 => existing.unwrap_or(Choice::ByNumber),
            _ => Choice::ByNumber,
        }
    }

    /// A change of the directory.
    fn edit(&self, draws: &mut Draws) -> Option<Step> {
        if draws.below(14) < 4 {
            return Some(Step::Add(self.phone(draws), self.environments(draws)));
        }
        let person = self.person(draws)?;
        Some(match draws.below(10) {
            0..4 => Step::Edit(person, Edit::Environments(self.environments(draws))),
            4..6 => Step::Edit(person, Edit::Phone(self.phone(draws))),
            6 => Step::Edit(person, Edit::Name),
            _ => Step::Delete(person),
        })
    }

    /// A decision about who may come in.
    fn decision(&self, draws: &mut Draws) -> Option<Step> {
        let pending = self.model.in_state(Fate::Pending);
        let kind = draws.below(18);
        if kind < 14 {
            let mut requests = vec![one_of(draws, &pending)?];
            let is_bulk = kind % 7 >= 5;
            if is_bulk {
                requests.extend(pending.iter().take(2));
                requests.sort_unstable();
                requests.dedup();
            }
            if kind % 7 == 4 || kind == 6 {
                return Some(Step::Reject(requests));
            }
            // Several people are not one person.
            let choice = match self.choice(draws) {
                Choice::Existing(_) if is_bulk => Choice::New,
                choice => choice,
            };
            return Some(Step::Approve(requests, choice));
        }
        let writer = self.writer(draws)?;
        let (environment, choice) = (self.environment(draws), self.choice(draws));
        Some(Step::LetIn(writer, environment, choice))
    }

    /// Any other change.
    fn change(&self, draws: &mut Draws) -> Option<Step> {
        let writer = self.writer(draws)?;
        Some(match draws.below(22) {
            0..2 => Step::Revoke(writer, self.environment(draws)),
            2..4 => {
                let approved = self.model.in_state(Fate::Approved);
                Step::RevokeRequest(one_of(draws, &approved)?)
            }
            4..8 => Step::Link(writer, self.person(draws)?),
            8..11 => Step::Unlink(writer, draws.coin()),
            11..14 => {
                let blocked = self.model.writers[&writer].is_blocked;
                Step::Block(writer, !blocked)
            }
            14..17 => self.setting(draws),
            17 => Step::Environment,
            18..21 => Step::Erase(writer),
            _ => {
                let kept: Vec<_> = self.model.kept.values().copied().collect();
                Step::Lift(one_of(draws, &kept)?)
            }
        })
    }

    fn setting(&self, draws: &mut Draws) -> Step {
        let connector = place_below(draws, self.connectors.len());
        let setting = match draws.below(8) {
            0..2 => Setting::Policy(Policy::AllowAll, None),
            2 => Setting::Policy(Policy::AllowList, None),
            3..6 => {
                let keeps = [None, Some(true), Some(false)][place_below(draws, 3)];
                Setting::Policy(Policy::OnBoarding, keeps)
            }
            _ => Setting::Preapproves(draws.coin()),
        };
        Step::Set(connector, setting)
    }
}
