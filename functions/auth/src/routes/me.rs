//! `/v1/me`: the person who is signed in, and their accounts. What a provider of an account signs in sees no
//! account beyond those that bound its identity, and changes nothing (SPEC D27).

use super::invitations::role_name;
use crate::{Deps, following, leaving};
use axum::{extract::State, response::Response};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    Call, FieldErrors, IfMatch, JsonBody, LoginCall, Nullable, amend,
    api_types::{IfMatchHeader, PermissionName, found},
    given,
    problem::{ApiError, Problem, SIGN_IN_AGAIN},
    read_fields, validation, wire_enum,
};
use vestibule_domain::{
    PortError, Timestamp,
    account::credential::{Missing, Refusal, missing},
    ids::{AccountId, LoginId, ProjectId},
    ports::{AccountPlace, LoginChange},
    team::{
        client_access::ClientAccess,
        login::{HourCycle, Login, MUTED_PROJECTS_MAX, Preferences, Theme},
        member::MemberStatus,
        role::{RoleKey, Roles},
        session::Session,
    },
};

/// Longest name of a time zone in the IANA database, with room.
const TIME_ZONE_MAX: usize = 64;

wire_enum! {
    /// Hours of a day.
    HourCycleName = HourCycle {
        /// Twice twelve.
        H12 = "h12",
        /// Twenty-four.
        H23 = "h23",
    }
}

wire_enum! {
    /// Colours of the console.
    ThemeName = Theme {
        /// The device's own.
        System = "system",
        /// Dark on light.
        Light = "light",
        /// Light on dark.
        Dark = "dark",
    }
}

/// The person who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeResponse {
    /// The login.
    login: MyLogin,
    /// The session.
    session: MySession,
    /// Preferences, the same in every account.
    preferences: MyPreferences,
    /// The accounts of which the person is a member.
    accounts: Vec<MyAccount>,
    /// The account that `Vestibule-Account` names; null without one, and if the session does not open it.
    account: Option<MyPlace>,
}

/// A login.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyLogin {
    /// Id.
    id: String,
    /// E-mail address.
    email: String,
    /// Name.
    name: String,
    /// Whether a mailed link proved the address.
    verified: bool,
    /// Whether there is a second factor.
    factor: bool,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub struct MySession {
    /// Way of signing in: `password` or `provider`.
    method: &'static str,
    /// Time at which it ends in any case.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Parts of the sign-in that the named account asks for and the session lacks: `factor`, `factor_set_up`,
    /// `provider`, `own_sign_in`.
    missing: Vec<&'static str>,
}

/// Preferences of a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyPreferences {
    /// Time zone, by its name in the IANA database; null for the browser's.
    time_zone: Option<String>,
    /// Hours of a day; null for the custom of the language.
    hour_cycle: Option<HourCycleName>,
    /// Whether keyboard shortcuts are on.
    shortcuts: bool,
    /// Colours of the console.
    theme: ThemeName,
    /// Whether digests of new access requests are wanted.
    notices: bool,
    /// Ids of projects of which none are wanted all the same.
    muted_projects: Vec<String>,
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyRole {
    /// `super_admin`, `agent`, or the role's id.
    key: String,
    /// Name.
    name: String,
}

/// An account of which the person is a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyAccount {
    /// Id.
    id: String,
    /// Name.
    name: String,
    /// Id of the member.
    member_id: String,
    /// The role; null for none.
    role: Option<MyRole>,
    /// Status of the membership: `active` or `suspended`.
    #[schema(value_type = String)]
    status: MemberStatus,
    /// Whether the session opens it.
    opens: bool,
}

/// The person's place in the account of the call.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyPlace {
    /// Id of the account.
    id: String,
    /// Id of the member.
    member_id: String,
    /// Permissions of the role and those given beside it.
    permissions: Vec<PermissionName>,
    /// Clients whose records the member may touch.
    clients: MyClients,
    /// The account's rules about signing in.
    rules: MyRules,
}

