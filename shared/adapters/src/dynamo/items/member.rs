use super::rights::RightsAttribute;
use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::{email_address::EmailAddress, permission::Permission},
    ids::{AccountId, ClientId, InvitationId, LoginId, LoginMethodId, MemberId, RoleId, TeamId},
    routing::demand::Skill,
    team::{
        availability::{Availability, AvailabilityState},
        client_access::ClientAccess,
        identity::{AccountIdentity, IdentityHash},
        member::{Member, MemberStatus},
        role::{Role, RoleKey, Roles},
        work::Work,
    },
};

/// A member. A removed one is in no list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct MemberItem {
    pk: String,
    sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_sk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state_sk: Option<String>,
    id: MemberId,
    scope: AccountScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login_id: Option<LoginId>,
    email: EmailAddress,
    name: String,
    role: RoleKey,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    extra: BTreeSet<Permission>,
    #[serde(default)]
    clients: ClientAccess,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    channels: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    client_channels: BTreeMap<ClientId, BTreeSet<String>>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    teams: BTreeSet<TeamId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    skills: BTreeSet<Skill>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    availability: Option<AvailabilityAttribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<RightsAttribute>,
    status: MemberStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invitation_id: Option<InvitationId>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AvailabilityAttribute {
    state: AvailabilityState,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    paused: BTreeSet<String>,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    absent_since: Option<Timestamp>,
}

impl From<&Availability> for AvailabilityAttribute {
    fn from(availability: &Availability) -> Self {
        Self {
            state: availability.state,
            paused: availability.paused.clone(),
            since: availability.since,
            absent_since: availability.absent_since,
        }
    }
}

impl From<AvailabilityAttribute> for Availability {
    fn from(attribute: AvailabilityAttribute) -> Self {
        let is_absent = attribute.state != AvailabilityState::Available;
        let absent_since = attribute.absent_since.unwrap_or(attribute.since);
        Self {
            state: attribute.state,
            paused: attribute.paused,
            since: attribute.since,
            absent_since: is_absent.then_some(absent_since),
        }
    }
}

impl From<&Member> for MemberItem {
    fn from(member: &Member) -> Self {
        let scope = member.scope;
        let key = keys::member(scope, member.id);
        let is_listed = member.status != MemberStatus::Removed;
        let place = is_listed.then(|| keys::by_name(&member.name, member.id));
        Self {
            pk: key.pk,
            sk: key.sk,
            all_pk: is_listed.then(|| keys::members(scope, None)),
            all_sk: place.clone(),
            state_pk: is_listed.then(|| keys::members(scope, Some(&member.role))),
            state_sk: place,
            id: member.id,
            scope,
            login_id: member.login_id,
            email: member.email.clone(),
            name: member.name.clone(),
            role: member.role.clone(),
            extra: member.extra.clone(),
            clients: member.clients.clone(),
            channels: member.work.channels.clone(),
            client_channels: member.work.client_channels.clone(),
            teams: member.work.teams.clone(),
            skills: member.work.skills.clone(),
            availability: Some((&member.availability).into()),
            limit: member.limit.as_ref().map(Into::into),
            status: member.status,
            invitation_id: member.invitation_id,
            version: member.version,
            created_at: member.created_at,
            updated_at: member.updated_at,
        }
    }
}

impl From<MemberItem> for Member {
    fn from(item: MemberItem) -> Self {
        Self {
            id: item.id,
            scope: item.scope,
            login_id: item.login_id,
            email: item.email,
            name: item.name,
            role: item.role,
            extra: item.extra,
            clients: item.clients,
            work: Work {
                channels: item.channels,
                client_channels: item.client_channels,
                teams: item.teams,
                skills: item.skills,
            },
            availability: item
                .availability
                .map_or_else(|| Availability::available(item.created_at), Into::into),
            limit: item.limit.map(Into::into),
            status: item.status,
            invitation_id: item.invitation_id,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

/// The member or invitee who has an address within an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct AddressItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) member_id: MemberId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) invitation_id: Option<InvitationId>,
}

impl From<&Member> for AddressItem {
    fn from(member: &Member) -> Self {
        let key = keys::member_address(member.scope, &member.email);
        Self {
            pk: key.pk,
            sk: key.sk,
            member_id: member.id,
            invitation_id: member.invitation_id,
        }
    }
}

/// The member of a login in one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct PointerAttributes {
    pub(in crate::dynamo) account_id: AccountId,
    pub(in crate::dynamo) member_id: MemberId,
}

/// The row of [`PointerAttributes`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct PointerItem {
    pk: String,
    sk: String,
    #[serde(flatten)]
    pub(in crate::dynamo) to: PointerAttributes,
}

