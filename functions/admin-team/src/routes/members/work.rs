//! The work of members on the wire: allowed channels with limits, channels by client, teams and skills (SPEC E06–E13).

use crate::Deps;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use vestibule_admin::{FieldErrors, given, problem::ApiError};
use vestibule_domain::{
    AccountScope,
    ids::{ClientId, TeamId},
    routing::{
        demand::{SKILL_MAX_CHARS, SKILLS_MAX, Skill},
        seat::LIMIT_MAX,
    },
    team::{
        client_access::ClientAccess,
        work::{CHANNELS_OF_MEMBER_MAX, PrunedChannel, TEAMS_OF_MEMBER_MAX, Work},
    },
};

/// Clients for which a member can have channels of their own.
const CLIENTS_MAX: usize = 100;

/// Work that a member can be given. Fields left out keep their values; those of an invitation are empty.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "channels": {"sms": 3, "live_chat": 2}, "client_channels": {"01JD3Q3Z9V8M4T6K2N7P5R1S0W": ["sms"]},
    "teams": ["01JD3Q3Z9V8M4T6K2N7P5R1S0X"], "skills": ["German"]
}))]
pub struct WorkRequest {
    /// Allowed channels, 40 at most, each with its limit: the number of conversations, 0 to 100, that the member takes there at the
    /// same time, over all clients. With 0, none is assigned automatically. A channel that is left out is taken away,
    /// from the clients' lists too.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    channels: Option<BTreeMap<String, u32>>,
    /// Channels by client, by its id; each is one of `channels`. A client that is left out is served on all of them.
    /// Only for clients that `clients` lists.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    client_channels: Option<BTreeMap<String, Vec<String>>>,
    /// Ids of teams, 50 at most.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 50)]
    teams: Option<Vec<String>>,
    /// Skills, 50 at most, each 1 to 50 characters. Those that differ in case alone are one.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 50)]
    skills: Option<Vec<String>>,
}

/// Work that a member can be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "channels": {"live_chat": 2, "sms": 3}, "client_channels": {"01JD3Q3Z9V8M4T6K2N7P5R1S0W": ["sms"]},
    "teams": ["01JD3Q3Z9V8M4T6K2N7P5R1S0X"], "skills": ["German"]
}))]
pub struct WorkResponse {
    /// Allowed channels, each with the number of conversations that the member takes there at the same time.
    channels: BTreeMap<String, u32>,
    /// Channels by client, by its id. A client that is left out is served on all of `channels`.
    client_channels: BTreeMap<String, BTreeSet<String>>,
    /// Ids of the teams.
    teams: Vec<String>,
    /// Skills.
    skills: Vec<String>,
}