/// `all`, or ids of clients.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum MyClients {
    /// Every client, those to come included.
    All(AllMyClients),
    /// Some clients.
    Only(Vec<String>),
}

/// Every client.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub enum AllMyClients {
    /// Every client.
    #[serde(rename = "all")]
    All,
}

/// Rules of an account about signing in.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyRules {
    /// Whether a second factor is required.
    factor_required: bool,
    /// Whether members sign in at a provider only.
    sso_only: bool,
}

impl From<&Preferences> for MyPreferences {
    fn from(preferences: &Preferences) -> Self {
        let muted = preferences.muted_projects.iter();
        Self {
            time_zone: preferences.time_zone.clone(),
            hour_cycle: preferences.hour_cycle.map(HourCycleName::from),
            shortcuts: preferences.shortcuts,
            theme: preferences.theme.into(),
            notices: preferences.notices,
            muted_projects: muted.map(ToString::to_string).collect(),
        }
    }
}

impl From<&ClientAccess> for MyClients {
    fn from(clients: &ClientAccess) -> Self {
        match clients {
            ClientAccess::All => Self::All(AllMyClients::All),
            ClientAccess::Only(ids) => Self::Only(ids.iter().map(ToString::to_string).collect()),
        }
    }
}

/// A role for people; `None` if there is none.
pub(super) fn role(key: &RoleKey, roles: &Roles) -> Option<MyRole> {
    (*key != RoleKey::None).then(|| MyRole {
        key: key.to_string(),
        name: role_name(key, roles),
    })
}

/// One of the login's accounts, and what the session lacks for it.
#[derive(Debug)]
struct Seen {
    place: AccountPlace,
    missing: Option<Missing>,
}

impl Seen {
    fn opens(&self) -> bool {
        self.place.standing.is_active() && self.missing.is_none()
    }
}

/// The accounts that a session may see: all of the login for its own sign-in. A session through a provider sees
/// those that the provider's identity is bound in.
async fn seen(deps: &Deps, session: &Session) -> Result<Vec<Seen>, PortError> {
    let places = deps.logins.accounts(session.login_id).await?;
    let seen = places.into_iter().map(|place| look(deps, session, place));
    let mut seen = try_join_all(seen).await?;
    if !session.is_own_sign_in() {
        seen.retain(|seen| seen.missing != Some(Missing::OwnSignIn));
    }
    Ok(seen)
}

async fn look(deps: &Deps, session: &Session, place: AccountPlace) -> Result<Seen, PortError> {
    let member = &place.standing.member;
    let identity = match session.identity() {
        Some(identity) => deps.logins.find_identity(member.scope, identity).await?,
        None => None,
    };
    Ok(Seen {
        missing: missing(session, &place.account, member.id, identity.as_ref()),
        place,
    })
}

/// Show who is signed in
///
/// With their accounts, and with the permissions in the one that `Vestibule-Account` names.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "Me",
    responses((status = 200, description = "The person who is signed in.", body = MeResponse, headers(("ETag" = String, description = "Version of the login, for `If-Match`."))))
)]
pub async fn get_me(State(deps): State<Arc<Deps>>, call: LoginCall) -> Result<Response, ApiError> {
    let login = read(&deps, call.session.login_id).await?;
    let me = render(&deps, &login, &call).await?;
    Ok(found(login.version, me))
}

/// Does what calls that ended half way left to do: members follow a change of the address, and it is noted that a
/// login left its last account.
async fn mend(deps: &Deps, login: &Login, call: &LoginCall, seen: &[Seen]) {
    if !call.session.is_own_sign_in() {
        return;
    }
    let is_behind = |seen: &Seen| seen.place.standing.member.email != login.email;
    if seen.iter().any(is_behind) {
        following::follow(deps, login.id, call.now()).await;
    }
    if seen.is_empty() && login.left_at.is_none() {
        leaving::note_left(deps, login.id, call.now()).await;
    }
}

