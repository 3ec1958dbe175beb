//! Tests only: see `flows`, `e2e`, `template` and `bench`.
