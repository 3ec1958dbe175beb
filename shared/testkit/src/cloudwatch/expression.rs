//! Metric math: numbers, ids of metrics, `+ - * /`, comparisons and `IF`.

use std::collections::VecDeque;

/// Operators by rank: those of the first bind least.
const RANKS: [&[&str]; 3] = [&[">=", "<=", ">", "<"], &["+", "-"], &["*", "/"]];
/// Operators and signs, the longer ones first.
const SYMBOLS: [&str; 11] = [">=", "<=", ">", "<", "+", "-", "*", "/", "(", ")", ","];

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Number(f64),
    /// The metric with this id.
    Metric(String),
    Operation(Box<Self>, String, Box<Self>),
    /// A condition, the value if it holds, and the one if it does not.
    If(Box<[Self; 3]>),
}

impl Expression {
    /// Reads an expression.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut tokens = tokens(text)?;
        let expression = ranked(&mut tokens, 0)?;
        match tokens.front() {
            None => Ok(expression),
            Some(token) => Err(format!("{token} follows the end of {text}")),
        }
    }

    /// The value. `None` if a metric that it needs has none.
    pub(super) fn value(&self, of: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Metric(id) => of(id),
            Self::Operation(left, operator, right) => {
                calculated(left.value(of)?, operator, right.value(of)?)
            }
            Self::If(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                if condition.value(of)? > 0.0 {
                    then.value(of)
                } else {
                    otherwise.value(of)
                }
            }
        }
    }
}

fn calculated(left: f64, operator: &str, right: f64) -> Option<f64> {
    let truth = |holds: bool| f64::from(u8::from(holds));
    let value = match operator {
        ">=" => truth(left >= right),
        "<=" => truth(left <= right),
        ">" => truth(left > right),
        "<" => truth(left < right),
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        _ => left / right,
    };
    // A division by zero has no value.
    value.is_finite().then_some(value)
}

fn tokens(text: &str) -> Result<VecDeque<String>, String> {
    let is_word = |character: char| character.is_ascii_alphanumeric() || "_.".contains(character);
    let mut tokens = VecDeque::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let word = rest.find(|character: char| !is_word(character));
        let word = rest.get(..word.unwrap_or(rest.len())).unwrap_or_default();
        let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(*symbol));
        let token = match symbol {
            Some(symbol) => symbol,
            None if word.is_empty() => return Err(format!("{rest} is not known here")),
            None => word,
        };
        tokens.push_back(token.to_owned());
        rest = rest.get(token.len()..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// Reads operations of this rank and higher ones.
fn ranked(tokens: &mut VecDeque<String>, rank: usize) -> Result<Expression, String> {
    let Some(operators) = RANKS.get(rank) else {
        return atom(tokens);
    };
    let mut left = ranked(tokens, rank + 1)?;
    let is_operator = |token: &String| operators.contains(&token.as_str());
    while tokens.front().is_some_and(is_operator) {
        let operator = next(tokens)?;
        let right = ranked(tokens, rank + 1)?;
        left = Expression::Operation(Box::new(left), operator, Box::new(right));
    }
    Ok(left)
}

fn atom(tokens: &mut VecDeque<String>) -> Result<Expression, String> {
    let token = next(tokens)?;
    if token == "(" {
        let inner = ranked(tokens, 0)?;
        expect(tokens, ")")?;
        return Ok(inner);
    }
    if token == "IF" {
        expect(tokens, "(")?;
        let condition = ranked(tokens, 0)?;
        expect(tokens, ",")?;
        let then = ranked(tokens, 0)?;
        expect(tokens, ",")?;
        let otherwise = ranked(tokens, 0)?;
        expect(tokens, ")")?;
        return Ok(Expression::If(Box::new([condition, then, otherwise])));
    }
    if SYMBOLS.contains(&token.as_str()) {
        return Err(format!("{token} is where a value should be"));
    }
    let number = token.parse::<f64>();
    Ok(number.map_or(Expression::Metric(token), Expression::Number))
}

fn next(tokens: &mut VecDeque<String>) -> Result<String, String> {
    let token = tokens.pop_front();
    token.ok_or_else(|| "the expression ends early".to_owned())
}

fn expect(tokens: &mut VecDeque<String>, expected: &str) -> Result<(), String> {
    let token = next(tokens)?;
    if token == expected {
        Ok(())
    } else {
        Err(format!("{token} instead of {expected}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<f64> {
        let of = |id: &str| match id {
            "refused" => Some(30.0),
            "calls" => Some(120.0),
            "zero" => Some(0.0),
            _ => None,
        };
        Expression::read(text).unwrap().value(&of)
    }

    #[test]
    fn expressions_are_calculated_by_rank() {
        for (text, expected) in [
            ("1 + 2 * 3", Some(7.0)),
            ("(1 + 2) * 3 - 0.5", Some(8.5)),
            ("8 / 2 / 2", Some(2.0)),
            ("refused >= 30", Some(1.0)),
            ("refused > 30", Some(0.0)),
            ("IF(refused >= 20, 100 * refused / calls, 0)", Some(25.0)),
            ("IF(refused >= 31, 100 * refused / calls, 0)", Some(0.0)),
            ("refused / zero", None),
            ("refused + missing", None),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn an_expression_of_another_form_is_refused() {
        for text in [
            "",
            "1 +",
            "(1",
            "IF(1, 2)",
            "1 2",
            "FILL(m1, 0)",
            "!a",
            ", 1",
        ] {
            assert!(Expression::read(text).is_err(), "{text}");
        }
    }
}
