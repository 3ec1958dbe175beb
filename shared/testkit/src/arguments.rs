//! Command lines of the testkit's programs: pairs of `--name value`.

use std::collections::BTreeMap;

/// The options that were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(BTreeMap<String, String>);

impl Arguments {
    /// Reads pairs of `--name value`. Only names in `known` are accepted.
    ///
    /// # Errors
    /// With a sentence for the person at the terminal.
    pub fn parse(words: impl IntoIterator<Item = String>, known: &[&str]) -> Result<Self, String> {
        let mut options = BTreeMap::new();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let name = word
                .strip_prefix("--")
                .filter(|name| known.contains(name))
                .ok_or_else(|| {
                    format!("unknown option {word}; there are --{}", known.join(", --"))
                })?
                .to_owned();
            let value = words
                .next()
                .ok_or_else(|| format!("--{name} needs a value"))?;
            options.insert(name, value);
        }
        Ok(Self(options))
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a required option.
    ///
    /// # Errors
    /// With a sentence for the person at the terminal if the option is missing.
    pub fn require(&self, name: &str) -> Result<&str, String> {
        self.get(name).ok_or_else(|| format!("--{name} is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(
            line.split_whitespace().map(str::to_owned),
            &["listen", "config"],
        )
    }

    #[test]
    fn pairs_are_read_and_mistakes_are_named() {
        let arguments = parse("--listen 127.0.0.1:1 --config x.json").unwrap();
        assert_eq!(arguments.get("listen"), Some("127.0.0.1:1"));
        assert_eq!(
            parse("").unwrap().require("config").unwrap_err(),
            "--config is missing"
        );
        assert!(parse("--lisen x").unwrap_err().contains("--lisen"));
        assert!(parse("--listen").unwrap_err().contains("needs a value"));
    }
}