impl PointerItem {
    /// Makes the row that leads from a login to its member.
    pub(in crate::dynamo) fn new(login: LoginId, member: &Member) -> Self {
        let account_id = member.scope.account_id();
        let key = keys::login_member(login, account_id);
        Self {
            pk: key.pk,
            sk: key.sk,
            to: PointerAttributes {
                account_id,
                member_id: member.id,
            },
        }
    }
}

/// An identity at a provider, as one account bound it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct IdentityItem {
    pk: String,
    sk: String,
    scope: AccountScope,
    identity: IdentityHash,
    login_id: LoginId,
    pub(in crate::dynamo) member_id: MemberId,
    method_id: LoginMethodId,
}

impl From<&AccountIdentity> for IdentityItem {
    fn from(identity: &AccountIdentity) -> Self {
        let key = keys::identity(identity.scope, &identity.hash);
        Self {
            pk: key.pk,
            sk: key.sk,
            scope: identity.scope,
            identity: identity.hash.clone(),
            login_id: identity.login_id,
            member_id: identity.member_id,
            method_id: identity.method_id,
        }
    }
}

impl From<IdentityItem> for AccountIdentity {
    fn from(item: IdentityItem) -> Self {
        Self {
            scope: item.scope,
            hash: item.identity,
            login_id: item.login_id,
            member_id: item.member_id,
            method_id: item.method_id,
        }
    }
}

/// An identity that an account bound to a login, found by the login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct LoginIdentityItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) scope: AccountScope,
    pub(in crate::dynamo) identity: IdentityHash,
    pub(in crate::dynamo) method_id: LoginMethodId,
}

impl From<&AccountIdentity> for LoginIdentityItem {
    fn from(identity: &AccountIdentity) -> Self {
        let account_id = identity.scope.account_id();
        let key = keys::login_identity(identity.login_id, account_id, &identity.hash);
        Self {
            pk: key.pk,
            sk: key.sk,
            scope: identity.scope,
            identity: identity.hash.clone(),
            method_id: identity.method_id,
        }
    }
}

/// The custom roles of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct RolesItem {
    pk: String,
    sk: String,
    custom: Vec<RoleAttribute>,
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RoleAttribute {
    id: RoleId,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default)]
    permissions: BTreeSet<Permission>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_hash: Option<String>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl RolesItem {
    /// Makes the row of an account's roles.
    pub(in crate::dynamo) fn new(scope: AccountScope, roles: &Roles) -> Self {
        let key = keys::roles(scope);
        let custom = roles.custom.iter().map(|role| RoleAttribute {
            id: role.id,
            name: role.name.clone(),
            description: role.description.clone(),
            permissions: role.permissions.clone(),
            request_hash: role.request_hash.clone(),
            version: role.version,
            created_at: role.created_at,
            updated_at: role.updated_at,
        });
        Self {
            pk: key.pk,
            sk: key.sk,
            custom: custom.collect(),
            version: roles.version,
        }
    }
}

impl From<RolesItem> for Roles {
    fn from(item: RolesItem) -> Self {
        let custom = item.custom.into_iter().map(|role| Role {
            id: role.id,
            name: role.name,
            description: role.description,
            permissions: role.permissions,
            request_hash: role.request_hash,
            version: role.version,
            created_at: role.created_at,
            updated_at: role.updated_at,
        });
        Self {
            custom: custom.collect(),
            version: item.version,
        }
    }
}

