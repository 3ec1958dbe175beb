//! Callers and their credentials: the claim that a request makes, the record that proves it, and
//! the resulting permissions.

use super::{
    Account,
    actor::Actor,
    api_key::{ApiKey, KeyOwner},
    permission::{Permission, Permissions},
    proof::{CallerProof, CredentialId, CredentialPlace},
};
use crate::{
    AccountScope, Timestamp,
    ids::{AccountId, EnvironmentId, LoginId, MemberId},
    team::{
        client_access::ClientAccess,
        identity::AccountIdentity,
        member_standing::MemberStanding,
        session::{ACTIVITY_NOTED_EVERY, Session, SessionStage, SignInMethod},
    },
};
use serde::{Deserialize, Serialize};

const SECONDS_A_DAY: i64 = 86_400;

/// A caller's claim to a credential, with the data for its lookup. It proves nothing until the
/// credential is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialClaim {
    /// An API key.
    ApiKey {
        /// The account that the key names.
        account_id: AccountId,
        /// SHA-256 of the whole key, lower-case hex.
        hash: String,
    },
    /// A session.
    Session {
        /// The login that the token names.
        login_id: LoginId,
        /// SHA-256 of the whole token, lower-case hex.
        hash: String,
        /// The account that the call names.
        account_id: Option<AccountId>,
    },
}

impl CredentialClaim {
    /// The records that the caller may touch once the claim is proven; `None` if no account is named. Until
    /// then, nothing read under this scope may leave the code that reads it.
    #[must_use]
    pub const fn scope(&self) -> Option<AccountScope> {
        match self {
            Self::ApiKey { account_id, .. }
            | Self::Session {
                account_id: Some(account_id),
                ..
            } => Some(AccountScope::of_verified(*account_id)),
            Self::Session {
                account_id: None, ..
            } => None,
        }
    }
}

/// A stored credential with the records that decide about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An API key.
    ApiKey {
        /// The key.
        key: ApiKey,
        /// The member who owns it, if one does.
        owner: Option<MemberStanding>,
    },
    /// A session.
    Session {
        /// The session.
        session: Session,
        /// The login's member in the account of the call.
        standing: Option<MemberStanding>,
        /// The account of the call.
        account: Option<Account>,
        /// The identity of a session through a provider, as the account of the call bound it.
        identity: Option<AccountIdentity>,
    },
}

/// The reason why a credential admits nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The credential is unknown, another one, ended, or rests.
    Unknown,
    /// The session waits for its second factor.
    AwaitingFactor,
    /// The login is no active member of the account.
    NotAMember,
    /// The account's rules ask for another sign-in (SPEC D28).
    Insufficient(Missing),
}

/// The part of a sign-in that an account's rules ask for and the session lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The login's second factor.
    Factor,
    /// A second factor, which the login does not have yet.
    FactorSetUp,
    /// A sign-in at a provider of the account.
    Provider,
    /// A sign-in that is not another account's provider.
    OwnSignIn,
}

impl Missing {
    /// The spelling on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Factor => "factor",
            Self::FactorSetUp => "factor_set_up",
            Self::Provider => "provider",
            Self::OwnSignIn => "own_sign_in",
        }
    }
}

impl Credential {
    /// Returns the caller who presents this credential. Refused when the claim names another one, the
    /// credential has ended, its owner or member may not call, or the account asks for another sign-in.
    pub fn caller(&self, claim: &CredentialClaim, now: Timestamp) -> Result<Caller, Refusal> {
        match self {
            Self::ApiKey { key, owner } => {
                key_caller(key, owner.as_ref(), claim, now).ok_or(Refusal::Unknown)
            }
            Self::Session {
                standing,
                account,
                identity,
                ..
            } => {
                let session = self.login(claim, now)?;
                let (Some(standing), Some(account)) = (standing, account) else {
                    return Err(Refusal::NotAMember);
                };
                let is_member = Some(standing.member.scope) == claim.scope()
                    && standing.member.scope.account_id() == account.id
                    && standing.member.login_id == Some(session.login_id)
                    && standing.is_active();
                if !is_member {
                    return Err(Refusal::NotAMember);
                }
                match missing(session, account, standing.member.id, identity.as_ref()) {
                    Some(missing) => Err(Refusal::Insufficient(missing)),
                    None => Ok(session_caller(session, standing)),
                }
            }
        }
    }

