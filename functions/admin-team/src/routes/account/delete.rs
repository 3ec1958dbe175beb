//! `DELETE /v1/account`: the end of an account, at the hands of a super admin (SPEC D34).

use super::read;
use crate::{Deps, by, rights::check_grant, routes::members};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    Call, FieldErrors, IfMatch, JsonBody,
    api_types::IfMatchHeader,
    log,
    problem::{ApiError, Problem, ProblemMember, RIGHT_CHANGED},
    problem_types, read_fields,
};
use vestibule_domain::{
    account::{Account, permission::Permissions, proof::CredentialId},
    event::{Change, Event},
    ids::MemberId,
    page::{Order, PAGE_MAX, PageRequest},
    ports::{AccountDeletion, MemberFilter},
    team::member::{Member, MemberStatus},
};

/// Members after whose removal no further page is looked at: what one call has time for.
const REMOVED_MAX: usize = 200;

problem_types! {
    ACCOUNT_HAS_PROJECTS = "account-has-projects", CONFLICT, "The account has projects",
        "`projects` is their number. Delete them first, with everything in them.", [PROJECTS];
    FIRST_ACCOUNT = "first-account", CONFLICT, "The stack's first account stays",
        "The set-up and the recovery of the stack lead to it. It goes with the stack.";
    NEEDS_A_SESSION = "needs-a-session", CONFLICT, "A person deletes an account",
        "A key ends with its account, before that is deleted. Sign in as a super admin.";
}

/// The member `projects` of the problem that an account has some.
const PROJECTS: ProblemMember = ProblemMember::of::<u64>("projects", "Number of projects.");

/// The deletion of an account.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Acme"}))]
pub struct DeleteAccountRequest {
    /// The account's name, as a confirmation.
    #[schema(required = true, nullable = false)]
    name: Option<String>,
}

/// The state of a deletion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"done": true}))]
pub struct DeletedAccountResponse {
    /// Whether the account is deleted. If not, it has more members and invitations than one call removes: call again.
    done: bool,
}

