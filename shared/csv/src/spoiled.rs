//! Numbers and names that a spreadsheet spoiled. Nothing is undone: the original is not in the file.

/// Errors that a spreadsheet shows in place of a value.
const ERRORS: [&str; 8] = [
    "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#ERROR!",
];
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Whether a cell shows that a formula of the spreadsheet failed.
pub fn is_error(text: &str) -> bool {
    ERRORS.iter().any(|error| text.eq_ignore_ascii_case(error))
        || (text.len() > 2 && text.bytes().all(|byte| byte == b'#'))
}

/// Whether a long number was cut to `4.91511E+12`.
pub fn is_scientific(text: &str) -> bool {
    let text = text.strip_prefix('+').unwrap_or(text);
    let Some((number, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let (whole, part) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    [whole, part, exponent].into_iter().all(is_number)
}

/// Whether a cell was turned into a date, such as `2026-03-04`, `4.3.2026` or `4-Mar`.
pub fn is_date(text: &str) -> bool {
    let day = text.split_whitespace().next().unwrap_or_default();
    ['-', '/', '.'].into_iter().any(|separator| {
        let parts: Vec<&str> = day.split(separator).collect();
        match parts.as_slice() {
            [first, second, third] => {
                (is_year(first) && is_within(second, 12) && is_within(third, 31))
                    || (is_within(first, 31) && is_within(second, 31) && is_year(third))
                    || (is_within(first, 31) && is_month(second) && is_number(third))
            }
            [first, second] => {
                (is_within(first, 31) && is_month(second))
                    || (is_month(first) && is_within(second, 99))
            }
            _ => false,
        }
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_within(text: &str, most: u8) -> bool {
    let is_short = is_number(text) && text.len() <= 2;
    is_short
        && text
            .parse::<u8>()
            .is_ok_and(|number| (1..=most).contains(&number))
}

fn is_year(text: &str) -> bool {
    is_number(text) && (text.len() == 2 || text.len() == 4)
}

fn is_month(text: &str) -> bool {
    MONTHS.iter().any(|month| text.eq_ignore_ascii_case(month))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SPEC C61.
    #[test]
    fn numbers_that_were_cut_are_told_from_others() {
        for text in ["4.91511E+12", "4,91511e12", "+4.9E+12", "5E+10"] {
            assert!(is_scientific(text), "{text}");
        }
        for text in ["Eve", "E12", "4.9151", "4.9E", "1E-x", "", "+49 1512 E"] {
            assert!(!is_scientific(text), "{text}");
        }
    }

    /// SPEC C61.
    #[test]
    fn dates_are_told_from_numbers_and_names() {
        for text in [
            "2026-03-04",
            "4.3.2026",
            "03/04/26",
            "4-Mar",
            "Mar-26",
            "4-mar-2026",
            "04.03.2026 00:00",
        ] {
            assert!(is_date(text), "{text}");
        }
        for text in [
            "",
            "Ada",
            "Jean-Luc",
            "May",
            "May-Britt",
            "J. R. R.",
            "030-12-1234",
            "0151.23.45",
            "1-2",
            "+49-30-12",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }

    /// SPEC C61.
    #[test]
    fn errors_of_spreadsheets_are_known() {
        for text in ["#N/A", "#ref!", "#NAME?", "########"] {
            assert!(is_error(text), "{text}");
        }
        for text in ["", "#", "#1", "N/A"] {
            assert!(!is_error(text), "{text}");
        }
    }
}
