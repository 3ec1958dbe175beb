//! Phone numbers as people type them: reads, checks and shows them.
