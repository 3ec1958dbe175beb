//! The state of what a notice was made from, before it is sent.

use super::recipients::{RecipientLoginItem, known_roles, rows_with_logins};
use crate::dynamo::{
    items::{AccessRequestItem, ChatUserItem, MemberItem},
    keys::{self, Key},
    table::{Attributes, Table, from_row, take},
};
use std::collections::{BTreeSet, HashMap, HashSet};
use vestibule_domain::{
    PortError, ProjectScope,
    access::request::{AccessRequest, RequestStatus},
    chat::user::ChatUser,
    error::Chain,
    ids::{AccessRequestId, MemberId},
    team::{
        mail::NoticedSource,
        member::Member,
        notices::{NoticeCheck, Recipient, RecipientLogin},
    },
};

/// See [`NoticeChecker`](vestibule_domain::ports::NoticeChecker).
pub(super) async fn check(
    table: &Table,
    scope: ProjectScope,
    member_id: MemberId,
    listed: &[NoticedSource],
) -> Result<Option<NoticeCheck>, PortError> {
    let account = scope.account();
    let member: Option<MemberItem> = table
        .get(&keys::member(account, member_id), "member")
        .await?;
    let Some(member) = member.map(Member::from) else {
        return Ok(None);
    };
    let Some(login_id) = member.login_id else {
        return Ok(None);
    };
    let (login, roles) = (keys::login(login_id), keys::roles(account));
    // People may ask at several connectors, and no key may stand in a batch twice.
    let about: HashSet<Key> = listed
        .iter()
        .flat_map(|source| about(scope, source))
        .collect();
    let others: Vec<Key> = about.into_iter().chain([roles.clone()]).collect();
    let mut rows = rows_with_logins(table, &others, std::slice::from_ref(&login)).await?;
    let login: Option<RecipientLoginItem> = take(&mut rows, &login, "login")?;
    let Some(login) = login.map(RecipientLogin::from) else {
        return Ok(None);
    };
    Ok(Some(NoticeCheck {
        recipient: Recipient { member, login },
        roles: known_roles(take(&mut rows, &roles, "roles"))?,
        pending: pending(scope, listed, &rows),
    }))
}

/// The keys of a request and its person.
fn about(scope: ProjectScope, source: &NoticedSource) -> [Key; 2] {
    [
        keys::access_request(scope, source.request_id),
        keys::chat_user(scope, source.chat_user_id),
    ]
}

/// The requests that are pending, of people who are not blocked. One that cannot be read is left out.
fn pending(
    scope: ProjectScope,
    listed: &[NoticedSource],
    rows: &HashMap<Key, Attributes>,
) -> BTreeSet<AccessRequestId> {
    let mut found = BTreeSet::new();
    for source in listed {
        match is_pending(scope, source, rows) {
            Ok(true) => {
                found.insert(source.request_id);
            }
            Ok(false) => {}
            Err(error) => {
                tracing::error!(
                    access_request.id = %source.request_id,
                    error = %Chain(&error),
                    "a request is left out of a notice"
                );
            }
        }
    }
    found
}

fn is_pending(
    scope: ProjectScope,
    source: &NoticedSource,
    rows: &HashMap<Key, Attributes>,
) -> Result<bool, PortError> {
    let [request, user] = about(scope, source).map(|key| rows.get(&key).cloned());
    let Some(request) = request else {
        return Ok(false);
    };
    let request = AccessRequest::from(from_row::<AccessRequestItem>(request, "access request")?);
    if request.status() != RequestStatus::Pending {
        return Ok(false);
    }
    // By now the request belongs to another record, with which the person's was merged.
    if request.chat_user_id != source.chat_user_id {
        return Ok(true);
    }
    let user = user.map(|row| from_row::<ChatUserItem>(row, "chat user"));
    let user: Option<ChatUser> = user.transpose()?.map(Into::into);
    Ok(user.is_some_and(|user| user.block.is_none()))
}
