use super::*;
use serde_json::json;

#[test]
fn every_kind_keeps_its_name_status_and_title() {
    let told: Vec<_> = PROBLEM_TYPES
        .iter()
        .map(|kind| format!("{} {} {}", kind.uri, kind.status.as_u16(), kind.title))
        .collect();
    assert_eq!(
        told,
        [
            "/problems/malformed-body 400 The body is not a JSON object",
            "/problems/invalid-parameters 400 A query parameter or header is not valid",
            "/problems/unauthenticated 401 The call has no valid API key",
            "/problems/sign-in-again 401 The call has no session, or one that has ended",
            "/problems/permission-missing 403 The caller lacks a permission",
            "/problems/permissions-not-held 403 A caller cannot give or take what it does not hold",
            "/problems/not-a-member 403 The session does not open this account",
            "/problems/sign-in-insufficient 403 The sign-in is not enough for this call",
            "/problems/cross-site-call 403 The call does not come from a page of this site",
            "/problems/not-found 404 There is no such record",
            "/problems/no-such-route 404 There is no such address",
            "/problems/method-not-allowed 405 The address does not take this method",
            "/problems/project-archived 409 The project is archived",
            "/problems/changed-meanwhile 409 The record was changed by somebody else",
            "/problems/right-changed 409 The caller's right changed meanwhile",
            "/problems/already-a-member 409 The person is a member already",
            "/problems/too-many-accounts 409 The login is a member of too many accounts",
            "/problems/invitation-not-pending 409 The invitation is not pending",
            "/problems/unverified-login 409 The login's address is not proven",
            "/problems/precondition-failed 412 The record is not at the version named in If-Match",
            "/problems/body-too-large 413 The body is too large",
            "/problems/unsupported-media-type 415 The body is not declared as JSON",
            "/problems/validation 422 The body breaks a rule",
            "/problems/idempotency-key-reused 422 The Idempotency-Key stands for another call",
            "/problems/too-many-attempts 429 There were too many attempts",
            "/problems/internal 500 Something is wrong on our side",
            "/problems/unavailable 503 Something we need did not answer",
        ]
    );
}

#[test]
fn a_failure_behind_a_port_is_told_by_what_the_caller_can_do_about_it() {
    for (error, kind) in [
        (PortError::corrupt("row", "canary"), &INTERNAL),
        (PortError::rejected("store", "canary"), &INTERNAL),
        (PortError::unavailable("store", "canary"), &UNAVAILABLE),
        (
            PortError::Conflict { what: "connector" },
            &CHANGED_MEANWHILE,
        ),
        (CallerProof::LOST, &RIGHT_CHANGED),
    ] {
        let error = ApiError::from(error);
        assert_eq!(error.kind(), kind);
        let body = serde_json::to_string(&error.problem("id-1")).unwrap();
        assert!(!body.contains("canary"), "{body}");
        assert!(body.contains("\"request_id\":\"id-1\""), "{body}");
    }
}

#[test]
fn a_caller_is_told_to_wait_whole_seconds_and_at_least_one() {
    let told = |millis| {
        let error = ApiError::new(&UNAVAILABLE).with_retry_after(Duration::from_millis(millis));
        error.retry_after_seconds()
    };
    for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2)] {
        assert_eq!(told(millis), Some(seconds), "{millis}");
    }
    assert_eq!(ApiError::new(&UNAVAILABLE).retry_after_seconds(), None);
}

/// SPEC D26.
#[test]
fn permissions_that_are_not_held_are_named() {
    let missing = [Permission::ProjectsWrite, Permission::ChatUsersRead];
    let problem = ApiError::permissions_not_held(NotHeld(missing.into())).problem("id");
    assert_eq!(
        problem.members["permissions"],
        json!(["projects.write", "chat_users.read"])
    );
    assert!(problem.detail.contains("projects.write"));
    let all = ApiError::permissions_not_held(NotHeld([].into())).problem("id");
    assert_eq!(all.members["permissions"], json!([]));
    assert!(all.detail.contains("super admin"));
}

/// SPEC D28.
#[test]
fn a_sign_in_that_is_not_enough_is_told_what_is_missing() {
    let problem = ApiError::sign_in_insufficient(Missing::FactorSetUp).problem("id");
    assert_eq!(problem.status, 403);
    assert_eq!(problem.members["missing"], json!(["factor_set_up"]));
}

/// Such a member would stand in the body twice.
#[test]
fn no_member_has_the_name_of_one_that_every_problem_has() {
    for member in PROBLEM_TYPES.iter().flat_map(|kind| kind.members) {
        let common = ["type", "title", "status", "detail", "errors", "request_id"];
        assert!(!common.contains(&member.name), "{}", member.name);
    }
}

#[test]
fn a_problem_says_what_a_caller_needs_to_go_on() {
    let body = |error: ApiError| serde_json::to_value(error.problem("id-1")).unwrap();
    assert_eq!(
        body(ApiError::permission_missing(
            Permission::AccessRequestsDecide
        )),
        json!({
            "type": "/problems/permission-missing",
            "title": "The caller lacks a permission",
            "status": 403,
            "detail": "This call needs the permission `access_requests.decide`.",
            "permissions": ["access_requests.decide"],
            "request_id": "id-1",
        })
    );
    assert_eq!(
        body(ListError::InvalidCursor.into())["errors"][0]["field"],
        "cursor"
    );
    assert_eq!(
        body(ApiError::new(&BODY_TOO_LARGE))["detail"],
        BODY_TOO_LARGE.meaning
    );
}
