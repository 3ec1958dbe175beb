//! Credentials of callers, with the records that decide about them.

use super::{
    items::{
        AccountItem, ApiKeyItem, IdentityItem, KeyIdItem, MemberItem, MemberSeenItem, MovedKeyItem,
        PointerItem, ProjectItem, RolesItem, SessionItem, SessionsEndedItem,
    },
    keys::{self, Key},
    table::{Attributes, Conditional, Table, from_row, n, s, take, to_value},
};
use async_trait::async_trait;
use std::{collections::HashMap, time::Duration};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::{
        Account, ProjectState,
        api_key::{ApiKey, KeyOwner},
        credential::{Credential, CredentialClaim},
    },
    ids::{AccountId, ApiKeyId, LoginId, MemberId, ProjectId},
    ports::CredentialStore,
    team::{
        identity::AccountIdentity,
        member::Member,
        member_standing::MemberStanding,
        role::Roles,
        session::{SEEN_NOTED_EVERY, SESSION_LIFE, Session, SignInMethod},
    },
};

/// Time for which it is known when a member was last seen.
const SEEN_KEPT: Duration = Duration::from_hours(400 * 24);

/// See [`CredentialStore`].
#[derive(Debug, Clone)]
pub struct DynamoCredentials {
    table: Table,
}

impl DynamoCredentials {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Finds a key with the member who owns it, if one does, and rows beside it.
    async fn find_key(
        &self,
        account_id: AccountId,
        hash: &str,
        beside: Option<&Key>,
    ) -> Result<(Option<Credential>, Option<Attributes>), PortError> {
        let (key, row) = self.table.find_key_beside(account_id, hash, beside).await?;
        let Some(key) = key else {
            return Ok((None, row));
        };
        let scope = AccountScope::of_verified(account_id);
        let owner = self.table.owner_of(scope, &key).await?;
        Ok((Some(Credential::ApiKey { key, owner }), row))
    }

    /// Finds a session with the records of the account that the call names, and a row beside them.
    async fn find_session(
        &self,
        login_id: LoginId,
        hash: &str,
        scope: Option<AccountScope>,
        beside: Option<&Key>,
    ) -> Result<(Option<Credential>, Option<Attributes>), PortError> {
        let place = keys::session(login_id, hash);
        let used = keys::session_use(login_id, hash);
        let ended = keys::sessions_ended(login_id);
        let mut wanted = vec![place.clone(), used.clone(), ended.clone()];
        if let Some(scope) = scope {
            wanted.extend([
                keys::account(scope),
                keys::roles(scope),
                keys::login_member(login_id, scope.account_id()),
            ]);
        }
        wanted.extend(beside.cloned());
        let mut rows = self.table.get_batch(&wanted).await?;
        let row = beside.and_then(|key| rows.remove(key));
        let Some(item) = take::<SessionItem>(&mut rows, &place, "session")? else {
            return Ok((None, row));
        };
        let ended: Option<SessionsEndedItem> = take(&mut rows, &ended, "end of sessions")?;
        if ended.is_some_and(|ended| ended.ends(&item)) {
            return Ok((None, row));
        }
        let last = take(&mut rows, &used, "activity of a session")?;
        let session = item.used(last);
        if !self.is_set_up(&session, &rows).await? {
            return Ok((None, row));
        }
        let Some(scope) = scope else {
            let credential = Credential::Session {
                session,
                standing: None,
                account: None,
                identity: None,
            };
            return Ok((Some(credential), row));
        };
        let account: Option<AccountItem> = take(&mut rows, &keys::account(scope), "account")?;
        let roles = roles_of(&mut rows, &keys::roles(scope))?;
        let pointer = keys::login_member(login_id, scope.account_id());
        let pointer: Option<PointerItem> = take(&mut rows, &pointer, "member of a login")?;
        let Some(member_id) = pointer.map(|pointer| pointer.to.member_id) else {
            let credential = Credential::Session {
                session,
                standing: None,
                account: account.map(Into::into),
                identity: None,
            };
            return Ok((Some(credential), row));
        };
        let (standing, identity) = self.membership(scope, member_id, &session, roles).await?;
        let credential = Credential::Session {
            session,
            standing,
            account: account.map(Into::into),
            identity,
        };
        Ok((Some(credential), row))
    }

