//! Notices of new access requests: mails to the members who may decide them and want to know (SPEC B35, B39).
//!
//! Whoever learns of a new request orders notices of its project. The order is one row for each project; a job
//! works on it in rounds, at most one in five minutes. A round is about the requests between the end of the one
//! before and a time that is fixed when it begins, so that a round that is repeated makes the same mails. It ends
//! a little before the present, because lists lag behind: a request that no list shows yet is the next round's.

use super::{
    login::Login,
    mail::{MAIL_TEXT_MAX_CHARS, Mail, MailKind, MailOwner, NoticedRequest, mail_text},
    member::{ClientAccess, Member, MemberStatus},
    role::Roles,
};
use crate::{
    Timestamp,
    access::request::AccessRequest,
    account::permission::Permission,
    ids::{ClientId, ProjectId},
    scope::ProjectScope,
    text::clean_line,
};
use std::time::Duration;

/// Shortest time between two notices of a project.
pub const NOTICE_INTERVAL: Duration = Duration::from_mins(5);
/// Time from the first order to its round, within which further requests join it and names arrive.
pub const NOTICE_DELAY: Duration = Duration::from_mins(1);
/// Time after which every list shows a request, and its order was made.
pub const NOTICE_LAG: Duration = Duration::from_secs(30);
/// Age up to which a request is news.
pub const NOTICE_LOOK_BACK: Duration = Duration::from_hours(24);
/// Requests that a mail lists; of the others it tells the number.
pub const NOTICE_LISTED_MAX: usize = 10;
/// Longest preview in a mail, in characters.
pub const NOTICE_PREVIEW_MAX_CHARS: usize = 200;

/// A place in the list of an account's members. Only the store can read its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPlace(pub String);

/// The order to tell members of a project's new requests, with its progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeOrder {
    /// Time of the latest order.
    pub ordered_at: Timestamp,
    /// End of the last round: requests up to it are no news.
    pub seen_until: Timestamp,
    /// Time of the last notice.
    pub told_at: Option<Timestamp>,
    /// The round under way, if any.
    pub round: Option<Round>,
}

/// A round through the members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The time up to which requests belong to it.
    pub until: Timestamp,
    /// The place from which it goes on, once members were told.
    pub reached: Option<MemberPlace>,
}

/// The next step of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// Nothing before this time.
    Wait(Timestamp),
    /// This round.
    Round(Round),
}

/// The step after a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRound {
    /// None, until notices are ordered again.
    Rest,
    /// Another round, not before this time.
    Again(Timestamp),
}

impl NoticeOrder {
    /// The step that is due: the round under way, or a new one if the last notice is long enough ago.
    #[must_use]
    pub fn next_step(&self, now: Timestamp) -> NextStep {
        if let Some(round) = &self.round {
            return NextStep::Round(round.clone());
        }
        let earliest = self.told_at.map(|at| at.plus(NOTICE_INTERVAL));
        match earliest.filter(|earliest| now < *earliest) {
            Some(earliest) => NextStep::Wait(earliest),
            None => NextStep::Round(Round {
                until: now.minus(NOTICE_LAG),
                reached: None,
            }),
        }
    }

    /// The time after which a request is news in a round.
    #[must_use]
    pub fn news_since(&self, round: &Round) -> Timestamp {
        self.seen_until.max(round.until.minus(NOTICE_LOOK_BACK))
    }

    /// The order after a round that ended now, in which members may have been told or not.
    #[must_use]
    pub fn after(&self, round: &Round, was_told: bool, now: Timestamp) -> Self {
        Self {
            ordered_at: self.ordered_at,
            seen_until: self.seen_until.max(round.until),
            told_at: if was_told { Some(now) } else { self.told_at },
            round: None,
        }
    }

    /// The step after the last round. Whoever orders notices has seen the request, so an order before the
    /// round's end is about requests of that round or of earlier ones.
    #[must_use]
    pub fn after_round(&self) -> AfterRound {
        if self.ordered_at <= self.seen_until {
            return AfterRound::Rest;
        }
        AfterRound::Again(self.next_round(self.ordered_at))
    }

    /// The earliest time of a round that shows the requests of an order of this time.
    #[must_use]
    pub fn next_round(&self, ordered_at: Timestamp) -> Timestamp {
        let visible = ordered_at.plus(NOTICE_LAG);
        let earliest = self.told_at.map(|at| at.plus(NOTICE_INTERVAL));
        earliest.map_or(visible, |earliest| earliest.max(visible))
    }
}

/// New requests of one connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorRequests {
    /// The connector's client.
    pub client_id: ClientId,
    /// Number of its requests.
    pub count: u32,
    /// The oldest of them, at most [`NOTICE_LISTED_MAX`].
    pub first: Vec<NoticedRequest>,
}