/// Delete the account
///
/// Deletes its API keys, members, invitations, clients, roles and login methods. Logins stay with their other accounts;
/// entries of the audit log stay until their time is over.
/// It takes a super admin's session, and an account without projects. A call that ended half way can be repeated
/// by the same person. This cannot be undone.
#[utoipa::path(
    delete,
    path = "/v1/account",
    tag = "Account",
    params(IfMatchHeader),
    request_body = DeleteAccountRequest,
    responses(
        (status = 200, description = "The account is deleted, or a part of its members is removed.", body = DeletedAccountResponse),
        (status = 409, description = "The account has projects, is the stack's first, or was changed meanwhile, or the caller is a key.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The record is not at the version in `If-Match`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_account(
    State(deps): State<Arc<Deps>>,
    call: Call,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Json<DeletedAccountResponse>, ApiError> {
    let (deps, call) = (&*deps, &call);
    let account = read(deps, call.scope()).await?;
    check_name(body.0, &account)?;
    check_grant(call, &Permissions::All)?;
    if_match.check(account.version)?;
    let last = caller(deps, call).await?;
    check_first(deps, &account).await?;
    let projects = deps.account_ends.count_projects(call.scope()).await?;
    if projects > 0 {
        return Err(has_projects(projects));
    }
    let change = Change {
        event: Event::AccountDeleted(account.id),
        before: json!({"name": account.name}),
        after: Value::Null,
    };
    let entry = call.audit(change, call.now());
    // Keys go first: no script makes anything while members go.
    deps.account_ends
        .end_keys(call.scope(), by(call, &entry))
        .await?;
    let ends = &deps.account_ends;
    let is_clear = remove_others(deps, call, last.id).await?
        && ends
            .delete_traces(call.scope(), last.id, by(call, &entry))
            .await?;
    if !is_clear {
        return Ok(Json(DeletedAccountResponse { done: false }));
    }
    let deletion = deps
        .account_ends
        .delete_account(&account, &last, by(call, &entry))
        .await?;
    match deletion {
        AccountDeletion::Done => {
            log(&entry);
            members::end::note_left(deps, &last, entry.at).await;
            Ok(Json(DeletedAccountResponse { done: true }))
        }
        AccountDeletion::HasProjects(projects) => Err(has_projects(projects)),
    }
}

fn has_projects(projects: usize) -> ApiError {
    ApiError::new(&ACCOUNT_HAS_PROJECTS).with_member(&PROJECTS, projects)
}

/// Checks that the name of the account was typed.
fn check_name(fields: Map<String, Value>, account: &Account) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    let request: DeleteAccountRequest = read_fields(fields, &mut errors);
    let name = errors.required("name", request.name);
    if name.is_some_and(|name| name != account.name) {
        errors.add("name", "must be the account's name");
    }
    errors.check_body()
}

/// The member who calls, by a session.
async fn caller(deps: &Deps, call: &Call) -> Result<Member, ApiError> {
    let is_session = matches!(call.caller.credential, CredentialId::Session(..));
    let id = call.caller.member_id.filter(|_| is_session);
    let id = id.ok_or(&NEEDS_A_SESSION)?;
    let member = deps.members.get_member(call.scope(), id).await?;
    member.ok_or_else(|| ApiError::new(&RIGHT_CHANGED))
}

/// Checks that the account is not the one that the set-up made.
async fn check_first(deps: &Deps, account: &Account) -> Result<(), ApiError> {
    let state = deps.set_up.set_up_state().await?;
    if state.is_some_and(|state| state.account_id == account.id) {
        Err(ApiError::new(&FIRST_ACCOUNT))
    } else {
        Ok(())
    }
}

/// Removes the other members, with their invitations. `false` if there are more than one call removes.
async fn remove_others(deps: &Deps, call: &Call, own: MemberId) -> Result<bool, ApiError> {
    let mut request = PageRequest {
        limit: PAGE_MAX,
        cursor: None,
        order: Order::OldestFirst,
    };
    let filter = MemberFilter::default();
    let mut removed = 0;
    loop {
        let page = deps
            .members
            .list_members(call.scope(), &filter, &request)
            .await?;
        for listed in page.items.iter().filter(|listed| listed.id != own) {
            removed += usize::from(remove(deps, call, listed.id).await?);
        }
        if page.next.is_none() {
            return Ok(true);
        }
        if removed >= REMOVED_MAX {
            return Ok(false);
        }
        request.cursor = page.next;
    }
}

/// Removes a member, unless that was done before: a list may be behind.
async fn remove(deps: &Deps, call: &Call, id: MemberId) -> Result<bool, ApiError> {
    let member = deps.members.get_member(call.scope(), id).await?;
    let Some(member) = member.filter(|member| member.status != MemberStatus::Removed) else {
        return Ok(false);
    };
    let change = (MemberStatus::Removed, Event::MemberRemoved(id));
    members::end::end(deps, call, &member, change, &[]).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{Timestamp, account::rules::AccountRules, ids::AccountId};

    /// SPEC D34.
    #[test]
    fn a_deletion_takes_the_name_as_it_is_spelled() {
        let account = Account {
            id: AccountId::derive(&["a"]),
            name: "Acme".to_owned(),
            rules: AccountRules::default(),
            version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        };
        let check = |body: Value| match body {
            Value::Object(fields) => check_name(fields, &account),
            _ => panic!("a body is an object"),
        };
        assert!(check(json!({"name": "Acme"})).is_ok());
        for (body, rule) in [
            (json!({}), "is required"),
            (json!({"name": "acme"}), "must be the account's name"),
            (json!({"name": ""}), "must be the account's name"),
        ] {
            let error = check(body).unwrap_err();
            assert_eq!(error.errors()[0].rule, rule);
        }
    }
}
