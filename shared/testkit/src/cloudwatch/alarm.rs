//! When an alarm fires, by the rules of CloudWatch's documentation: so many of the last periods are beyond the threshold.

use super::{Metric, Metrics, Statistic, elements, expression::Expression};
use crate::template::{Resource, entries, logical_id};
use serde_json::Value;

/// The properties that have no part in when an alarm fires.
const SILENT: [&str; 2] = ["AlarmDescription", "AlarmActions"];
/// The properties that are read here.
const READ: [&str; 11] = [
    "Namespace",
    "MetricName",
    "Dimensions",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
];

/// An alarm of a template.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// Its logical id.
    pub id: String,
    /// Its threshold, above which a period is bad.
    pub threshold: f64,
    /// The length of a period.
    pub period_ms: i64,
    /// The number of periods that are looked at.
    pub periods: i64,
    /// The number of bad ones among them that make it fire.
    pub needed: usize,
    queries: Vec<Query>,
    expression: Expression,
}

/// A statistic of a metric, under an id.
#[derive(Clone, Debug)]
struct Query {
    id: String,
    metric: Metric,
    statistic: Statistic,
}

impl Alarm {
    /// Reads an alarm. The value of a dimension that is of a resource is the resource's logical id.
    ///
    /// # Errors
    /// When a property is not known here, so that nobody could say when the alarm fires.
    pub fn read(resource: Resource<'_>) -> Result<Self, String> {
        for (name, _) in entries(&resource.value["Properties"]) {
            if name != "Metrics" && !READ.contains(&name) && !SILENT.contains(&name) {
                return Err(format!("{}: {name} is not known here", resource.id));
            }
        }
        for (property, known) in [
            ("ComparisonOperator", "GreaterThanThreshold"),
            ("TreatMissingData", "notBreaching"),
        ] {
            if resource.property(property) != known {
                return Err(format!("{}: another {property}", resource.id));
            }
        }
        let number = |property: &str| {
            let value = resource.property(property).as_i64();
            value.ok_or_else(|| format!("{}: no {property}", resource.id))
        };
        let periods = number("EvaluationPeriods")?;
        let needed = number("DatapointsToAlarm").unwrap_or(periods);
        let threshold = resource.property("Threshold").as_f64();
        let (queries, expression, seconds) = if resource.property("Metrics").is_null() {
            let query = Query {
                id: "value".to_owned(),
                metric: metric(resource.value.get("Properties").unwrap_or(&Value::Null))?,
                statistic: statistic(resource)?,
            };
            let expression = Expression::Metric(query.id.clone());
            (vec![query], expression, number("Period")?)
        } else {
            math(resource)?
        };
        Ok(Self {
            id: resource.id.to_owned(),
            threshold: threshold.ok_or_else(|| format!("{}: no Threshold", resource.id))?,
            period_ms: seconds * 1000,
            periods,
            needed: usize::try_from(needed).map_err(|error| error.to_string())?,
            queries,
            expression,
        })
    }

    /// The metrics that it looks at.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.queries.iter().map(|query| &query.metric)
    }

    /// Whether it fires when it looks at the periods that are over at this time. A period without a value is a good one.
    #[must_use]
    pub fn fires_at(&self, metrics: &Metrics, now_ms: i64) -> bool {
        let end = now_ms.div_euclid(self.period_ms) * self.period_ms;
        let is_bad = |back: &i64| {
            let from = end - (back + 1) * self.period_ms;
            let of = |id: &str| {
                let query = self.queries.iter().find(|query| query.id == id)?;
                let to = from + self.period_ms;
                metrics.statistic(&query.metric, query.statistic, from, to)
            };
            let value = self.expression.value(&of);
            value.is_some_and(|value| value > self.threshold)
        };
        (0..self.periods).filter(is_bad).count() >= self.needed
    }

    /// The time at which it first fires, if it ever does.
    #[must_use]
    pub fn first_fires(&self, metrics: &Metrics) -> Option<i64> {
        let times = self.metrics().flat_map(|metric| metrics.times(metric));
        let times: Vec<i64> = times.collect();
        let (first, last) = (*times.iter().min()?, *times.iter().max()?);
        let ends = (0..).map(|number| first + number * self.period_ms);
        let mut ends = ends.take_while(|end| *end <= last + self.periods * self.period_ms);
        ends.find(|end| self.fires_at(metrics, *end))
            .map(|end| end.div_euclid(self.period_ms) * self.period_ms)
    }
}

/// The queries, the expression and the period of an alarm on metric math.
fn math(resource: Resource<'_>) -> Result<(Vec<Query>, Expression, i64), String> {
    let problem = |what: &str| format!("{}: {what}", resource.id);
    let mut queries = Vec::new();
    let mut expression: Option<Expression> = None;
    let mut period: Option<i64> = None;
    for part in elements(resource.property("Metrics")) {
        if let Some(text) = part["Expression"].as_str() {
            if expression.replace(Expression::read(text)?).is_some() {
                return Err(problem("two expressions"));
            }
            continue;
        }
        let given = &part["MetricStat"];
        let name = given["Stat"].as_str().unwrap_or_default();
        queries.push(Query {
            id: part["Id"].as_str().unwrap_or_default().to_owned(),
            metric: metric(&given["Metric"])?,
            statistic: Statistic::read(name)?,
        });
        let seconds = given["Period"].as_i64();
        if part["ReturnData"] != false || period.is_some_and(|period| Some(period) != seconds) {
            return Err(problem("several values or periods"));
        }
        period = seconds;
    }
    let expression = expression.ok_or_else(|| problem("no expression"))?;
    let period = period.ok_or_else(|| problem("no period"))?;
    Ok((queries, expression, period))
}