/// Reads the login of a session. A session ends with its login.
pub(super) async fn read(deps: &Deps, id: LoginId) -> Result<Login, ApiError> {
    let login = deps.logins.get_login(id).await?;
    login.ok_or_else(|| ApiError::new(&SIGN_IN_AGAIN))
}

async fn render(deps: &Deps, login: &Login, call: &LoginCall) -> Result<MeResponse, ApiError> {
    let session = &call.session;
    let seen = seen(deps, session).await?;
    mend(deps, login, call, &seen).await;
    let of = |id: AccountId| seen.iter().find(|seen| seen.place.account.id == id);
    let lacking = match call.refused {
        Some(Refusal::Insufficient(missing)) => Some(missing),
        _ => None,
    };
    let here = call.account.as_ref();
    let here = here.and_then(|call| Some((call, of(call.scope().account_id())?)));
    Ok(MeResponse {
        login: MyLogin {
            id: login.id.to_string(),
            email: login.email.to_string(),
            name: login.name.clone(),
            verified: login.verified_at.is_some(),
            factor: login.confirmed_factor().is_some(),
        },
        session: MySession {
            method: if session.is_own_sign_in() {
                "password"
            } else {
                "provider"
            },
            expires_at: session.expires_at,
            missing: lacking.map(Missing::key).into_iter().collect(),
        },
        preferences: MyPreferences::from(&login.preferences),
        account: here.map(|(call, seen)| my_place(call, seen)),
        accounts: seen.iter().map(my_account).collect(),
    })
}

fn my_account(seen: &Seen) -> MyAccount {
    let member = &seen.place.standing.member;
    MyAccount {
        id: seen.place.account.id.to_string(),
        name: seen.place.account.name.clone(),
        member_id: member.id.to_string(),
        role: role(&member.role, &seen.place.standing.roles),
        status: member.status,
        opens: seen.opens(),
    }
}

fn my_place(call: &Call, seen: &Seen) -> MyPlace {
    let permissions: BTreeSet<_> = call.caller.permissions.listed();
    let rules = &seen.place.account.rules;
    MyPlace {
        id: seen.place.account.id.to_string(),
        member_id: seen.place.standing.member.id.to_string(),
        permissions: permissions.into_iter().map(PermissionName).collect(),
        clients: MyClients::from(&call.caller.clients),
        rules: MyRules {
            factor_required: rules.factor_required,
            sso_only: rules.sso_only,
        },
    }
}

/// Changes to a login. Fields that are left out stay.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Ana", "preferences": {"theme": "dark"}}))]
pub struct UpdateMeRequest {
    /// Name, 1 to 100 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// Preferences. Fields that are left out stay.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    preferences: Option<UpdatePreferences>,
}

/// Changes to preferences. Fields that are left out stay.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePreferences {
    /// Time zone, by its name in the IANA database; null for the browser's.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64)]
    time_zone: Nullable<String>,
    /// Hours of a day; null for the custom of the language.
    #[serde(default)]
    #[schema(value_type = Option<HourCycleName>)]
    hour_cycle: Nullable<String>,
    /// Whether keyboard shortcuts are on.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    shortcuts: Option<bool>,
    /// Colours of the console.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    theme: Option<ThemeName>,
    /// Whether digests of new access requests are wanted.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    notices: Option<bool>,
    /// Ids of projects of which none are wanted all the same, in place of those before. At most 100.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, max_items = 100)]
    muted_projects: Option<Vec<String>>,
}

/// A change that was read.
struct Update {
    name: Option<String>,
    preferences: UpdatePreferences,
    hour_cycle: Nullable<HourCycle>,
    muted_projects: Option<BTreeSet<ProjectId>>,
}

