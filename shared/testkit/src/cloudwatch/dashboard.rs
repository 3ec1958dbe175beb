//! The metrics on a dashboard, as CloudWatch reads its body.

use super::elements;
use crate::template::Template;
use serde_json::Value;

/// The widgets of a template's only dashboard. `None` if it has none, or several, or one that is not written as a `!Sub`.
#[must_use]
pub fn widgets(template: &Template) -> Option<Vec<Value>> {
    let dashboards = template.of_type("AWS::CloudWatch::Dashboard");
    let [dashboard] = dashboards.as_slice() else {
        return None;
    };
    let body = dashboard.property("DashboardBody").pointer("/Fn::Sub/0");
    let body = body?.as_str()?;
    let body: Value = serde_json::from_str(body).ok()?;
    Some(body.get("widgets")?.as_array()?.clone())
}

/// The metrics of a widget, without abbreviations: `.` repeats a part of the one before, and `...` its beginning. Each is
/// a namespace and a name, then names and values of dimensions in turns.
#[must_use]
pub fn metrics(widget: &Value) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    for metric in listed(widget) {
        let parts = elements(metric).iter().filter_map(Value::as_str);
        let parts: Vec<String> = parts.map(str::to_owned).collect();
        let before = all.last().cloned().unwrap_or_default();
        let whole = match parts.split_first() {
            None => continue,
            Some((first, own)) if first == "..." => {
                let kept = before.len().saturating_sub(own.len());
                let kept = before.into_iter().take(kept);
                kept.chain(own.iter().cloned()).collect()
            }
            Some(_) => {
                let written = |(place, part): (usize, String)| match part.as_str() {
                    "." => before.get(place).cloned().unwrap_or_default(),
                    _ => part,
                };
                parts.into_iter().enumerate().map(written).collect()
            }
        };
        all.push(whole);
    }
    all
}

/// The dimensions of the searches of a widget, with the namespace before them. A search shows every metric with exactly
/// these dimensions.
#[must_use]
pub fn searches(widget: &Value) -> Vec<Vec<String>> {
    let parts = listed(widget).iter().flat_map(elements);
    let texts = parts.filter_map(|part| part["expression"].as_str());
    let schemas = texts.filter_map(|text| text.split_once("SEARCH('{")?.1.split_once('}'));
    schemas
        .map(|(schema, _)| schema.split(',').map(str::to_owned).collect())
        .collect()
}

/// The metrics and searches of a widget, as they are written.
fn listed(widget: &Value) -> &[Value] {
    widget.pointer("/properties/metrics").map_or(&[], elements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn abbreviations_are_written_out() {
        let widget = json!({"properties": {"metrics": [
            ["N", "A", "d", "x"], ["...", "y"], [".", "B", ".", "."], [".", "C"], [{"expression": "SEARCH('{N,d,e}','Sum',300)"}],
        ]}});
        let expected: [&[&str]; 4] = [
            &["N", "A", "d", "x"],
            &["N", "A", "d", "y"],
            &["N", "B", "d", "y"],
            &["N", "C"],
        ];
        assert_eq!(metrics(&widget), expected);
        assert_eq!(searches(&widget), [["N", "d", "e"]]);
        assert!(metrics(&json!({"properties": {"markdown": ""}})).is_empty());
    }
}
