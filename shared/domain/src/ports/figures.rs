//! The port of figures.

use crate::{
    PortError, ProjectScope,
    figures::{Day, FigureRow},
};
use async_trait::async_trait;

/// The reader of a project's figures. They are written with the changes that they count.
#[async_trait]
pub trait FigureReader: Send + Sync {
    /// Returns the figures of these days, with both, in any order. A day and place may come in several parts.
    async fn figures(
        &self,
        scope: ProjectScope,
        first: Day,
        last: Day,
    ) -> Result<Vec<FigureRow>, PortError>;
}
