//! Seats as they follow from a member: its place at the desk of each allowed channel (SPEC E06–E13, E34).
//!
//! Every transaction that changes a member writes the seats that change with it, so that the router reads no member.
//! Load and idleness belong to the router and are left as they are.

use super::{
    reply_right::ReplyRight,
    seat::{Presence, Seat},
};
use crate::{
    AccountScope, Timestamp,
    account::permission::Permission,
    ids::MemberId,
    job::{DrainDesk, RequeueMember, RoutingJob},
    team::{
        availability::AvailabilityState,
        member::{Member, MemberStatus},
    },
};
use std::collections::{BTreeMap, BTreeSet};

impl Seat {
    /// The seat of a member on a channel, without load. It is closed where the member may not work.
    #[must_use]
    pub fn of(member: &Member, channel: &str) -> Self {
        let limit = member.work.channels.get(channel).copied();
        Self {
            member_id: member.id,
            name: member.name.clone(),
            limit: limit.filter(|_| member.status != MemberStatus::Removed),
            load: 0,
            clients: member.work.clients_at(&member.clients, channel),
            teams: member.work.teams.clone(),
            skills: member.work.skills.clone(),
            reply_right: reply_right(member),
            presence: presence(member, channel),
            absent_since: member.availability.absent_since,
            idle_since: member.availability.since,
            moves: 0,
            version: member.version,
        }
    }
}

fn reply_right(member: &Member) -> ReplyRight {
    if member.extra.contains(&Permission::ConversationsReply) {
        ReplyRight::Held
    } else {
        ReplyRight::of_role(&member.role)
    }
}

fn presence(member: &Member, channel: &str) -> Presence {
    if member.status != MemberStatus::Active {
        return Presence::Inactive;
    }
    let availability = &member.availability;
    match availability.state {
        AvailabilityState::Available if availability.paused.contains(channel) => Presence::Paused,
        AvailabilityState::Available => Presence::Available,
        AvailabilityState::Away => Presence::Away,
        AvailabilityState::Offline => Presence::Offline,
    }
}

/// Whether the member has seats: an invitee gets them by accepting.
fn is_seated(member: &Member) -> bool {
    member.status != MemberStatus::Pending
}

/// The change of a member.
#[derive(Debug, Clone, Copy)]
pub struct MemberChange<'a> {
    /// The member before the change; `None` for somebody new.
    pub before: Option<&'a Member>,
    /// The member after the change.
    pub after: &'a Member,
}

impl<'a> MemberChange<'a> {
    /// The change from `before` to `after`.
    #[must_use]
    pub const fn new(before: &'a Member, after: &'a Member) -> Self {
        Self {
            before: Some(before),
            after,
        }
    }

