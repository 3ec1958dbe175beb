//! The reasons of the router in words: why a member got a conversation, and why one waits (SPEC E31, E39). Whatever
//! shows a reason takes its sentence from here.

use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::{
    Timestamp,
    routing::{
        demand::Skill,
        routed::Facts,
        rule::{Obstacle, WaitReason},
    },
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The demand of a conversation, by the names that people know.
#[derive(Debug, Clone, Copy)]
pub struct Demanded<'a> {
    /// Name of the channel.
    pub channel: &'a str,
    /// Name of the client.
    pub client: &'a str,
    /// Name of the team, if the conversation asks for one.
    pub team: Option<&'a str>,
    /// Skills that it asks for.
    pub skills: &'a BTreeSet<Skill>,
}

/// Says why the router chose a member, on the facts of that moment.
#[must_use]
pub fn chosen(member: &str, facts: &Facts, demanded: &Demanded<'_>, at: Timestamp) -> String {
    let mut parts = vec!["available".to_owned()];
    parts.extend(demanded.team.map(|team| format!("in {team}")));
    if !demanded.skills.is_empty() {
        parts.push(format!("knows {}", skills(demanded.skills)));
    }
    parts.push(handles(demanded));
    parts.push(format!("had {} of {}", facts.load, facts.limit));
    parts.push(advantage(facts, at));
    format!("{member}: {}", parts.join(", "))
}

/// Says what set the member apart from the runners-up.
fn advantage(facts: &Facts, at: Timestamp) -> String {
    let Some(second) = facts.runners_up.first() else {
        return "the only one with room".to_owned();
    };
    let is_as_busy = u64::from(facts.load) * u64::from(second.limit)
        == u64::from(second.load) * u64::from(facts.limit);
    if is_as_busy {
        let idle = span(at.since(facts.idle_since));
        format!("idle the longest ({idle})")
    } else {
        "the least busy".to_owned()
    }
}

/// Says why a conversation waits.
#[must_use]
pub fn waits(reason: WaitReason, demanded: &Demanded<'_>) -> String {
    let channel = demanded.channel;
    let handles = handles(demanded);
    match reason {
        WaitReason::NobodyHasChannel => format!("Nobody answers on {channel}"),
        WaitReason::NobodyMayReply => {
            format!("Nobody who answers on {channel} may reply to conversations")
        }
        WaitReason::NobodyHasClient => format!("Nobody {handles}"),
        WaitReason::NobodyInTeam => {
            let team = demanded.team.unwrap_or("the team");
            format!("Nobody in {team} {handles}")
        }
        WaitReason::NobodyHasSkills => {
            let skills = skills(demanded.skills);
            format!("Nobody who {handles} knows {skills}")
        }
        WaitReason::NobodyAvailable { .. } => format!("Nobody available {handles}"),
        WaitReason::AllAtLimit { fit: 1 } => {
            format!("1 person could take it, and is at their {channel} limit")
        }
        WaitReason::AllAtLimit { fit } => {
            format!("{fit} people could take it; all are at their {channel} limit")
        }
        WaitReason::AllDeclined => {
            "Everybody who could take it has put it back into the queue".to_owned()
        }
    }
}

/// Says that a conversation waits for the router only.
#[must_use]
pub fn waits_for_the_router(member: &str) -> String {
    format!("{member} has room; the conversation is about to be assigned")
}

/// Says why a member cannot have a conversation, whoever wants to assign it. `None` for what stands in the way of an
/// automatic assignment only.
#[must_use]
pub fn keeps_out(member: &str, obstacle: Obstacle, demanded: &Demanded<'_>) -> Option<String> {
    let (channel, client) = (demanded.channel, demanded.client);
    match obstacle {
        Obstacle::Channel => Some(format!("{member} does not answer on {channel}")),
        Obstacle::Permission => Some(format!("{member} may not reply to conversations")),
        Obstacle::Client => Some(format!("{member} does not handle {client} on {channel}")),
        Obstacle::Team
        | Obstacle::Skills
        | Obstacle::Declined
        | Obstacle::Unavailable
        | Obstacle::NoRoom => None,
    }
}

/// Says that a member is at the limit.
#[must_use]
pub fn at_limit(member: &str, load: u32, limit: u32) -> String {
    format!("{member} is at the limit ({load} of {limit})")
}

fn handles(demanded: &Demanded<'_>) -> String {
    format!("handles {} on {}", demanded.client, demanded.channel)
}

