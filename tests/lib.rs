//! Holds only tests: see `flows`, `compat`, `e2e`, `template` and `bench`.

pub mod aws_calls;