    /// Finds the credential that is claimed, and a row beside it.
    async fn find(
        &self,
        claim: &CredentialClaim,
        beside: Option<&Key>,
    ) -> Result<(Option<Credential>, Option<Attributes>), PortError> {
        match claim {
            CredentialClaim::ApiKey { account_id, hash } => {
                self.find_key(*account_id, hash, beside).await
            }
            CredentialClaim::Session { login_id, hash, .. } => {
                self.find_session(*login_id, hash, claim.scope(), beside)
                    .await
            }
        }
    }

    /// Notes that a member was seen, unless another session of the login did so within the hour. Returns the time of
    /// the note that stands.
    async fn note_seen(
        &self,
        login_id: LoginId,
        id: MemberId,
        now: Timestamp,
    ) -> Result<Timestamp, PortError> {
        let update = self.table.update_part(
            &keys::member_seen(login_id, id),
            "SET last_seen_at = :now, expires_at = :expiry",
            "attribute_not_exists(last_seen_at) OR last_seen_at <= :before",
            &[],
            &[
                (":now", s(now)),
                (":before", s(now.minus(SEEN_NOTED_EVERY))),
                (":expiry", n(now.plus(SEEN_KEPT).seconds())),
            ],
        )?;
        let (Conditional::Done(row) | Conditional::Failed(row)) = self.table.update(update).await?;
        let item: Option<MemberSeenItem> = row.map(|row| from_row(row, "last use")).transpose()?;
        Ok(item.map_or(now, |item| item.last_seen_at))
    }

    /// Whether the login method of a session is set up, where a provider opened it. With its method such a session ends
    /// everywhere, in other accounts that bound the identity too (SPEC D27).
    async fn is_set_up(
        &self,
        session: &Session,
        rows: &HashMap<Key, Attributes>,
    ) -> Result<bool, PortError> {
        let SignInMethod::Provider {
            account_id,
            method_id,
            ..
        } = &session.method
        else {
            return Ok(true);
        };
        let place = keys::account(AccountScope::of_verified(*account_id));
        let item: Option<AccountItem> = match rows.get(&place) {
            Some(row) => Some(from_row(row.clone(), "account")?),
            None => self.table.get(&place, "account").await?,
        };
        let account = item.map(Account::from);
        Ok(account.is_some_and(|account| account.rules.methods.contains_key(method_id)))
    }

    /// Reads a member, and the account's own row of the identity of a session that a provider opened.
    async fn membership(
        &self,
        scope: AccountScope,
        member_id: MemberId,
        session: &Session,
        roles: Roles,
    ) -> Result<(Option<MemberStanding>, Option<AccountIdentity>), PortError> {
        let member = keys::member(scope, member_id);
        let identity = session.identity().map(|hash| keys::identity(scope, hash));
        let wanted: Vec<Key> = [Some(member.clone()), identity.clone()]
            .into_iter()
            .flatten()
            .collect();
        let mut rows = self.table.get_batch(&wanted).await?;
        let bound = match &identity {
            Some(key) => take::<IdentityItem>(&mut rows, key, "identity")?,
            None => None,
        };
        let standing = standing(&mut rows, &member, roles)?;
        Ok((standing, bound.map(Into::into)))
    }
}

/// Takes the roles of an account out of a batch. An account without a row has none.
pub(super) fn roles_of(rows: &mut HashMap<Key, Attributes>, key: &Key) -> Result<Roles, PortError> {
    let item: Option<RolesItem> = take(rows, key, "roles")?;
    Ok(item.map(Into::into).unwrap_or_default())
}

/// Takes a member out of a batch.
pub(super) fn standing(
    rows: &mut HashMap<Key, Attributes>,
    key: &Key,
    roles: Roles,
) -> Result<Option<MemberStanding>, PortError> {
    let item: Option<MemberItem> = take(rows, key, "member")?;
    Ok(item
        .map(Member::from)
        .map(|member| MemberStanding { member, roles }))
}

/// The state of a project, by its row.
pub(super) fn project_state(row: Option<Attributes>) -> Result<ProjectState, PortError> {
    let Some(row) = row else {
        return Ok(ProjectState::Absent);
    };
    let item: ProjectItem = from_row(row, "project")?;
    Ok(if item.archived_at.is_some() {
        ProjectState::Archived
    } else {
        ProjectState::Active
    })
}

impl Table {
    /// Reads a member with the roles of the account.
    pub(super) async fn member_standing(
        &self,
        scope: AccountScope,
        id: MemberId,
    ) -> Result<Option<MemberStanding>, PortError> {
        let (member, roles) = (keys::member(scope, id), keys::roles(scope));
        let wanted = [member.clone(), roles.clone()];
        let mut rows = self.get_batch(&wanted).await?;
        let roles = roles_of(&mut rows, &roles)?;
        standing(&mut rows, &member, roles)
    }