fn read_update(fields: Map<String, Value>) -> Result<Update, ApiError> {
    let mut errors = FieldErrors::default();
    let request: UpdateMeRequest = read_fields(fields, &mut errors);
    let name = validation::name("name", request.name.as_deref(), &mut errors);
    let preferences = request.preferences.unwrap_or_default();
    if let Nullable::Value(zone) = &preferences.time_zone
        && !is_time_zone(zone)
    {
        let rule = "must be a name of the IANA time zone database such as Europe/Berlin";
        errors.add("preferences.time_zone", rule);
    }
    let hour_cycle = match &preferences.hour_cycle {
        Nullable::Absent => Nullable::Absent,
        Nullable::Null => Nullable::Null,
        Nullable::Value(text) => {
            let read = validation::one_of(
                "preferences.hour_cycle",
                Some(text),
                HourCycleName::SPELLINGS,
                HourCycleName::parse,
                &mut errors,
            );
            read.map_or(Nullable::Absent, |cycle| Nullable::Value(cycle.into()))
        }
    };
    let muted_projects = preferences
        .muted_projects
        .as_deref()
        .map(|ids| read_projects("preferences.muted_projects", ids, &mut errors));
    errors.check_body()?;
    Ok(Update {
        name,
        preferences,
        hour_cycle,
        muted_projects,
    })
}

fn read_projects(field: &str, ids: &[String], errors: &mut FieldErrors) -> BTreeSet<ProjectId> {
    let read = ids
        .iter()
        .filter_map(|id| validation::id(field, Some(id.as_str()), errors));
    let projects: BTreeSet<ProjectId> = read.collect();
    if projects.len() > MUTED_PROJECTS_MAX {
        errors.add(field, format!("must have at most {MUTED_PROJECTS_MAX} ids"));
    }
    projects
}

fn is_time_zone(zone: &str) -> bool {
    (1..=TIME_ZONE_MAX).contains(&zone.len())
        && zone
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'/' | b'_' | b'-' | b'+'))
}

fn changed(before: &Login, update: &Update) -> Login {
    let mut after = before.clone();
    if let Some(name) = &update.name {
        name.clone_into(&mut after.name);
    }
    let (to, wanted) = (&mut after.preferences, &update.preferences);
    match &wanted.time_zone {
        Nullable::Absent => {}
        Nullable::Null => to.time_zone = None,
        Nullable::Value(zone) => to.time_zone = Some(zone.clone()),
    }
    match update.hour_cycle {
        Nullable::Absent => {}
        Nullable::Null => to.hour_cycle = None,
        Nullable::Value(cycle) => to.hour_cycle = Some(cycle),
    }
    to.shortcuts = wanted.shortcuts.unwrap_or(to.shortcuts);
    to.theme = wanted.theme.map_or(to.theme, Theme::from);
    to.notices = wanted.notices.unwrap_or(to.notices);
    if let Some(muted) = &update.muted_projects {
        to.muted_projects.clone_from(muted);
    }
    after
}

/// Change name or preferences
///
/// They belong to the login, so a session through an account's provider cannot change them.
#[utoipa::path(
    patch,
    path = "/v1/me",
    tag = "Me",
    params(IfMatchHeader),
    request_body = UpdateMeRequest,
    responses(
        (status = 200, description = "The person who is signed in.", body = MeResponse, headers(("ETag" = String, description = "Version of the login, for `If-Match`."))),
        (status = 409, description = "The login keeps changing.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The login is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update_me(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    call.own()?;
    let update = read_update(body.0)?;
    let (deps, call, update) = (&deps, &call, &update);
    amend(
        &if_match,
        || read(deps, call.session.login_id),
        |login| async move {
            let mut after = changed(&login, update);
            if after == login {
                return Ok(found(login.version, render(deps, &login, call).await?));
            }
            after.updated_at = call.now();
            deps.logins
                .update_login(&after, &LoginChange::default())
                .await?;
            let me = render(deps, &after, call).await?;
            Ok(found(after.version + 1, me))
        },
    )
    .await
}

#[cfg(test)]
mod tests;
