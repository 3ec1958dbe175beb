//! Two sizes for long proofs: a sample for every run, and the full proof, which takes many times as long.
//!
//! A test of a large space takes its size from [`scaled`]. `PROOF=full cargo test …` and
//! `PROOF=full make test` run the full proof. The sample is the same every time.

/// Returns `full` with `PROOF=full`, and `sample` otherwise.
///
/// # Panics
///
/// If `PROOF` has an unknown value, so that nobody mistakes a sample for the full proof.
#[must_use]
pub fn scaled<T>(sample: T, full: T) -> T {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a test's size is read"
    )]
    let size = std::env::var("PROOF").unwrap_or_default();
    match size.as_str() {
        "" | "sample" => sample,
        "full" => full,
        _ => unknown(&size),
    }
}

#[expect(clippy::panic, reason = "a test fails by panicking")]
fn unknown(size: &str) -> ! {
    panic!("PROOF={size} is unknown: it is full, or not set")
}
