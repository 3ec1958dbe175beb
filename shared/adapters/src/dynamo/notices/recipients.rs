//! The members who get notices.

use crate::{
    aws::port_error,
    dynamo::{
        items::{MemberItem, RolesItem},
        keys::{self, ALL_PK, ALL_SK, Key, PK, SK},
        table::{Attributes, Table, from_row, s, take},
    },
};
use futures_util::future::try_join;
use serde::Deserialize;
use std::collections::HashMap;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::email_address::EmailAddress,
    error::Chain,
    ids::{LoginId, ProjectId},
    ports::RecipientPage,
    team::{
        login::Preferences,
        member::Member,
        notices::{MemberPlace, Recipient, RecipientLogin},
        role::Roles,
    },
};

/// Number of members read by one call.
const PAGE: i32 = 100;

/// The attributes of a login's row that are read.
const LOGIN_ATTRIBUTES: [&str; 4] = ["id", "email", "verified_at", "preferences"];

/// The part of a login's row that is read. The password and the second factor stay where they are.
#[derive(Debug, Deserialize)]
pub(super) struct RecipientLoginItem {
    id: LoginId,
    email: EmailAddress,
    #[serde(default)]
    verified_at: Option<Timestamp>,
    #[serde(default)]
    preferences: Preferences,
}

impl From<RecipientLoginItem> for RecipientLogin {
    fn from(item: RecipientLoginItem) -> Self {
        Self {
            id: item.id,
            email: item.email,
            verified_at: item.verified_at,
            preferences: item.preferences,
        }
    }
}

/// Reads rows, and of logins the part that notices need.
pub(super) async fn rows_with_logins(
    table: &Table,
    others: &[Key],
    logins: &[Key],
) -> Result<HashMap<Key, Attributes>, PortError> {
    let (mut rows, logins) = try_join(
        table.get_batch(others),
        table.get_batch_of(logins, &LOGIN_ATTRIBUTES),
    )
    .await?;
    rows.extend(logins);
    Ok(rows)
}

/// The members whom a notice is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Audience {
    /// Those who decide the requests of a project.
    Deciders(ProjectId),
    /// Those who see webhooks.
    WebhookReaders,
}

impl Audience {
    fn may_have(self, member: &Member, roles: &Roles) -> bool {
        match self {
            Self::Deciders(_) => Recipient::may_be(member, roles),
            Self::WebhookReaders => Recipient::sees_webhooks(member, roles),
        }
    }

    fn wants(self, recipient: &Recipient) -> bool {
        match self {
            Self::Deciders(project_id) => recipient.wants(project_id),
            Self::WebhookReaders => recipient.wants_notices(),
        }
    }
}

/// Reads a page of the account's members, and those of them whom a notice is for.
pub(super) async fn recipients(
    table: &Table,
    account: AccountScope,
    audience: Audience,
    from: Option<&MemberPlace>,
) -> Result<RecipientPage, PortError> {
    let (members, next) = listed(table, account, from).await?;
    let roles = known_roles(table.get(&keys::roles(account), "roles").await)?;
    // Lists lag behind: the rows themselves decide.
    let candidates = members
        .iter()
        .filter(|member| audience.may_have(member, &roles));
    let candidates: Vec<(Key, LoginId)> = candidates
        .filter_map(|member| Some((keys::member(account, member.id), member.login_id?)))
        .collect();
    let (members, logins): (Vec<Key>, Vec<Key>) = candidates
        .iter()
        .map(|(member, login)| (member.clone(), keys::login(*login)))
        .unzip();
    let mut rows = rows_with_logins(table, &members, &logins).await?;
    let mut recipients = Vec::new();
    for (member, login_id) in candidates {
        match recipient(&mut rows, &member, &keys::login(login_id)) {
            Ok(Some(recipient))
                if audience.may_have(&recipient.member, &roles) && audience.wants(&recipient) =>
            {
                recipients.push(recipient);
            }
            Ok(_) => {}
            Err(error) => report(&error),
        }
    }
    Ok(RecipientPage { recipients, next })
}

/// The roles of an account whose row was read. Built-in roles are known whatever it holds.
pub(super) fn known_roles(read: Result<Option<RolesItem>, PortError>) -> Result<Roles, PortError> {
    match read {
        Ok(item) => Ok(item.map(Into::into).unwrap_or_default()),
        Err(error @ PortError::Corrupt { .. }) => {
            tracing::error!(error = %Chain(&error), "members with custom roles are left out of notices");
            Ok(Roles::default())
        }
        Err(error) => Err(error),
    }
}

/// The member and the login of these rows, if both exist.
fn recipient(
    rows: &mut HashMap<Key, Attributes>,
    member: &Key,
    login: &Key,
) -> Result<Option<Recipient>, PortError> {
    let member: Option<MemberItem> = take(rows, member, "member")?;
    let login: Option<RecipientLoginItem> = take(rows, login, "login")?;
    Ok(member.zip(login).map(|(member, login)| Recipient {
        member: Member::from(member),
        login: login.into(),
    }))
}

/// Reports a row that cannot be read. It keeps nobody else from hearing of requests.
fn report(error: &PortError) {
    tracing::error!(error = %Chain(error), "a member is left out of notices");
}

/// Reads a page of an account's members by name, and the place of the next one.
async fn listed(
    table: &Table,
    account: AccountScope,
    from: Option<&MemberPlace>,
) -> Result<(Vec<Member>, Option<MemberPlace>), PortError> {
    let list = keys::members(account, None);
    let answer = table
        .list_query(&list)
        .set_exclusive_start_key(from.and_then(|place| start_at(account, &list, place)))
        .limit(PAGE)
        .send()
        .await
        .map_err(|error| port_error("dynamodb: Query (members)", error))?;
    let mut members = Vec::new();
    for row in answer.items.unwrap_or_default() {
        match from_row::<MemberItem>(row, "member") {
            Ok(item) => members.push(Member::from(item)),
            Err(error) => report(&error),
        }
    }
    let place = |last: &Attributes| last.get(ALL_SK)?.as_s().ok().cloned();
    let next = answer.last_evaluated_key.as_ref().and_then(place);
    Ok((members, next.map(MemberPlace)))
}

/// Finds the start of a place in the list of members: the last member before it.
fn start_at(account: AccountScope, list: &str, place: &MemberPlace) -> Option<Attributes> {
    let (_, id) = place.0.rsplit_once('#')?;
    let key = keys::member(account, id.parse().ok()?);
    Some(Attributes::from([
        (PK.to_owned(), s(key.pk)),
        (SK.to_owned(), s(key.sk)),
        (ALL_PK.to_owned(), s(list)),
        (ALL_SK.to_owned(), s(&place.0)),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::ids::{AccountId, MemberId};

    #[test]
    fn a_list_goes_on_behind_the_last_member_whatever_the_name_holds() {
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        let id = MemberId::derive(&["m"]);
        let place = MemberPlace(keys::by_name("Ana #1", id));
        let start = start_at(account, "LIST", &place).unwrap();
        let member = keys::member(account, id);
        assert_eq!(start.get(PK), Some(&s(&member.pk)));
        assert_eq!(start.get(SK), Some(&s(&member.sk)));
        assert_eq!(start.get(ALL_SK), Some(&s(&place.0)));
        assert_eq!(
            start_at(account, "LIST", &MemberPlace("ana".to_owned())),
            None
        );
    }
}
