//! Rules about what a caller may grant, and on whom a caller may act (SPEC D26).

use std::collections::BTreeSet;
use vestibule_admin::{
    Call, FieldErrors,
    problem::{ApiError, PERMISSIONS},
    problem_types,
};
use vestibule_domain::{
    account::permission::{NotHeld, Permission, Permissions},
    team::{client_access::ClientAccess, member::Member, role::Roles},
};

problem_types! {
    MEMBER_ABOVE = "member-above", CONFLICT, "The member holds more than the caller",
        "`permissions` lists what the member holds and the caller lacks; it is empty if the member is a super admin, or has access to clients that the caller lacks. Ask somebody who holds it.", [PERMISSIONS];
    LAST_SUPER_ADMIN = "last-super-admin", CONFLICT, "An account keeps at least one active super admin",
        "Make another member a super admin first.";
}

/// Checks that the caller may hand these permissions on.
pub fn check_grant(call: &Call, wanted: &Permissions) -> Result<(), ApiError> {
    let held = &call.caller.permissions;
    held.check_grant(wanted)
        .map_err(ApiError::permissions_not_held)
}

/// Checks that a member, or an invitee, is not above the caller.
pub fn check_member(call: &Call, roles: &Roles, member: &Member) -> Result<(), ApiError> {
    let effective = roles.effective(&member.role, &member.extra);
    let held = &call.caller.permissions;
    let above = |missing: Vec<&'static str>| {
        Err(ApiError::new(&MEMBER_ABOVE).with_member(&PERMISSIONS, missing))
    };
    if let Err(NotHeld(missing)) = held.check_act_on(&effective) {
        return above(missing.iter().map(|one| one.key()).collect());
    }
    if !call.caller.clients.covers(&member.clients) {
        return above(Vec::new());
    }
    Ok(())
}

/// Checks that the caller holds a permission that only some calls of a route need.
pub fn check_held(call: &Call, permission: Permission) -> Result<(), ApiError> {
    if call.caller.may(permission) {
        Ok(())
    } else {
        Err(ApiError::permission_missing(permission))
    }
}

/// Checks that access to clients is not more than the caller's own.
pub fn check_clients(call: &Call, wanted: &ClientAccess, errors: &mut FieldErrors) {
    if !call.caller.clients.covers(wanted) {
        errors.add(
            "clients",
            "must be clients to which the caller has access itself",
        );
    }
}

/// The permissions of a list on the wire.
pub fn set_of<P: Into<Permission>>(list: Vec<P>) -> BTreeSet<Permission> {
    list.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_each_permission_once() {
        let list = vec![Permission::AuditRead, Permission::AuditRead];
        assert_eq!(set_of(list), BTreeSet::from([Permission::AuditRead]));
    }
}
