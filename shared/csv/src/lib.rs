//! Files of people: reads CSV as spreadsheets write it (SPEC C61).
//!
//! Everything is read in pieces, so that a file of any size costs the memory of a piece. A cell that a spreadsheet has
//! spoiled is told, never guessed.
//!
//! | module | content |
//! |---|---|
//! | [`encoding`] | the encoding of a file |
//! | [`records`] | records and the lines on which they begin |
//! | [`columns`] | which column holds what |
//! | [`rules`] | the rules that a row can break |
//! | [`row`] | a row and the person that it makes |
//! | [`people`] | all of it, from bytes to people |
//! | `spoiled` | what spreadsheets make of numbers and names |

pub mod columns;
pub mod encoding;
pub mod people;
pub mod records;
pub mod row;
pub mod rules;
mod spoiled;