    /// The member before, if it had seats.
    fn seated(&self) -> Option<&'a Member> {
        self.before.filter(|before| is_seated(before))
    }

    /// The seats that change, by channel.
    #[must_use]
    pub fn seats(&self) -> BTreeMap<String, Seat> {
        let before = self.seated();
        if before.is_none() && self.after.status != MemberStatus::Active {
            return BTreeMap::new();
        }
        let channels = before.into_iter().chain([self.after]);
        let channels: BTreeSet<&String> = channels
            .flat_map(|member| member.work.channels.keys())
            .collect();
        channels
            .into_iter()
            .map(|channel| (channel, Seat::of(self.after, channel)))
            .filter(|(channel, after)| {
                before.is_none_or(|before| !is_same(&Seat::of(before, channel), after))
            })
            .map(|(channel, seat)| (channel.clone(), seat))
            .collect()
    }

    /// Whether conversations of the member may have to wait again: the member may not work any more, lost a channel, or a
    /// client on one, or may have lost the right to reply.
    #[must_use]
    pub fn needs_requeue(&self) -> bool {
        let Some(before) = self.seated() else {
            return false;
        };
        let may_work = |member: &Member| member.status == MemberStatus::Active;
        if may_work(before) && !may_work(self.after) {
            return true;
        }
        let (had, has) = (reply_right(before), reply_right(self.after));
        if had != has && had != ReplyRight::Lacking && has != ReplyRight::Held {
            return true;
        }
        before.work.channels.keys().any(|channel| {
            let clients = |member: &Member| member.work.clients_at(&member.clients, channel);
            let is_open = self.after.work.channels.contains_key(channel);
            !is_open || !clients(self.after).covers(&clients(before))
        })
    }

    /// The time since which the member is absent, if the change begins an absence.
    #[must_use]
    pub fn begins_absence(&self) -> Option<Timestamp> {
        let before = self.seated()?;
        let since = self.after.availability.absent_since?;
        let begins = before.availability.absent_since.is_none();
        (begins && self.after.status == MemberStatus::Active).then_some(since)
    }

    /// The channels on which the member may take a conversation that it could not take before.
    #[must_use]
    pub fn channels_with_room(&self) -> Vec<String> {
        let takes = |seat: &Seat| {
            seat.presence == Presence::Available
                && seat.reply_right != ReplyRight::Lacking
                && seat.limit.is_some_and(|limit| limit > 0)
        };
        let seats = self.seats().into_iter();
        let with_room = seats.filter(|(_, seat)| takes(seat));
        with_room.map(|(channel, _)| channel).collect()
    }

    /// The work that the change orders from the router. The first has a mark in the outbox; the drains are made up for by
    /// the marks of the queues.
    #[must_use]
    pub fn jobs(&self) -> Vec<RoutingJob> {
        let scope = self.after.scope;
        let member_id: MemberId = self.after.id;
        let requeue = RequeueMember { scope, member_id };
        let requeue = self.needs_requeue().then_some(requeue);
        let drains = self.channels_with_room().into_iter();
        let drains = drains.map(|channel| RoutingJob::from(DrainDesk { scope, channel }));
        requeue
            .into_iter()
            .map(RoutingJob::from)
            .chain(drains)
            .collect()
    }
}

/// The drains of the desks where any of these members may take a conversation, each desk once.
#[must_use]
pub fn drains_of(scope: AccountScope, members: &[Member]) -> Vec<DrainDesk> {
    let channels: BTreeSet<String> = members
        .iter()
        .map(|after| MemberChange {
            before: None,
            after,
        })
        .flat_map(|change| change.channels_with_room())
        .collect();
    let channels = channels.into_iter();
    channels
        .map(|channel| DrainDesk { scope, channel })
        .collect()
}

