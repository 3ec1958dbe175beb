//! Holds only tests: see `flows`, `compat`, `e2e`, `template` and `bench`.

pub mod admin_functions;
pub mod aws_calls;
