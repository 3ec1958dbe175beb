//! Lists: one page at a time.

/// A place in a list. Opaque outside the store that made it; bound to one list of one scope and
/// authenticated, so that it can be neither made up nor carried to another list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Maximum number of items on one page.
pub const PAGE_MAX: u16 = 100;
/// Items on a page when the caller does not say.
pub const PAGE_DEFAULT: u16 = 25;

/// A request for one page.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// 1 to [`PAGE_MAX`].
    pub limit: u16,
    /// End of the page before.
    pub cursor: Option<Cursor>,
    /// Order by creation.
    pub order: Order,
}

/// Order by creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Latest first.
    #[default]
    NewestFirst,
    /// Earliest first.
    OldestFirst,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Start of the next page; `None` on the last page.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Returns the same page with its items converted.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }
}

/// A count that stops early when the number is large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountUpTo {
    /// The number counted.
    pub count: u32,
    /// Whether there may be more than were counted.
    pub more: bool,
}

/// The reason why a list could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor was not made by this list.
    #[error("the cursor does not belong to this list")]
    InvalidCursor,
    /// The store failed.
    #[error(transparent)]
    Port(#[from] crate::PortError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_order_and_its_cursor_when_its_items_change() {
        let page = Page {
            items: vec![1, 2, 3],
            next: Some(Cursor("x".into())),
        };
        let expected = Page {
            items: vec!["1".to_owned(), "2".to_owned(), "3".to_owned()],
            next: Some(Cursor("x".into())),
        };
        assert_eq!(page.map(|item: i32| item.to_string()), expected);
    }
}
