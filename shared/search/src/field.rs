//! Texts of a record.

use crate::{Folded, fold};

/// The way in which a text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Every character counts.
    Words,
    /// The digits alone count.
    Phone,
}

/// A text of a record. Of long records only the first [`ROWS_MAX`](crate::ROWS_MAX) characters are searched, in the order
/// of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a, F> {
    /// Name of the field.
    pub name: F,
    /// The text, as it is shown.
    pub text: &'a str,
    /// The way in which it is compared.
    pub kind: FieldKind,
}

impl<'a, F> Field<'a, F> {
    /// Makes a field, of which the digits alone count if it is a phone number.
    #[must_use]
    pub fn new(name: F, text: &'a str, is_phone: bool) -> Self {
        let kind = if is_phone {
            FieldKind::Phone
        } else {
            FieldKind::Words
        };
        Self { name, text, kind }
    }

    pub(crate) fn folded(&self) -> Folded {
        match self.kind {
            FieldKind::Words => fold(self.text),
            FieldKind::Phone => fold(self.text).digits(),
        }
    }
}