/// The metric of this namespace, name and dimensions.
fn metric(given: &Value) -> Result<Metric, String> {
    let (namespace, name) = (&given["Namespace"], &given["MetricName"]);
    let (Some(namespace), Some(name)) = (namespace.as_str(), name.as_str()) else {
        return Err(format!("no metric in {given}"));
    };
    let mut dimensions = Vec::new();
    for dimension in elements(&given["Dimensions"]) {
        let value = &dimension["Value"];
        let value = value.as_str().or_else(|| logical_id(value));
        let (Some(name), Some(value)) = (dimension["Name"].as_str(), value) else {
            return Err(format!("{dimension} is not known here"));
        };
        dimensions.push((name, value));
    }
    Ok(Metric::new(namespace, name, &dimensions))
}

fn statistic(resource: Resource<'_>) -> Result<Statistic, String> {
    let plain = resource.property("Statistic").as_str();
    let name = plain.or_else(|| resource.property("ExtendedStatistic").as_str());
    Statistic::read(name.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(changed: &Value) -> Result<Alarm, String> {
        let mut properties = json!({
            "Namespace": "N", "MetricName": "A", "Dimensions": [{"Name": "Q", "Value": {"Fn::GetAtt": "Queue.QueueName"}}],
            "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 5,
            "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
        });
        for (name, value) in entries(changed) {
            properties[name] = value.clone();
        }
        Alarm::read(Resource {
            id: "Alarm",
            value: &json!({"Properties": properties}),
        })
    }

    /// Values of the metric, one a minute.
    fn minutes(values: &[f64]) -> Metrics {
        let mut metrics = Metrics::default();
        let mut at_ms = 0;
        for value in values {
            metrics.put(Metric::new("N", "A", &[("Q", "Queue")]), at_ms, *value);
            at_ms += 60_000;
        }
        metrics
    }

    #[test]
    fn an_alarm_fires_once_enough_of_its_periods_are_beyond_the_threshold() {
        let alarm = read(&json!({})).unwrap();
        let cases: [(&[f64], Option<i64>); 6] = [
            (&[6.0, 6.0], Some(120_000)),
            (&[6.0, 0.0, 6.0], Some(180_000)),
            (&[6.0, 0.0, 0.0, 6.0], None),
            (&[5.0, 5.0, 5.0, 5.0], None),
            (&[6.0], None),
            (&[], None),
        ];
        for (values, fires) in cases {
            assert_eq!(alarm.first_fires(&minutes(values)), fires, "{values:?}");
        }
        let all = read(&json!({"DatapointsToAlarm": null})).unwrap();
        assert_eq!(all.first_fires(&minutes(&[6.0, 6.0])), None);
        assert!(all.fires_at(&minutes(&[6.0, 6.0, 6.0]), 180_000));
        assert!(!all.fires_at(&minutes(&[6.0, 6.0, 6.0]), 179_999));
    }

    #[test]
    fn an_alarm_on_an_expression_compares_its_value() {
        let query = |id: &str, name: &str| {
            let metric = json!({"Namespace": "N", "MetricName": name});
            json!({"Id": id, "ReturnData": false, "MetricStat": {"Metric": metric, "Stat": "Sum", "Period": 60}})
        };
        let expression = json!({"Id": "e", "Expression": "IF(a >= 2, 100 * a / b, 0)"});
        let parts = json!([expression, query("a", "A"), query("b", "B")]);
        let alarm =
            read(&json!({"Metrics": parts, "EvaluationPeriods": 1, "DatapointsToAlarm": 1}))
                .unwrap();
        let fires = |a: f64, b: f64| {
            let mut metrics = Metrics::default();
            metrics.put(Metric::new("N", "A", &[]), 1, a);
            metrics.put(Metric::new("N", "B", &[]), 1, b);
            alarm.first_fires(&metrics)
        };
        assert_eq!(fires(2.0, 39.0), Some(60_000));
        assert_eq!(fires(2.0, 40.0), None);
        assert_eq!(fires(1.0, 1.0), None);
    }

    #[test]
    fn an_alarm_of_another_form_is_refused() {
        for changed in [
            json!({"ComparisonOperator": "LessThanThreshold"}),
            json!({"TreatMissingData": "breaching"}),
            json!({"Statistic": "Average"}),
            json!({"ThresholdMetricId": "e"}),
            json!({"Metrics": [{"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(a)"}]}),
            json!({"Dimensions": [{"Name": "Q", "Value": {"Fn::ImportValue": "x"}}]}),
        ] {
            assert!(read(&changed).is_err(), "{changed}");
        }
    }
}
