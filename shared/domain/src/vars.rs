//! Configuration from environment variables, with every problem reported at once.

use std::{fmt, fmt::Display, str::FromStr};

/// Reads variables and collects their problems. A missing or wrong value reads as its type's
/// default, so [`Vars::finish`] must be called before any value is used.
pub struct Vars<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl fmt::Debug for Vars<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vars")
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

/// The problems of the whole configuration, reported at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not usable: {}", problems.join("; "))]
pub struct ConfigError {
    /// One sentence per variable.
    pub problems: Vec<String>,
}

impl<'a> Vars<'a> {
    /// Makes a reader that gets variables from `get`.
    #[must_use]
    pub fn new(get: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            get,
            problems: Vec::new(),
        }
    }

    /// Reads a variable that may be missing. A blank one counts as missing.
    pub fn optional(&mut self, name: &str) -> Option<String> {
        (self.get)(name).filter(|value| !value.trim().is_empty())
    }

    /// Reads a variable that must be set.
    pub fn required(&mut self, name: &str) -> String {
        let value = self.optional(name);
        if value.is_none() {
            self.problems.push(format!("{name} is not set"));
        }
        value.unwrap_or_default()
    }

    /// Reads a variable with a rule of its own. A missing one has the default value.
    pub fn parsed<T: Default, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        let Some(text) = self.optional(name) else {
            return T::default();
        };
        parse(&text).unwrap_or_else(|error| {
            self.problems.push(format!("{name}: {error}"));
            T::default()
        })
    }

    /// Reads a variable of a type that can be parsed. A missing one has the default value.
    pub fn of<T: FromStr<Err: Display> + Default>(&mut self, name: &str) -> T {
        self.parsed(name, str::parse)
    }

    /// Reports all problems.
    pub fn finish(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError {
                problems: self.problems,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_at_once() {
        let get = |name: &str| match name {
            "COUNT" => Some("many".to_owned()),
            "BLANK" => Some("  ".to_owned()),
            "TABLE" => Some("t".to_owned()),
            _ => None,
        };
        let mut vars = Vars::new(&get);
        assert_eq!(vars.required("TABLE"), "t");
        vars.required("BLANK");
        vars.required("MISSING");
        vars.of::<u8>("COUNT");
        assert_eq!(
            vars.finish().unwrap_err().to_string(),
            "the configuration is not usable: BLANK is not set; MISSING is not set; COUNT: invalid digit found in string"
        );
    }

    #[test]
    fn values_are_read_as_set_and_missing_ones_as_defaults() {
        let get = |name: &str| (name == "COUNT").then(|| "7".to_owned());
        let mut vars = Vars::new(&get);
        assert_eq!(vars.of::<u8>("COUNT"), 7);
        assert_eq!(vars.of::<u8>("MISSING"), 0);
        assert_eq!(vars.required("COUNT"), "7");
        assert_eq!(vars.optional("COUNT").as_deref(), Some("7"));
        assert_eq!(vars.optional("MISSING"), None);
        assert_eq!(format!("{vars:?}"), "Vars { problems: [], .. }");
        assert_eq!(vars.finish(), Ok(()));
    }
}
