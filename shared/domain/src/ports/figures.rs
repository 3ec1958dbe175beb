//! The port of figures.

use crate::{
    PortError, ProjectScope,
    figures::{Day, FigureRow},
};
use async_trait::async_trait;
use std::fmt;

/// A page of figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigurePage {
    /// The figures.
    pub rows: Vec<FigureRow>,
    /// The place behind which the next page begins; `None` after the last one.
    pub behind: Option<String>,
}

/// The reader of a project's figures. They are written with the changes that they count.
#[async_trait]
pub trait FigureReader: Send + Sync {
    /// Returns a page of the figures of these days, with both, behind a place. A day and place may come in several parts.
    async fn figures(
        &self,
        scope: ProjectScope,
        days: (Day, Day),
        behind: Option<&str>,
    ) -> Result<FigurePage, PortError>;
}

/// The next page of a range of figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextFigures {
    /// Its rows.
    Rows(Vec<FigureRow>),
    /// There is none.
    End,
    /// There is one, behind as many as may be read.
    TooMany,
}

/// The figures of a range of days, page by page, up to a number of pages.
pub struct FigurePages<'a> {
    reader: &'a dyn FigureReader,
    scope: ProjectScope,
    days: (Day, Day),
    behind: Option<String>,
    left: u32,
    is_over: bool,
}

impl fmt::Debug for FigurePages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FigurePages").finish_non_exhaustive()
    }
}

impl<'a> FigurePages<'a> {
    /// Begins with the first page, of at most `most`.
    #[must_use]
    pub fn new(
        reader: &'a dyn FigureReader,
        scope: ProjectScope,
        days: (Day, Day),
        most: u32,
    ) -> Self {
        Self {
            reader,
            scope,
            days,
            behind: None,
            left: most,
            is_over: false,
        }
    }

    /// Reads the next page.
    pub async fn next_page(&mut self) -> Result<NextFigures, PortError> {
        if self.is_over {
            return Ok(NextFigures::End);
        }
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(NextFigures::TooMany);
        };
        self.left = left;
        let behind = self.behind.as_deref();
        let page = self.reader.figures(self.scope, self.days, behind).await?;
        self.is_over = page.behind.is_none();
        self.behind = page.behind;
        Ok(NextFigures::Rows(page.rows))
    }
}
