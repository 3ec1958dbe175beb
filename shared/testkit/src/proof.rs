//! Two sizes of proof: what every run can afford, and the whole, which takes many times as long.
//!
//! A test that goes through a large space takes its size from [`scaled`]. `PROOF=full cargo test …` runs the whole, and so does
//! `PROOF=full make test`; everything else runs the sample. A sample is chosen, not drawn: it is the same every time.

/// Gives `full` in a run with `PROOF=full`, `sample` in any other.
///
/// # Panics
///
/// If `PROOF` has a value that means nothing, so that nobody takes a sample for the whole.
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