    /// Reads the member who owns a key, if one does.
    pub(super) async fn owner_of(
        &self,
        scope: AccountScope,
        key: &ApiKey,
    ) -> Result<Option<MemberStanding>, PortError> {
        match key.owner {
            KeyOwner::Account | KeyOwner::ApiKey { .. } => Ok(None),
            KeyOwner::Member { id } => self.member_standing(scope, id).await,
        }
    }

    /// Finds the key with this id, unless it was revoked.
    pub(super) async fn find_key_of_id(
        &self,
        scope: AccountScope,
        id: ApiKeyId,
    ) -> Result<Option<ApiKey>, PortError> {
        let place = keys::api_key_id(scope, id);
        match self.get::<KeyIdItem>(&place, "API key").await? {
            Some(claim) if !claim.hash.is_empty() => {
                self.find_key(scope.account_id(), &claim.hash).await
            }
            _ => Ok(None),
        }
    }

    /// Finds the key with this hash in the account that its bearer names, or the key whose replaced hash this is.
    pub(super) async fn find_key(
        &self,
        account_id: AccountId,
        hash: &str,
    ) -> Result<Option<ApiKey>, PortError> {
        let (key, _) = self.find_key_beside(account_id, hash, None).await?;
        Ok(key)
    }

    /// Does the same, and reads another row with the key.
    async fn find_key_beside(
        &self,
        account_id: AccountId,
        hash: &str,
        beside: Option<&Key>,
    ) -> Result<(Option<ApiKey>, Option<Attributes>), PortError> {
        let mut other = None;
        let mut hash = hash.to_owned();
        // A replaced hash leads to the key's hash, and that to no further one.
        for _ in 0..2 {
            let place = keys::api_key(account_id, &hash);
            let used = keys::api_key_use(account_id, &hash);
            let mut wanted = vec![place.clone(), used.clone()];
            wanted.extend(beside.cloned());
            let mut rows = self.get_batch(&wanted).await?;
            other = beside.and_then(|key| rows.remove(key));
            let Some(row) = rows.remove(&place) else {
                break;
            };
            if row.contains_key(MovedKeyItem::MARK) {
                hash = from_row::<MovedKeyItem>(row, "moved API key")?.moved_to;
                continue;
            }
            let last = take(&mut rows, &used, "use of an API key")?;
            let item: ApiKeyItem = from_row(row, "API key")?;
            return Ok((Some(item.used(last)), other));
        }
        Ok((None, other))
    }
}

#[async_trait]
impl CredentialStore for DynamoCredentials {
    async fn find_credential(
        &self,
        claim: &CredentialClaim,
    ) -> Result<Option<Credential>, PortError> {
        let (found, _) = self.find(claim, None).await?;
        Ok(found)
    }

    async fn find_credential_beside(
        &self,
        claim: &CredentialClaim,
        project: ProjectId,
    ) -> Result<(Option<Credential>, ProjectState), PortError> {
        let place = claim.scope().map(|scope| keys::project(scope, project));
        let (found, row) = self.find(claim, place.as_ref()).await?;
        Ok((found, project_state(row)?))
    }

    async fn note_use(
        &self,
        credential: &Credential,
        member: Option<MemberId>,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let update = match credential {
            Credential::ApiKey { key, .. } => self.table.update_part(
                &keys::api_key_use(key.scope.account_id(), &key.hash),
                "SET last_used_at = :now",
                "attribute_not_exists(last_used_at) OR last_used_at < :now",
                &[],
                &[(":now", s(now))],
            )?,
            Credential::Session { session, .. } => {
                let mut seen = session.seen_lately(now);
                if let Some(id) = member.filter(|id| !seen.contains_key(id)) {
                    let at = self.note_seen(session.login_id, id, now).await?;
                    seen.insert(id, at);
                }
                self.table.update_part(
                    &keys::session_use(session.login_id, &session.hash),
                    "SET last_active_at = :now, expires_at = :expiry, seen = :seen",
                    "attribute_not_exists(last_active_at) OR last_active_at < :now",
                    &[],
                    &[
                        (":now", s(now)),
                        (":expiry", n(now.plus(SESSION_LIFE).seconds())),
                        (":seen", to_value(&seen)?),
                    ],
                )?
            }
        };
        // The condition fails if a later use was noted meanwhile.
        self.table.update(update).await.map(|_| ())
    }
}
