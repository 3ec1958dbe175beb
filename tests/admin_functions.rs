//! The admin functions, for every test that goes through all of them. A new one needs a line here.

use axum::Router;
use std::error::Error;
use vestibule_admin::{openapi::FunctionApi, routes::Route};
use vestibule_coldstart::Adapters;

/// An admin function.
#[derive(Debug, Clone, Copy)]
pub struct AdminFunction {
    /// Its folder under `functions/`.
    pub folder: &'static str,
    /// Lists its routes, each with the access it requires.
    pub table: fn() -> Vec<Route>,
    /// Makes its part of the OpenAPI document.
    pub openapi: fn() -> FunctionApi,
    /// Starts a sandbox over these adapters.
    pub start: fn(&mut Adapters<'_>) -> Result<Router, Box<dyn Error>>,
}

/// Every admin function.
pub const ADMIN_FUNCTIONS: [AdminFunction; 5] = [
    AdminFunction {
        folder: "admin-access",
        table: admin_access::table,
        openapi: admin_access::openapi,
        start: |adapters| Ok(admin_access::router(admin_access::wire(adapters)?)),
    },
    AdminFunction {
        folder: "admin-conversations",
        table: admin_conversations::table,
        openapi: admin_conversations::openapi,
        start: |adapters| {
            let deps = admin_conversations::wire(adapters)?;
            Ok(admin_conversations::router(deps))
        },
    },
    AdminFunction {
        folder: "admin-team",
        table: admin_team::table,
        openapi: admin_team::openapi,
        start: |adapters| Ok(admin_team::router(admin_team::wire(adapters)?)),
    },
    AdminFunction {
        folder: "admin-users",
        table: admin_users::table,
        openapi: admin_users::openapi,
        start: |adapters| Ok(admin_users::router(admin_users::wire(adapters))),
    },
    AdminFunction {
        folder: "auth",
        table: auth::table,
        openapi: auth::openapi,
        start: |adapters| Ok(auth::router(auth::wire(adapters)?)),
    },
];

/// The routes of all admin functions.
#[must_use]
pub fn table() -> Vec<Route> {
    ADMIN_FUNCTIONS
        .iter()
        .flat_map(|function| (function.table)())
        .collect()
}