impl From<&Work> for WorkResponse {
    fn from(work: &Work) -> Self {
        let client_channels = work.client_channels.iter();
        Self {
            channels: work.channels.clone(),
            client_channels: client_channels
                .map(|(id, channels)| (id.to_string(), channels.clone()))
                .collect(),
            teams: work.teams.iter().map(ToString::to_string).collect(),
            skills: work.skills.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A channel of a client that was taken away because the member lost the channel or the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"client_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "channel": "sms"}))]
pub struct PrunedChannelResponse {
    /// Id of the client.
    client_id: String,
    /// Key of the channel.
    channel: String,
}

impl From<PrunedChannel> for PrunedChannelResponse {
    fn from(pruned: PrunedChannel) -> Self {
        Self {
            client_id: pruned.client_id.to_string(),
            channel: pruned.channel,
        }
    }
}

/// The work of a member that the audit log records.
pub(super) fn facts(work: &Work) -> Value {
    json!({
        "channels": work.channels,
        "client_channels": work.client_channels,
        "teams": work.teams,
        "skills": work.skills,
    })
}

/// A change of a member's work, checked as far as it needs no member.
#[derive(Debug, Default)]
pub struct WorkChange {
    channels: Option<BTreeMap<String, u32>>,
    client_channels: Option<BTreeMap<ClientId, BTreeSet<String>>>,
    teams: Option<BTreeSet<TeamId>>,
    skills: Option<BTreeSet<Skill>>,
}

impl WorkChange {
    /// Reads a change. Its channels and teams must be the account's.
    pub async fn read(
        deps: &Deps,
        scope: AccountScope,
        request: WorkRequest,
        errors: &mut FieldErrors,
    ) -> Result<Self, ApiError> {
        let change = Self::of(request, errors);
        if let Some(channels) = &change.channels {
            known_channels(deps, scope, channels, errors).await?;
        }
        if let Some(teams) = &change.teams {
            known_teams(deps, scope, teams, errors).await?;
        }
        Ok(change)
    }

    fn of(request: WorkRequest, errors: &mut FieldErrors) -> Self {
        let channels = request.channels;
        let teams = request.teams;
        let skills = request.skills;
        Self {
            channels: channels.and_then(|given| read_channels(given, errors)),
            client_channels: request
                .client_channels
                .and_then(|given| read_client_channels(given, errors)),
            teams: teams.and_then(|given| read_teams(&given, errors)),
            skills: skills.and_then(|given| read_skills(&given, errors)),
        }
    }

    /// Makes the changed work of a member who has this access to clients, and tells which channels of clients were taken
    /// away with an allowed channel or a client.
    pub fn apply(
        &self,
        before: &Work,
        clients: &ClientAccess,
    ) -> Result<(Work, Vec<PrunedChannel>), ApiError> {
        let mut work = before.clone();
        if let Some(channels) = &self.channels {
            work.channels.clone_from(channels);
        }
        if let Some(teams) = &self.teams {
            work.teams.clone_from(teams);
        }
        if let Some(skills) = &self.skills {
            work.skills.clone_from(skills);
        }
        if let Some(own) = &self.client_channels {
            check_client_channels(own, &work, clients)?;
            work.client_channels.clone_from(own);
        }
        let pruned = work.prune(clients);
        Ok((work, pruned))
    }
}

/// Checks that channels of clients are allowed ones, of clients that the member serves by a list.
fn check_client_channels(
    own: &BTreeMap<ClientId, BTreeSet<String>>,
    work: &Work,
    clients: &ClientAccess,
) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    for (id, channels) in own {
        let field = format!("work.client_channels.{id}");
        let is_listed = match clients {
            ClientAccess::All => false,
            ClientAccess::Only(some) => some.contains(id),
        };
        if !is_listed {
            errors.add(field, "must be a client that `clients` lists");
        } else if !channels
            .iter()
            .all(|channel| work.channels.contains_key(channel))
        {
            errors.add(field, "must be channels of `channels`");
        }
    }
    errors.check_body()
}

fn read_channels(
    given: BTreeMap<String, u32>,
    errors: &mut FieldErrors,
) -> Option<BTreeMap<String, u32>> {
    if given.len() > CHANNELS_OF_MEMBER_MAX {
        errors.add(
            "work.channels",
            format!("must be at most {CHANNELS_OF_MEMBER_MAX} channels"),
        );
        return None;
    }
    for (channel, limit) in &given {
        if *limit > LIMIT_MAX {
            errors.add(
                format!("work.channels.{channel}"),
                format!("must be a whole number from 0 to {LIMIT_MAX}"),
            );
        }
    }
    Some(given)
}

fn read_client_channels(
    given: BTreeMap<String, Vec<String>>,
    errors: &mut FieldErrors,
) -> Option<BTreeMap<ClientId, BTreeSet<String>>> {
    if given.len() > CLIENTS_MAX {
        errors.add(
            "work.client_channels",
            format!("must be at most {CLIENTS_MAX} clients"),
        );
        return None;
    }
    let mut read = BTreeMap::new();
    for (id, channels) in given {
        let Ok(id) = id.parse::<ClientId>() else {
            errors.add(
                "work.client_channels",
                "must be an object by ids of clients",
            );
            return None;
        };
        read.insert(id, channels.into_iter().collect());
    }
    Some(read)
}

fn read_teams(given: &[String], errors: &mut FieldErrors) -> Option<BTreeSet<TeamId>> {
    let teams: Option<BTreeSet<TeamId>> = given.iter().map(|id| id.parse().ok()).collect();
    let teams = teams.filter(|teams| teams.len() <= TEAMS_OF_MEMBER_MAX);
    if teams.is_none() {
        errors.add(
            "work.teams",
            format!("must be at most {TEAMS_OF_MEMBER_MAX} ids of teams"),
        );
    }
    teams
}

fn read_skills(given: &[String], errors: &mut FieldErrors) -> Option<BTreeSet<Skill>> {
    let read: Option<Vec<Skill>> = given.iter().map(|text| Skill::new(text)).collect();
    let mut skills = BTreeSet::new();
    // Of several spellings of a skill, the first one stays: an insertion replaces nothing.
    skills.extend(read.iter().flatten().cloned());
    if read.is_some() && skills.len() <= SKILLS_MAX {
        return Some(skills);
    }
    errors.add(
        "work.skills",
        format!("must be at most {SKILLS_MAX} texts of 1 to {SKILL_MAX_CHARS} characters"),
    );
    None
}

/// Checks that the account has these channels.
async fn known_channels(
    deps: &Deps,
    scope: AccountScope,
    wanted: &BTreeMap<String, u32>,
    errors: &mut FieldErrors,
) -> Result<(), ApiError> {
    let known = deps.channels.channels(scope).await?;
    for channel in wanted.keys().filter(|channel| !known.contains(channel)) {
        errors.add(
            format!("work.channels.{channel}"),
            "is no channel of the account",
        );
    }
    Ok(())
}

/// Checks that these teams exist.
async fn known_teams(
    deps: &Deps,
    scope: AccountScope,
    wanted: &BTreeSet<TeamId>,
    errors: &mut FieldErrors,
) -> Result<(), ApiError> {
    let read = wanted.iter().map(|id| deps.teams.get_team(scope, *id));
    let found = try_join_all(read).await?;
    if found.iter().any(Option::is_none) {
        errors.add("work.teams", "must be ids of teams of the account");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

    fn read(body: Value) -> (WorkChange, Vec<String>) {
        let mut errors = FieldErrors::default();
        let change = WorkChange::of(serde_json::from_value(body).unwrap(), &mut errors);
        let fields = match errors.check_body() {
            Ok(()) => Vec::new(),
            Err(error) => error.errors().iter().map(|one| one.field.clone()).collect(),
        };
        (change, fields)
    }

    fn listed() -> ClientAccess {
        ClientAccess::Only([CLIENT.parse().unwrap()].into())
    }

    /// SPEC E06–E13.
    #[test]
    fn work_is_read_as_a_whole_and_every_broken_rule_is_told() {
        let skills = vec!["x"; SKILLS_MAX + 1];
        let same: Vec<String> = (0..=SKILLS_MAX).map(|number| number.to_string()).collect();
        let (change, fields) = read(json!({
            "channels": {"sms": 100, "live_chat": 0}, "client_channels": {CLIENT: ["sms", "sms"]},
            "teams": [CLIENT], "skills": skills,
        }));
        assert_eq!(fields, Vec::<String>::new());
        assert_eq!(change.skills.unwrap().len(), 1);
        assert_eq!(change.client_channels.unwrap().len(), 1);
        for (body, field) in [
            (json!({"channels": {"sms": 101}}), "work.channels.sms"),
            (
                json!({"client_channels": {"x": []}}),
                "work.client_channels",
            ),
            (json!({"teams": ["x"]}), "work.teams"),
            (json!({"skills": [""]}), "work.skills"),
            (json!({"skills": ["x".repeat(51)]}), "work.skills"),
            (json!({"skills": same}), "work.skills"),
        ] {
            assert_eq!(read(body).1, [field]);
        }
    }

    /// SPEC E09, E10.
    #[test]
    fn a_channel_that_is_taken_away_goes_with_its_limit_and_from_every_client() {
        let first =
            json!({"channels": {"sms": 3, "slack": 1}, "client_channels": {CLIENT: ["sms"]}});
        let (work, pruned) = read(first).0.apply(&Work::default(), &listed()).unwrap();
        assert_eq!((work.channels["sms"], pruned.len()), (3, 0));
        let (change, _) = read(json!({"channels": {"slack": 1}}));
        let (work, pruned) = change.apply(&work, &listed()).unwrap();
        assert_eq!(work.channels.keys().collect::<Vec<_>>(), ["slack"]);
        let pruned: Vec<_> = pruned
            .into_iter()
            .map(PrunedChannelResponse::from)
            .collect();
        let expected = PrunedChannelResponse {
            client_id: CLIENT.to_owned(),
            channel: "sms".to_owned(),
        };
        assert_eq!(pruned, [expected]);
    }

    /// SPEC E06–E09.
    #[test]
    fn a_client_has_channels_that_the_member_has_and_is_one_that_the_member_serves() {
        let (change, _) =
            read(json!({"channels": {"sms": 3}, "client_channels": {CLIENT: ["slack"]}}));
        let nobody = ClientAccess::Only(BTreeSet::new());
        for clients in [listed(), nobody, ClientAccess::All] {
            let refused = change.apply(&Work::default(), &clients).unwrap_err();
            let field = format!("work.client_channels.{CLIENT}");
            assert_eq!(refused.errors()[0].field, field, "{clients:?}");
        }
    }
}