    /// Returns the session whose login presents it, whatever the account. Refused when the claim names another
    /// one, it has ended, or it waits for its second factor.
    pub fn login(&self, claim: &CredentialClaim, now: Timestamp) -> Result<&Session, Refusal> {
        let (Self::Session { session, .. }, CredentialClaim::Session { login_id, hash, .. }) =
            (self, claim)
        else {
            return Err(Refusal::Unknown);
        };
        let is_proven = session.login_id == *login_id && session.hash == *hash;
        if !is_proven || !session.holds(now) {
            return Err(Refusal::Unknown);
        }
        match session.stage {
            SessionStage::Full => Ok(session),
            SessionStage::AwaitingFactor => Err(Refusal::AwaitingFactor),
        }
    }

    /// Whether a use at `now` needs no further note: a key's is noted every day (UTC), a session's every five
    /// minutes, and that of a proven member of the account every hour.
    #[must_use]
    pub fn is_noted_as_used(&self, member: Option<MemberId>, now: Timestamp) -> bool {
        match self {
            Self::ApiKey { key, .. } => {
                let day = |at: Timestamp| at.seconds().div_euclid(SECONDS_A_DAY);
                key.last_used_at.is_some_and(|used| day(used) == day(now))
            }
            Self::Session { session, .. } => {
                now.since(session.last_active_at) < ACTIVITY_NOTED_EVERY
                    && member.is_none_or(|id| session.is_noted_as_seen(id, now))
            }
        }
    }
}

/// Returns the part of the sign-in that the account's rules ask for and the session lacks (SPEC D27, D28).
/// `member_id` is the login's member in the account, and `identity` the account's own row of the session's identity.
#[must_use]
pub fn missing(
    session: &Session,
    account: &Account,
    member_id: MemberId,
    identity: Option<&AccountIdentity>,
) -> Option<Missing> {
    let identity = identity.filter(|bound| bound.member_id == member_id);
    let rules = &account.rules;
    let is_of_account = match &session.method {
        SignInMethod::Password => false,
        SignInMethod::Provider {
            account_id,
            method_id,
            ..
        } if *account_id == account.id => {
            let has_identity = identity.is_some_and(|bound| is_identity(bound, session, account));
            if !has_identity || !rules.methods.contains_key(method_id) {
                return Some(Missing::OwnSignIn);
            }
            true
        }
        SignInMethod::Provider { .. } => {
            if !is_bound(session, account, identity) {
                return Some(Missing::OwnSignIn);
            }
            false
        }
    };
    if rules.sso_only && session.is_own_sign_in() {
        return Some(Missing::Provider);
    }
    let has_given_factor =
        session.factor_at.is_some() || (is_of_account && rules.provider_factor_counts);
    if rules.factor_required && !has_given_factor {
        return Some(if session.has_factor {
            Missing::Factor
        } else {
            Missing::FactorSetUp
        });
    }
    None
}

/// Whether this is the identity of the session, bound to its login by the account itself.
fn is_identity(bound: &AccountIdentity, session: &Session, account: &Account) -> bool {
    session.identity() == Some(&bound.hash)
        && bound.scope.account_id() == account.id
        && bound.login_id == session.login_id
}

/// Whether the account itself bound the identity of this session to its login, by a method with an issuer that
/// is still set up. A provider that another account chose opens nothing else (SPEC D27).
fn is_bound(session: &Session, account: &Account, identity: Option<&AccountIdentity>) -> bool {
    identity.is_some_and(|bound| {
        let method = account.rules.methods.get(&bound.method_id);
        is_identity(bound, session, account) && method.is_some_and(Option::is_some)
    })
}