fn skills(all: &BTreeSet<Skill>) -> String {
    let names: Vec<_> = all.iter().map(Skill::as_str).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A span of time in its largest unit.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..MINUTE => "less than 1 min".to_owned(),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        DAY.. => format!("{} d", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        ids::MemberId,
        routing::routed::{NamedMember, RunnerUp},
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn skill(name: &str) -> Skill {
        Skill::new(name).unwrap()
    }

    /// Facts of a member who had 1 of 3, with these runners-up.
    fn facts(others: &[(u32, u32)]) -> Facts {
        let runner_up = |(load, limit): &(u32, u32)| RunnerUp {
            member: NamedMember {
                id: MemberId::derive(&["bo"]),
                name: "Bo".to_owned(),
            },
            load: *load,
            limit: *limit,
            idle_since: at(10),
        };
        Facts {
            load: 1,
            limit: 3,
            idle_since: at(0),
            fit: 2,
            runners_up: others.iter().map(runner_up).collect(),
        }
    }

    const fn plain(skills: &BTreeSet<Skill>) -> Demanded<'_> {
        Demanded {
            channel: "SMS",
            client: "Acme",
            team: None,
            skills,
        }
    }

    /// SPEC E31: each assignment says why.
    #[test]
    fn a_choice_says_what_set_the_member_apart() {
        let none = BTreeSet::new();
        let said = |runners_up: &[(u32, u32)]| {
            chosen("Ana", &facts(runners_up), &plain(&none), at(12 * 60 + 5))
        };
        let begins = "Ana: available, handles Acme on SMS, had 1 of 3, ";
        for (runners_up, ends) in [
            (&[(1, 3)][..], "idle the longest (12 min)"),
            (&[(2, 6), (2, 3)][..], "idle the longest (12 min)"),
            (&[(2, 3)][..], "the least busy"),
            (&[(2, 5)][..], "the least busy"),
            (&[][..], "the only one with room"),
        ] {
            assert_eq!(said(runners_up), format!("{begins}{ends}"));
        }
    }

    #[test]
    fn a_choice_names_the_team_and_the_skills_that_were_asked_for() {
        let skills = BTreeSet::from([skill("Tax"), skill("Billing")]);
        let demanded = Demanded {
            team: Some("Night shift"),
            ..plain(&skills)
        };
        assert_eq!(
            chosen("Ana", &facts(&[]), &demanded, at(0)),
            "Ana: available, in Night shift, knows Billing and Tax, handles Acme on SMS, had 1 of 3, \
             the only one with room"
        );
    }

    /// SPEC E39: by the rule that assigns.
    #[test]
    fn every_wait_has_its_reason() {
        let skills = BTreeSet::from([skill("Tax")]);
        let demanded = Demanded {
            team: Some("Night shift"),
            ..plain(&skills)
        };
        for (reason, said) in [
            (WaitReason::NobodyHasChannel, "Nobody answers on SMS"),
            (
                WaitReason::NobodyMayReply,
                "Nobody who answers on SMS may reply to conversations",
            ),
            (WaitReason::NobodyHasClient, "Nobody handles Acme on SMS"),
            (
                WaitReason::NobodyInTeam,
                "Nobody in Night shift handles Acme on SMS",
            ),
            (
                WaitReason::NobodyHasSkills,
                "Nobody who handles Acme on SMS knows Tax",
            ),
            (
                WaitReason::NobodyAvailable { fit: 2 },
                "Nobody available handles Acme on SMS",
            ),
            (
                WaitReason::AllAtLimit { fit: 3 },
                "3 people could take it; all are at their SMS limit",
            ),
            (
                WaitReason::AllAtLimit { fit: 1 },
                "1 person could take it, and is at their SMS limit",
            ),
            (
                WaitReason::AllDeclined,
                "Everybody who could take it has put it back into the queue",
            ),
        ] {
            assert_eq!(waits(reason, &demanded), said);
        }
    }

    /// SPEC E20, E21.
    #[test]
    fn only_a_channel_a_right_or_a_client_keeps_a_member_out_of_what_is_assigned_by_hand() {
        let none = BTreeSet::new();
        let said = |obstacle| keeps_out("Bo", obstacle, &plain(&none));
        assert_eq!(
            said(Obstacle::Channel).as_deref(),
            Some("Bo does not answer on SMS")
        );
        assert_eq!(
            said(Obstacle::Client).as_deref(),
            Some("Bo does not handle Acme on SMS")
        );
        assert_eq!(
            said(Obstacle::Permission).as_deref(),
            Some("Bo may not reply to conversations")
        );
        for other in [
            Obstacle::Team,
            Obstacle::Skills,
            Obstacle::Declined,
            Obstacle::Unavailable,
            Obstacle::NoRoom,
        ] {
            assert_eq!(said(other), None);
        }
        assert_eq!(at_limit("Ana", 3, 3), "Ana is at the limit (3 of 3)");
    }

    #[test]
    fn a_span_is_told_in_its_largest_unit() {
        for (seconds, told) in [
            (0, "less than 1 min"),
            (59, "less than 1 min"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (86_399, "23 h"),
            (86_400, "1 d"),
            (200_000, "2 d"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), told);
        }
    }
}
