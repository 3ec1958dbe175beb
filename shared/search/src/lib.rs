//! Search by any part of a text: the rules, without storage.
//!
//! - [`fold`] brings a text into the form in which it is compared: without case, accents and widths.
//! - [`Terms`] is a query: its words, all of which must occur.
//! - [`find`] decides whether a record is a hit, and where. **It is the definition of a hit**: everything else finds
//!   the same records, faster.
//! - [`index_rows`] makes the rows of an index, one for each place of a text at which a word may begin. A word is found
//!   by the rows that begin with it: see [`Lookup`].
//!
//! # How nobody is listed twice
//!
//! The texts of a record are cut into tokens at white space, and these stand behind one another as one whole with a
//! separator between them. A row is the rest of a token from one place on, cut at [`SUFFIX_MAX_CHARS`]. If a word occurs
//! several times in the whole, the row of the first place counts alone. A row tells from which length on a word that it
//! begins with has no earlier place ([`IndexRow::from`]), so that the index itself leaves out the others; places that
//! count for no word have no row. [`first_row`] says which row counts for a record as it stands, so that a row of
//! an earlier state of the record lists nobody twice either.

mod field;
mod fold;
#[cfg(test)]
mod listing_tests;
mod record;
mod rows;
mod terms;

pub use field::{Field, FieldKind};
pub use fold::{Folded, fold};
pub use record::{Match, find};
pub use rows::{IndexRow, ROWS_MAX, Whole, first_row, index_rows};
pub use terms::{Lookup, SUFFIX_MAX_CHARS, Terms};