/// Whether two seats differ in nothing that follows from the member.
fn is_same(one: &Seat, other: &Seat) -> bool {
    one.name == other.name
        && one.limit == other.limit
        && one.clients == other.clients
        && one.teams == other.teams
        && one.skills == other.skills
        && one.reply_right == other.reply_right
        && one.presence == other.presence
        && one.absent_since == other.absent_since
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{ClientId, RoleId, TeamId},
        samples::{at, member},
        team::{
            availability::Availability, client_access::ClientAccess, role::RoleKey, work::Work,
        },
    };

    fn client(name: &str) -> ClientId {
        ClientId::derive(&[name])
    }

    /// Ana serves two clients by SMS, three conversations at a time, and in chat, where nothing is assigned to her.
    fn ana() -> Member {
        Member {
            clients: ClientAccess::Only([client("one"), client("other")].into()),
            work: Work {
                channels: [("sms".to_owned(), 3), ("live_chat".to_owned(), 0)].into(),
                ..Work::default()
            },
            ..member("ana")
        }
    }

    fn channels(seats: &BTreeMap<String, Seat>) -> Vec<&str> {
        seats.keys().map(String::as_str).collect()
    }

    /// SPEC E10, E31, E34.
    #[test]
    fn a_seat_has_the_limit_the_clients_and_the_presence_of_its_member_on_the_channel() {
        let seat = Seat::of(&ana(), "sms");
        assert_eq!((seat.limit, seat.load), (Some(3), 0));
        assert_eq!(seat.clients, ana().clients);
        assert_eq!(seat.presence, Presence::Available);
        assert_eq!(Seat::of(&ana(), "live_chat").limit, Some(0));
        assert_eq!(Seat::of(&ana(), "slack").limit, None);
        let paused = ["sms".to_owned()];
        for (state, sms, chat) in [
            (
                AvailabilityState::Available,
                Presence::Paused,
                Presence::Available,
            ),
            (AvailabilityState::Away, Presence::Away, Presence::Away),
            (
                AvailabilityState::Offline,
                Presence::Offline,
                Presence::Offline,
            ),
        ] {
            let ana = Member {
                availability: Availability {
                    state,
                    paused: paused.clone().into(),
                    since: at(5),
                    absent_since: None,
                },
                ..ana()
            };
            assert_eq!(Seat::of(&ana, "sms").presence, sms);
            assert_eq!(Seat::of(&ana, "live_chat").presence, chat);
        }
    }

    /// SPEC E19, E35.
    #[test]
    fn whoever_may_not_work_is_inactive_and_a_removed_members_seat_is_closed() {
        for (status, limit) in [
            (MemberStatus::Pending, Some(3)),
            (MemberStatus::Suspended, Some(3)),
            (MemberStatus::Removed, None),
        ] {
            let seat = Seat::of(&Member { status, ..ana() }, "sms");
            assert_eq!((seat.presence, seat.limit), (Presence::Inactive, limit));
        }
    }

    /// SPEC E16–E19.
    #[test]
    fn an_invitee_gets_seats_by_accepting() {
        let pending = Member {
            status: MemberStatus::Pending,
            ..ana()
        };
        let renamed = Member {
            name: "Anna".to_owned(),
            ..pending.clone()
        };
        let revoked = Member {
            status: MemberStatus::Removed,
            ..pending.clone()
        };
        for after in [&renamed, &revoked] {
            assert_eq!(MemberChange::new(&pending, after).seats(), BTreeMap::new());
            assert!(!MemberChange::new(&pending, after).needs_requeue());
        }
        let active = ana();
        let accepted = MemberChange::new(&pending, &active);
        assert_eq!(channels(&accepted.seats()), ["live_chat", "sms"]);
        assert_eq!(accepted.channels_with_room(), ["sms"]);
        let new = MemberChange {
            before: None,
            after: &active,
        };
        assert_eq!(new.seats().len(), 2);
    }

    /// SPEC E22–E26.
    #[test]
    fn only_seats_that_change_are_written_and_only_those_that_can_take_more_are_drained() {
        let before = ana();
        let with = |change: fn(&mut Member)| {
            let mut after = ana();
            change(&mut after);
            let change = MemberChange::new(&before, &after);
            let seats = change.seats().into_keys().collect::<Vec<_>>();
            (seats, change.channels_with_room())
        };
        let [chat, sms, slack] = ["live_chat", "sms", "slack"].map(str::to_owned);
        let both = vec![chat.clone(), sms.clone()];
        assert_eq!(with(|_| {}), (vec![], vec![]));
        assert_eq!(
            with(|ana| {
                ana.work.channels.insert("sms".to_owned(), 5);
            }),
            (vec![sms.clone()], vec![sms.clone()])
        );
        assert_eq!(
            with(|ana| {
                ana.work.channels.insert("slack".to_owned(), 1);
            }),
            (vec![slack.clone()], vec![slack])
        );
        assert_eq!(
            with(|ana| {
                ana.work.teams.insert(TeamId::derive(&["t"]));
            }),
            (both.clone(), vec![sms.clone()])
        );
        assert_eq!(
            with(|ana| {
                ana.work.channels.remove("sms");
            }),
            (vec![sms], vec![])
        );
        assert_eq!(
            with(|ana| ana.availability.state = AvailabilityState::Away),
            (both, vec![])
        );
    }

    /// SPEC E34.
    #[test]
    fn an_absence_begins_once_and_only_of_those_who_work() {
        let here = ana();
        let with = |before: &Member, state, second| Member {
            availability: before
                .availability
                .changed(state, BTreeSet::new(), at(second)),
            ..before.clone()
        };
        let away = with(&here, AvailabilityState::Away, 5);
        let offline = with(&away, AvailabilityState::Offline, 6);
        let back = with(&offline, AvailabilityState::Available, 7);
        assert_eq!(
            MemberChange::new(&here, &away).begins_absence(),
            Some(at(5))
        );
        for (before, after) in [(&away, &offline), (&offline, &back), (&here, &here)] {
            assert_eq!(MemberChange::new(before, after).begins_absence(), None);
        }
        assert_eq!(Seat::of(&offline, "sms").absent_since, Some(at(5)));
        let suspended = Member {
            status: MemberStatus::Suspended,
            ..away
        };
        assert_eq!(MemberChange::new(&here, &suspended).begins_absence(), None);
    }

    /// SPEC E27, E31: members with a role of the account's own are judged by that role.
    #[test]
    fn a_change_of_the_right_to_reply_is_in_every_seat_and_requeues_if_it_may_be_lost() {
        let own = RoleKey::Custom(RoleId::derive(&["r"]));
        let with = |role: &RoleKey, extra: &[Permission]| Member {
            role: role.clone(),
            extra: extra.iter().copied().collect(),
            ..ana()
        };
        let reply = [Permission::ConversationsReply];
        let of_role = ReplyRight::OfRole(RoleId::derive(&["r"]));
        for (before, after, right, is_requeued) in [
            (ana(), with(&own, &[]), of_role, true),
            (ana(), with(&RoleKey::None, &[]), ReplyRight::Lacking, true),
            (with(&own, &[]), ana(), ReplyRight::Held, false),
            (with(&RoleKey::None, &[]), with(&own, &[]), of_role, false),
        ] {
            let change = MemberChange::new(&before, &after);
            let seats = change.seats();
            assert_eq!(channels(&seats), ["live_chat", "sms"]);
            assert!(seats.values().all(|seat| seat.reply_right == right));
            assert_eq!(change.needs_requeue(), is_requeued, "{right:?}");
            let takes = right != ReplyRight::Lacking;
            assert_eq!(change.channels_with_room().is_empty(), !takes);
        }
        let further = with(&RoleKey::None, &reply);
        assert_eq!(MemberChange::new(&ana(), &further).seats().len(), 0);
    }

    #[test]
    fn each_desk_where_one_of_the_members_takes_conversations_is_drained_once() {
        let suspended = Member {
            status: MemberStatus::Suspended,
            work: Work {
                channels: [("slack".to_owned(), 3)].into(),
                ..Work::default()
            },
            ..ana()
        };
        let scope = ana().scope;
        let desk = DrainDesk {
            scope,
            channel: "sms".to_owned(),
        };
        assert_eq!(drains_of(scope, &[ana(), ana(), suspended]), [desk]);
        assert_eq!(drains_of(scope, &[]), []);
    }

    /// SPEC E34: nobody keeps a conversation that they may no longer have, and whoever is away keeps theirs.
    #[test]
    fn conversations_wait_again_once_their_member_may_no_longer_have_them() {
        let before = ana();
        let needs = |change: fn(&mut Member)| {
            let mut after = ana();
            change(&mut after);
            MemberChange::new(&before, &after).needs_requeue()
        };
        assert!(needs(|ana| ana.status = MemberStatus::Removed));
        assert!(needs(|ana| ana.status = MemberStatus::Suspended));
        assert!(needs(|ana| {
            ana.work.channels.remove("sms");
        }));
        assert!(needs(
            |ana| ana.clients = ClientAccess::Only([client("one")].into())
        ));
        assert!(needs(|ana| {
            let none = BTreeSet::new();
            ana.work.client_channels.insert(client("one"), none);
        }));
        assert!(!needs(
            |ana| ana.availability.state = AvailabilityState::Away
        ));
        assert!(!needs(|ana| {
            ana.work.channels.insert("sms".to_owned(), 0);
        }));
        assert!(!needs(|ana| ana.clients = ClientAccess::All));
        let suspended = Member {
            status: MemberStatus::Suspended,
            ..ana()
        };
        assert!(!MemberChange::new(&suspended, &before).needs_requeue());
        let jobs = MemberChange::new(&before, &suspended).jobs();
        let scope = before.scope;
        let requeue = RequeueMember {
            scope,
            member_id: before.id,
        };
        assert_eq!(jobs, [RoutingJob::from(requeue)]);
        let drain = DrainDesk {
            scope,
            channel: "sms".to_owned(),
        };
        let jobs = MemberChange::new(&suspended, &before).jobs();
        assert_eq!(jobs, [RoutingJob::from(drain)]);
    }
}