/// The requests of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRequests {
    /// The requests of each connector that has any.
    pub of_connectors: Vec<ConnectorRequests>,
}

impl NewRequests {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of_connectors.iter().all(|of_one| of_one.count == 0)
    }

    /// The oldest requests of these clients, and the number of all of theirs; `None` if there are none (SPEC B39).
    #[must_use]
    pub fn of_clients(&self, clients: &ClientAccess) -> Option<(Vec<NoticedRequest>, u32)> {
        let all = self.of_connectors.iter();
        let seen: Vec<&ConnectorRequests> = all
            .filter(|of_one| clients.contains(of_one.client_id))
            .collect();
        let count = seen
            .iter()
            .fold(0_u32, |sum, of_one| sum.saturating_add(of_one.count));
        let mut first: Vec<NoticedRequest> = seen
            .iter()
            .flat_map(|of_one| of_one.first.iter().cloned())
            .collect();
        first.sort_by_key(|request| request.at);
        first.truncate(NOTICE_LISTED_MAX);
        (count > 0).then_some((first, count))
    }
}

impl NoticedRequest {
    /// Cuts the texts of a request for a mail.
    #[must_use]
    pub fn of(request: &AccessRequest, name: &str, preview: Option<&str>) -> Self {
        let or_identifier = clean_line(name, MAIL_TEXT_MAX_CHARS);
        Self {
            name: or_identifier.unwrap_or_else(|| mail_text(&request.identifier)),
            connector_name: mail_text(&request.connector_name),
            preview: preview.and_then(|text| clean_line(text, NOTICE_PREVIEW_MAX_CHARS)),
            at: request.created_at,
        }
    }
}

/// Names that a notice tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeNames {
    /// Name of the account.
    pub account: String,
    /// Name of the project.
    pub project: String,
}

/// A member who gets notices, and the login whose address they go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The member.
    pub member: Member,
    /// The login.
    pub login: Login,
}

impl Recipient {
    /// Whether a member may get notices: one who is active and may decide requests.
    #[must_use]
    pub fn may_be(member: &Member, roles: &Roles) -> bool {
        member.status == MemberStatus::Active
            && roles
                .effective(&member.role, &member.extra)
                .contains(Permission::AccessRequestsDecide)
    }

    /// Whether the person wants notices of this project. An address that nobody proved gets none, since they tell
    /// of people (SPEC D24).
    #[must_use]
    pub fn wants(&self, project_id: ProjectId) -> bool {
        let wishes = &self.login.preferences;
        self.member.login_id == Some(self.login.id)
            && self.login.verified_at.is_some()
            && wishes.notices
            && !wishes.muted_projects.contains(&project_id)
    }