fn session_caller(session: &Session, standing: &MemberStanding) -> Caller {
    let member = &standing.member;
    Caller {
        scope: member.scope,
        actor: Actor::member(member.id, member.name.clone()),
        credential: CredentialId::Session(session.login_id, session.hash.clone()),
        permissions: standing.effective(),
        clients: member.clients.clone(),
        member_id: Some(member.id),
        is_own_sign_in: session.is_own_sign_in(),
        environment_id: None,
        ends_at: session.expires_at,
        proof: CallerProof {
            credential: CredentialPlace::Session {
                login_id: session.login_id,
                hash: session.hash.clone(),
            },
            scope: member.scope,
            member: Some((member.id, member.version)),
            roles_version: standing.roles_version(),
        },
    }
}

/// The caller who presents a key; `None` for every reason to refuse it, since these look alike.
fn key_caller(
    key: &ApiKey,
    owner: Option<&MemberStanding>,
    claim: &CredentialClaim,
    now: Timestamp,
) -> Option<Caller> {
    let CredentialClaim::ApiKey { hash, .. } = claim else {
        return None;
    };
    let is_proven = Some(key.scope) == claim.scope() && key.has_hash(hash, now);
    is_proven.then(|| bearer(key, owner, now)).flatten()
}

/// The caller that a key makes of its bearer; `None` once it has ended, and while its owner may not call.
#[must_use]
pub fn bearer(key: &ApiKey, owner: Option<&MemberStanding>, now: Timestamp) -> Option<Caller> {
    if now >= key.ends_at() {
        return None;
    }
    let owner = match key.owner {
        KeyOwner::Account | KeyOwner::ApiKey { .. } => None,
        KeyOwner::Member { id } => Some(owner.filter(|standing| {
            let member = &standing.member;
            (member.id, member.scope) == (id, key.scope) && standing.is_active()
        })?),
    };
    let permissions = owner.map_or_else(
        || key.permissions.clone(),
        |standing| key.permissions.intersection(&standing.effective()),
    );
    Some(Caller {
        scope: key.scope,
        actor: Actor::api_key(key.id, key.name.clone()),
        credential: CredentialId::ApiKey(key.id),
        permissions,
        clients: owner.map_or(ClientAccess::All, |standing| {
            standing.member.clients.clone()
        }),
        member_id: owner.map(|standing| standing.member.id),
        is_own_sign_in: false,
        environment_id: key.environment_id,
        ends_at: key.ends_at(),
        proof: CallerProof {
            credential: CredentialPlace::ApiKey {
                hash: key.hash.clone(),
            },
            scope: key.scope,
            member: owner.map(|standing| (standing.member.id, standing.member.version)),
            roles_version: owner.and_then(MemberStanding::roles_version),
        },
    })
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The records that the caller may touch.
    pub scope: AccountScope,
    /// The actor recorded for the caller's changes.
    pub actor: Actor,
    /// The credential of the call.
    pub credential: CredentialId,
    /// The caller's permissions. [`Self::may`] says which of them count.
    pub permissions: Permissions,
    /// The clients whose records the caller may touch (SPEC B39).
    pub clients: ClientAccess,
    /// The member who calls, or who owns the key that does.
    pub member_id: Option<MemberId>,
    /// Whether the person signed in by the login's own means, not by a key or an account's provider: these two do
    /// nothing beyond the account (SPEC D27).
    pub is_own_sign_in: bool,
    /// The environment that the caller is limited to: nothing else exists for it.
    pub environment_id: Option<EnvironmentId>,
    /// End of the credential.
    pub ends_at: Timestamp,
    /// The conditions that must still hold when a change is written.
    pub proof: CallerProof,
}

impl Caller {
    /// Whether the caller holds this permission, and the caller's limit leaves it.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        let is_left = self.environment_id.is_none() || permission.fits_one_environment();
        is_left && self.permissions.contains(permission)
    }
}

#[cfg(test)]
mod tests;
