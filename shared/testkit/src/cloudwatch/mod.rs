//! CloudWatch's metrics, alarms and dashboards, as far as the template uses them.
//!
//! | module | contents |
//! |---|---|
//! | [`alarm`] | when an alarm fires |
//! | [`dashboard`] | the metrics on a dashboard |
//! | `expression` | metric math |

pub mod alarm;
pub mod dashboard;
mod expression;

use serde_json::Value;
use std::collections::BTreeMap;

/// A metric: a name within a namespace, with the values of its dimensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The values of its dimensions, by name.
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// The metric with these dimensions.
    #[must_use]
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.iter().map(owned).collect(),
        }
    }
}

/// Values of metrics, each with its time in milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    values: BTreeMap<Metric, Vec<(i64, f64)>>,
}

impl Metrics {
    /// Adds a value.
    pub fn put(&mut self, metric: Metric, at_ms: i64, value: f64) {
        self.values.entry(metric).or_default().push((at_ms, value));
    }

    /// Adds the values of a line of a log, if it is one of the embedded metric format. Something may stand before it.
    ///
    /// # Errors
    /// When CloudWatch would drop a value: a member that the line announces is missing.
    pub fn read_line(&mut self, line: &str) -> Result<bool, String> {
        let json = line.find('{').and_then(|at| line.get(at..));
        let Some(Ok(line)) = json.map(serde_json::from_str::<Value>) else {
            return Ok(false);
        };
        let Some(at_ms) = line.pointer("/_aws/Timestamp").and_then(Value::as_i64) else {
            return Ok(false);
        };
        let directives = line.pointer("/_aws/CloudWatchMetrics");
        for directive in directives.map_or(&[][..], elements) {
            let namespace = directive["Namespace"].as_str().ok_or("no namespace")?;
            for metric in elements(&directive["Metrics"]) {
                let name = metric["Name"].as_str().ok_or("a metric has no name")?;
                let value = line.get(name).and_then(Value::as_f64);
                let value = value.ok_or_else(|| format!("{name} has no value"))?;
                for set in elements(&directive["Dimensions"]) {
                    let mut dimensions = Vec::new();
                    for dimension in elements(set).iter().filter_map(Value::as_str) {
                        let value = line.get(dimension).and_then(Value::as_str);
                        let value = value.ok_or_else(|| format!("{dimension} has no value"))?;
                        dimensions.push((dimension, value));
                    }
                    self.put(Metric::new(namespace, name, &dimensions), at_ms, value);
                }
            }
        }
        Ok(true)
    }

    /// Every metric that has a value.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.values.keys()
    }

    /// The times of a metric's values.
    fn times(&self, metric: &Metric) -> impl Iterator<Item = i64> {
        let values = self.values.get(metric).into_iter().flatten();
        values.map(|(at_ms, _)| *at_ms)
    }

    /// A statistic of a metric from one time until before another. `None` without a value.
    fn statistic(&self, metric: &Metric, statistic: Statistic, from: i64, to: i64) -> Option<f64> {
        let all = self.values.get(metric).into_iter().flatten();
        let within = all.filter(|(at_ms, _)| (from..to).contains(at_ms));
        let mut values: Vec<f64> = within.map(|(_, value)| *value).collect();
        values.sort_by(f64::total_cmp);
        match statistic {
            Statistic::Sum if values.is_empty() => None,
            Statistic::Sum => Some(values.iter().sum()),
            Statistic::Maximum => values.last().copied(),
            Statistic::Percentile(percent) => {
                let place = (values.len() * percent).div_ceil(100);
                values.get(place.checked_sub(1)?).copied()
            }
        }
    }
}

/// A statistic of the values in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statistic {
    Sum,
    Maximum,
    /// The value that is not exceeded by so many of a hundred.
    Percentile(usize),
}

impl Statistic {
    fn read(name: &str) -> Result<Self, String> {
        match name {
            "Sum" => Ok(Self::Sum),
            "Maximum" => Ok(Self::Maximum),
            other => {
                let percent = other.strip_prefix('p').map(str::parse);
                match percent {
                    Some(Ok(percent)) => Ok(Self::Percentile(percent)),
                    _ => Err(format!("the statistic {other} is not known here")),
                }
            }
        }
    }
}

/// The elements of an array. Other values have none.
fn elements(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_value_for_each_set_of_dimensions_and_other_lines_have_none() {
        let line = r#"test x ... {"A":2,"_aws":{"Timestamp":7,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["d"],[]],"Metrics":[{"Name":"A"}]}]},"d":"e"}"#;
        let mut metrics = Metrics::default();
        assert_eq!(metrics.read_line(line), Ok(true));
        for other in ["", "ok", "{", r#"{"level":"INFO"}"#] {
            assert_eq!(metrics.read_line(other), Ok(false), "{other}");
        }
        let mut expected = Metrics::default();
        expected.put(Metric::new("N", "A", &[]), 7, 2.0);
        expected.put(Metric::new("N", "A", &[("d", "e")]), 7, 2.0);
        assert_eq!(metrics, expected);
        let without = line.replace(r#","d":"e""#, "");
        assert!(metrics.read_line(&without).is_err());
        assert!(
            metrics
                .read_line(&line.replace("\"A\":2", "\"B\":2"))
                .is_err()
        );
    }

    #[test]
    fn statistics_are_of_the_values_within_their_time() {
        let metric = Metric::new("N", "A", &[]);
        let mut metrics = Metrics::default();
        for value in [1.0, 3.0, 2.0] {
            metrics.put(metric.clone(), 10, value);
        }
        metrics.put(metric.clone(), 20, 50.0);
        let of = |statistic, from, to| metrics.statistic(&metric, statistic, from, to);
        assert_eq!(of(Statistic::Sum, 10, 20), Some(6.0));
        assert_eq!(of(Statistic::Maximum, 10, 21), Some(50.0));
        assert_eq!(of(Statistic::Percentile(50), 10, 20), Some(2.0));
        assert_eq!(of(Statistic::Percentile(99), 10, 20), Some(3.0));
        for statistic in [
            Statistic::Sum,
            Statistic::Maximum,
            Statistic::Percentile(99),
        ] {
            assert_eq!(of(statistic, 11, 20), None);
        }
    }
}