    /// Makes the member's notice in a round that ends at `until`; `None` if none of the requests are of the member's
    /// clients.
    #[must_use]
    pub fn notice(
        &self,
        (scope, names): (ProjectScope, &NoticeNames),
        requests: &NewRequests,
        until: Timestamp,
        now: Timestamp,
    ) -> Option<Mail> {
        let (requests, count) = requests.of_clients(&self.member.clients)?;
        let kind = MailKind::NewRequests {
            account_name: mail_text(&names.account),
            project_id: scope.project_id(),
            project_name: mail_text(&names.project),
            requests,
            count,
        };
        Some(Mail::queued(
            Mail::id_of_notice(scope.project_id(), until, self.member.id),
            MailOwner::Account(scope.account()),
            self.login.email.clone(),
            Some(&self.member.name),
            kind,
            None,
            now,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::LoginId,
        samples::{at, login, member, request, scope},
        team::{mail::MailStatus, role::RoleKey},
    };
    use proptest::prelude::*;

    const MINUTE: i64 = 60;

    fn order(ordered_at: i64, seen_until: i64, told_at: Option<i64>) -> NoticeOrder {
        NoticeOrder {
            ordered_at: at(ordered_at),
            seen_until: at(seen_until),
            told_at: told_at.map(at),
            round: None,
        }
    }

    fn round(until: i64) -> Round {
        Round {
            until: at(until),
            reached: None,
        }
    }

    /// SPEC B35.
    #[test]
    fn a_round_begins_at_once_or_five_minutes_after_the_last_notice() {
        let first = order(100, 0, None);
        assert_eq!(first.next_step(at(160)), NextStep::Round(round(130)));
        let told = order(500, 400, Some(430));
        for (now, step) in [
            (431, NextStep::Wait(at(430 + 5 * MINUTE))),
            (430 + 5 * MINUTE - 1, NextStep::Wait(at(430 + 5 * MINUTE))),
            (430 + 5 * MINUTE, NextStep::Round(round(700))),
        ] {
            assert_eq!(told.next_step(at(now)), step, "{now}");
        }
    }

    #[test]
    fn a_round_under_way_goes_on_as_it_began() {
        let begun = Round {
            reached: Some(MemberPlace("ana#1".into())),
            ..round(130)
        };
        let order = NoticeOrder {
            round: Some(begun.clone()),
            ..order(100, 0, Some(150))
        };
        assert_eq!(order.next_step(at(151)), NextStep::Round(begun));
    }

    #[test]
    fn news_are_since_the_last_round_and_no_older_than_a_day() {
        let day = 24 * 60 * MINUTE;
        assert_eq!(order(100, 90, None).news_since(&round(130)), at(90));
        let long_ago = order(100, 90, None).news_since(&round(day + 130));
        assert_eq!(long_ago, at(130));
    }

    #[test]
    fn an_order_rests_once_a_round_showed_all_that_was_ordered() {
        let told = order(100, 0, None).after(&round(130), true, at(160));
        assert_eq!(told, order(100, 130, Some(160)));
        assert_eq!(told.after_round(), AfterRound::Rest);
        let quiet = order(100, 0, None).after(&round(130), false, at(160));
        assert_eq!(
            (quiet.told_at, quiet.after_round()),
            (None, AfterRound::Rest)
        );
        let late = order(140, 0, None).after(&round(130), false, at(160));
        assert_eq!(late.after_round(), AfterRound::Again(at(170)));
        let after_notice = order(140, 0, None).after(&round(130), true, at(160));
        let next = at(160 + 5 * MINUTE);
        assert_eq!(after_notice.after_round(), AfterRound::Again(next));
    }

    proptest! {
        /// Whatever the times of orders and jobs: no two notices within five minutes, and no request is left
        /// out of the rounds.
        #[test]
        fn each_request_is_in_one_round_and_rounds_with_notices_are_five_minutes_apart(
            gaps in proptest::collection::vec(0_i64..400, 1..40),
        ) {
            let mut requests: Vec<i64> = Vec::new();
            let mut time = 100_000;
            for gap in gaps {
                time += gap;
                requests.push(time);
            }
            let mut state: Option<NoticeOrder> = None;
            let mut due = i64::MAX;
            let mut told: Vec<i64> = Vec::new();
            let mut seen = vec![0; requests.len()];
            let mut arrived = 0;
            loop {
                let arrival = requests.get(arrived).copied().unwrap_or(i64::MAX);
                let now = arrival.min(due);
                if now == i64::MAX {
                    break;
                }
                if now == arrival {
                    arrived += 1;
                    let day = 24 * 60 * MINUTE;
                    let before = state.unwrap_or_else(|| order(now, now - day, None));
                    state = Some(NoticeOrder { ordered_at: at(now), ..before });
                    if due == i64::MAX {
                        due = now + MINUTE;
                    }
                    continue;
                }
                let before = state.clone().unwrap();
                let round = match before.next_step(at(now)) {
                    NextStep::Wait(until) => {
                        due = until.seconds();
                        continue;
                    }
                    NextStep::Round(round) => round,
                };
                let since = before.news_since(&round);
                let mut was_told = false;
                for (index, made_at) in requests.iter().enumerate() {
                    if since < at(*made_at) && at(*made_at) <= round.until {
                        seen[index] += 1;
                        was_told = true;
                    }
                }
                if was_told {
                    told.push(now);
                }
                let after = before.after(&round, was_told, at(now));
                due = match after.after_round() {
                    AfterRound::Rest => i64::MAX,
                    AfterRound::Again(until) => until.seconds(),
                };
                state = Some(after);
            }
            prop_assert!(seen.iter().all(|times| *times == 1), "{seen:?}");
            prop_assert!(told.windows(2).all(|pair| pair[1] - pair[0] >= 5 * MINUTE), "{told:?}");
        }
    }

    fn noticed(second: i64) -> NoticedRequest {
        let request = AccessRequest {
            created_at: at(second),
            ..request()
        };
        NoticedRequest::of(&request, &format!("Ada {second}"), Some("Hello"))
    }

    fn client(name: &str) -> ClientId {
        ClientId::derive(&[name])
    }

    fn of_connector(name: &str, seconds: &[i64], count: u32) -> ConnectorRequests {
        ConnectorRequests {
            client_id: client(name),
            count,
            first: seconds.iter().map(|second| noticed(*second)).collect(),
        }
    }

    /// SPEC B39.
    #[test]
    fn a_member_is_told_of_the_oldest_requests_of_their_clients_and_of_how_many_there_are() {
        let all = NewRequests {
            of_connectors: vec![
                of_connector("one", &[1, 3, 5, 7, 9, 11, 13, 15, 17, 19], 40),
                of_connector("other", &[2, 4], 2),
            ],
        };
        let (first, count) = all.of_clients(&ClientAccess::All).unwrap();
        let seconds: Vec<_> = first.iter().map(|request| request.at).collect();
        assert_eq!(seconds, [1, 2, 3, 4, 5, 7, 9, 11, 13, 15].map(at));
        assert_eq!(count, 42);
        let some = ClientAccess::Only([client("other")].into());
        let (first, count) = all.of_clients(&some).unwrap();
        assert_eq!((first.len(), count), (2, 2));
        let none = ClientAccess::Only([client("third")].into());
        assert_eq!(all.of_clients(&none), None);
        assert!(!all.is_empty());
        assert!(NewRequests::default().is_empty());
        assert_eq!(NewRequests::default().of_clients(&ClientAccess::All), None);
    }

    #[test]
    fn texts_of_others_are_cut_and_a_person_without_a_name_is_known_by_the_identifier() {
        let long = "x".repeat(500);
        let cut = NoticedRequest::of(&request(), &long, Some(&long));
        assert_eq!(cut.name.len(), MAIL_TEXT_MAX_CHARS);
        assert_eq!(
            cut.preview.map(|text| text.len()),
            Some(NOTICE_PREVIEW_MAX_CHARS)
        );
        let bare = NoticedRequest::of(&request(), "\u{202E}", Some(" \n "));
        assert_eq!((bare.name.as_str(), bare.preview), ("U1", None));
        let lines = NoticedRequest::of(&request(), "Ada\r\nBcc: x@example.com", None);
        assert_eq!(lines.name, "Ada Bcc: x@example.com");
    }

    fn recipient() -> Recipient {
        Recipient {
            member: Member {
                login_id: Some(login("ana").id),
                role: RoleKey::SuperAdmin,
                status: MemberStatus::Active,
                ..member("ana")
            },
            login: Login {
                verified_at: Some(at(0)),
                ..login("ana")
            },
        }
    }

    #[test]
    fn whoever_is_active_and_may_decide_may_be_told() {
        let roles = Roles::default();
        let admin = recipient().member;
        assert!(Recipient::may_be(&admin, &roles));
        for status in [
            MemberStatus::Pending,
            MemberStatus::Suspended,
            MemberStatus::Removed,
        ] {
            let other = Member {
                status,
                ..admin.clone()
            };
            assert!(!Recipient::may_be(&other, &roles), "{status:?}");
        }
        let agent = Member {
            role: RoleKey::Agent,
            ..admin
        };
        assert!(!Recipient::may_be(&agent, &roles));
        let decider = Member {
            extra: [Permission::AccessRequestsDecide].into(),
            ..agent
        };
        assert!(Recipient::may_be(&decider, &roles));
    }

    /// SPEC D24: a copied link proves no address.
    #[test]
    fn whoever_proved_the_address_and_did_not_turn_notices_off_wants_them() {
        let project_id = scope().project_id();
        assert!(recipient().wants(project_id));
        let mut unproven = recipient();
        unproven.login.verified_at = None;
        let mut off = recipient();
        off.login.preferences.notices = false;
        let mut muted = recipient();
        muted.login.preferences.muted_projects = [project_id].into();
        let mut somebody = recipient();
        somebody.member.login_id = Some(LoginId::derive(&["somebody"]));
        for other in [unproven, off, muted.clone(), somebody] {
            assert!(!other.wants(project_id), "{other:?}");
        }
        assert!(muted.wants(ProjectId::derive(&["another"])));
    }

    #[test]
    fn a_notice_goes_to_the_logins_address_once_for_each_round() {
        let names = NoticeNames {
            account: "Acme".into(),
            project: "Concierge".into(),
        };
        let requests = NewRequests {
            of_connectors: vec![of_connector("one", &[1], 1)],
        };
        let ana = recipient();
        let made = |until| {
            let of = (scope(), &names);
            ana.notice(of, &requests, at(until), at(9)).unwrap()
        };
        let mail = made(5);
        assert_eq!(mail.to, ana.login.email);
        assert_eq!(mail.status, MailStatus::Queued);
        assert_eq!(mail.owner, MailOwner::Account(scope().account()));
        assert_eq!(mail.id, made(5).id);
        assert_ne!(mail.id, made(6).id);
        let mut elsewhere = ana.clone();
        elsewhere.member.clients = ClientAccess::Only([client("other")].into());
        let of = (scope(), &names);
        assert_eq!(elsewhere.notice(of, &requests, at(5), at(9)), None);
    }
}