/// The login of a member that joins or leaves.
///
/// # Errors
/// `Corrupt` if the member has none.
pub(in crate::dynamo) fn login_of(member: &Member) -> Result<LoginId, PortError> {
    member
        .login_id
        .ok_or_else(|| PortError::corrupt("member", "an active one without a login"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::team::rights::Rights;

    fn scope() -> AccountScope {
        AccountScope::of_verified(AccountId::derive(&["a"]))
    }

    fn member(status: MemberStatus) -> Member {
        Member {
            id: MemberId::derive(&["m"]),
            scope: scope(),
            login_id: Some(LoginId::derive(&["l"])),
            email: EmailAddress::parse("ana@example.com").unwrap(),
            name: "Ana".to_owned(),
            role: RoleKey::Custom(RoleId::derive(&["r"])),
            extra: BTreeSet::from([Permission::ConversationsReply]),
            clients: ClientAccess::Only(BTreeSet::new()),
            work: Work {
                channels: [("sms".to_owned(), 3)].into(),
                client_channels: [(ClientId::derive(&["c"]), BTreeSet::new())].into(),
                teams: [TeamId::derive(&["t"])].into(),
                skills: Skill::new("German").into_iter().collect(),
            },
            availability: Availability {
                state: AvailabilityState::Away,
                paused: ["sms".to_owned()].into(),
                since: Timestamp::from_millis(3),
                absent_since: Some(Timestamp::from_millis(2)),
            },
            limit: Some(Rights::ALL),
            status,
            invitation_id: Some(InvitationId::derive(&["i"])),
            version: 4,
            created_at: Timestamp::from_millis(1),
            updated_at: Timestamp::from_millis(2),
        }
    }

    #[test]
    fn a_member_is_read_as_it_was_written_and_is_listed_by_name_and_by_role() {
        let member = member(MemberStatus::Active);
        let row = to_row(&MemberItem::from(&member)).unwrap();
        let text = |name: &str| row.get(name).unwrap().as_s().unwrap().clone();
        let list = format!("ACCOUNT#{}#MEMBERS", member.scope.account_id());
        assert_eq!(text("all_pk"), list);
        assert_eq!(text("state_pk"), format!("{list}#{}", member.role));
        assert_eq!(text("all_sk"), format!("ana#{}", member.id));
        let read: MemberItem = from_row(row, "member").unwrap();
        assert_eq!(Member::from(read), member);
    }

    #[test]
    fn a_member_of_the_release_before_has_no_work_and_is_available() {
        let mut row = to_row(&MemberItem::from(&member(MemberStatus::Active))).unwrap();
        for name in [
            "channels",
            "client_channels",
            "teams",
            "skills",
            "availability",
        ] {
            assert!(row.remove(name).is_some(), "{name}");
        }
        let read = Member::from(from_row::<MemberItem>(row, "member").unwrap());
        assert_eq!(read.work, Work::default());
        assert_eq!(read.availability, Availability::available(read.created_at));
    }

    /// SPEC D23.
    #[test]
    fn a_removed_member_is_in_no_list() {
        let row = to_row(&MemberItem::from(&member(MemberStatus::Removed))).unwrap();
        for name in ["all_pk", "all_sk", "state_pk", "state_sk"] {
            assert!(!row.contains_key(name), "{name}");
        }
    }

    #[test]
    fn roles_pointers_and_identities_are_read_as_they_were_written() {
        let roles = Roles {
            custom: vec![Role {
                id: RoleId::derive(&["r"]),
                name: "Reader".to_owned(),
                description: None,
                permissions: BTreeSet::new(),
                request_hash: Some("h".to_owned()),
                version: 2,
                created_at: Timestamp::from_millis(1),
                updated_at: Timestamp::from_millis(2),
            }],
            version: 9,
        };
        let row = to_row(&RolesItem::new(scope(), &roles)).unwrap();
        let read: RolesItem = from_row(row, "roles").unwrap();
        assert_eq!(Roles::from(read), roles);
        let member = member(MemberStatus::Active);
        let pointer = PointerItem::new(LoginId::derive(&["l"]), &member);
        let read: PointerItem = from_row(to_row(&pointer).unwrap(), "member of a login").unwrap();
        assert_eq!(read.to.member_id, member.id);
        let identity = AccountIdentity {
            scope: scope(),
            hash: IdentityHash::oidc("https://idp.example", "1"),
            login_id: LoginId::derive(&["l"]),
            member_id: member.id,
            method_id: LoginMethodId::derive(&["x"]),
        };
        let row = to_row(&IdentityItem::from(&identity)).unwrap();
        let read: IdentityItem = from_row(row, "identity").unwrap();
        assert_eq!(AccountIdentity::from(read), identity);
        let row = to_row(&LoginIdentityItem::from(&identity)).unwrap();
        let read: LoginIdentityItem = from_row(row, "identity of a login").unwrap();
        assert_eq!((read.scope, read.identity), (identity.scope, identity.hash));
    }
}
