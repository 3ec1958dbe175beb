//! Each alarm of the template fires once its condition comes about, and not before (SPEC G05).
//!
//! Where a flow can cause the condition, one does: functions count, calls are refused, processes die, queues stand still
//! and give up. [`Cause`] tells of each alarm which it is.

use crate::{
    counted::{CALM, CAUSES, COUNTED, OURS},
    world::{Invoked, SAID, World},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::job::EventJob;
use vestibule_testkit::{
    cloudwatch::{Metric, Metrics, alarm::Alarm},
    events,
    fault_proxy::{Fault, Rule},
    simulator::Platform,
    template::{Function, Template},
};

const MINUTE: Duration = Duration::from_mins(1);
/// The name of the queue into which AWS puts calls of the sweeper that it could not make.
const SWEEPER_DLQ: &str = "sweeper-dlq";
/// The only function that reads nothing, and so dies at no call.
const CONSOLE: &str = "console";

/// Who causes the condition of an alarm here.
#[derive(Debug)]
enum Cause {
    /// Functions, which count it in this test.
    Counted(&'static str),
    /// The worlds of [`Seen`], where AWS would count it: calls, deaths and queues.
    Seen,
    /// Nobody, since only AWS can. Its values are made up.
    MadeUp,
}

impl Cause {
    /// The cause of each alarm. A new kind of alarm needs one.
    fn of(alarm: &Alarm, names: &Names) -> Self {
        let metric = alarm.metrics().next().unwrap();
        match (metric.namespace.as_str(), metric.name.as_str()) {
            (OURS, name) => {
                let mut causes = CAUSES.into_iter();
                let cause = causes.find(|(_, counts)| counts.contains(&name));
                let (test, _) = cause.unwrap_or_else(|| panic!("nobody counts {name}"));
                Self::Counted(test)
            }
            ("AWS/ApiGateway", "4xx" | "5xx") | ("AWS/SQS", "ApproximateAgeOfOldestMessage") => {
                Self::Seen
            }
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible") => {
                let queue = &metric.dimensions["QueueName"];
                if *queue == names.queues[SWEEPER_DLQ] {
                    Self::MadeUp
                } else {
                    Self::Seen
                }
            }
            ("AWS/Lambda", "Errors") => {
                let function = &metric.dimensions["FunctionName"];
                if *function == names.functions[CONSOLE] {
                    Self::MadeUp
                } else {
                    Self::Seen
                }
            }
            // Lambda refuses and measures invocations before and after our code.
            ("AWS/Lambda", "Throttles" | "Duration") => Self::MadeUp,
            _ => panic!("{}: nobody causes it", alarm.id),
        }
    }
}

/// The logical ids of the template's functions by folder, and of its queues by name.
struct Names {
    functions: BTreeMap<String, String>,
    queues: BTreeMap<String, String>,
}

impl Names {
    fn read() -> Self {
        let template = Template::load().unwrap();
        let functions = template.functions().into_iter();
        let function = |function: Function<'_>| {
            let folder = function.folder().unwrap().to_owned();
            (folder, function.resource.id.to_owned())
        };
        let queues = template.of_type("AWS::SQS::Queue").into_iter();
        Self {
            functions: functions.map(function).collect(),
            queues: queues
                .map(|queue| {
                    let name = queue.property("QueueName")["Fn::Sub"].as_str().unwrap();
                    let name = name.strip_prefix("${AWS::StackName}-").unwrap();
                    (name.to_owned(), queue.id.to_owned())
                })
                .collect(),
        }
    }
}

/// Every alarm, each of which tells the topic.
fn alarms() -> Vec<Alarm> {
    let template = Template::load().unwrap();
    let mut alarms = Vec::new();
    for resource in template.of_type("AWS::CloudWatch::Alarm") {
        let actions = resource.property("AlarmActions");
        assert_eq!(*actions, json!([{"Ref": "AlarmTopic"}]), "{}", resource.id);
        alarms.push(Alarm::read(resource).unwrap());
    }
    assert!(alarms.len() > 70, "{}", alarms.len());
    alarms
}

/// Counts that AWS would make of some worlds.
struct Seen {
    names: Names,
    metrics: Metrics,
}

impl Seen {
    async fn all() -> Self {
        let mut seen = Self {
            names: Names::read(),
            metrics: Metrics::default(),
        };
        for platform in Platform::ALL {
            Box::pin(seen.webhook(*platform)).await;
        }
        Box::pin(seen.workers()).await;
        Box::pin(seen.mailers()).await;
        Box::pin(seen.callers()).await;
        Box::pin(seen.queues()).await;
        seen
    }

    /// An invocation ended with its process.
    fn died(&mut self, folder: &str, world: &World) {
        let id = self.names.functions[folder].as_str();
        let errors = Metric::new("AWS/Lambda", "Errors", &[("FunctionName", id)]);
        self.metrics.put(errors, world.clock.now_ms(), 1.0);
    }

    /// The API answered a call of a webhook.
    fn answered(&mut self, world: &World, status: u16) {
        let route = format!("/webhooks/{}/{{connector_id}}", world.platform.key());
        let of_api = [("ApiId", "Api"), ("Stage", "$default")];
        let of_route = [("Method", "POST"), ("Resource", route.as_str())];
        let of_route = [of_api, of_route].concat();
        for dimensions in [of_api.as_slice(), of_route.as_slice()] {
            for (name, counts) in [
                ("Count", true),
                ("4xx", (400..500).contains(&status)),
                ("5xx", status >= 500),
            ] {
                let metric = Metric::new("AWS/ApiGateway", name, dimensions);
                let value = f64::from(u8::from(counts));
                self.metrics.put(metric, world.clock.now_ms(), value);
            }
        }
    }

    fn queue_has(&mut self, queue: &str, name: &str, value: f64, world: &World) {
        let id = self.names.queues[queue].as_str();
        let metric = Metric::new("AWS/SQS", name, &[("QueueName", id)]);
        self.metrics.put(metric, world.clock.now_ms(), value);
    }

    /// The webhook of a platform refuses unsigned calls for a quarter of an hour. Then its process dies, twice.
    async fn webhook(&mut self, platform: Platform) {
        let mut world = World::on(platform).await;
        let connector = world.connector.clone();
        let ada = world.newcomer("Ada Lovelace");
        let signed = world.says(&connector, &ada, SAID);
        let unsigned = signed.without_header(platform.proof_header());
        for _ in 0..3 {
            for _ in 0..20 {
                let status = world.webhook(&connector, &unsigned).await;
                assert!((400..500).contains(&status), "{platform:?}: {status}");
                self.answered(&world, status);
            }
            world.clock.advance(5 * MINUTE);
        }
        for _ in 0..2 {
            let request = world.says(&connector, &ada, SAID);
            kills_the_next(&world);
            let ended = world.try_webhook(&connector, &request).await;
            assert_eq!(ended, Invoked::Killed, "{platform:?}");
            self.died(&format!("webhook-{}", platform.key()), &world);
            // The API's own answer in place of the function's.
            self.answered(&world, 500);
            world.clock.advance(MINUTE);
        }
    }

    /// A function dies at its first call of the table.
    async fn kill<T>(&mut self, folder: &str, world: &World, work: impl Future<Output = T>) {
        kills_the_next(world);
        let ended = world.unless_killed(work).await;
        assert!(ended.is_none(), "{folder} ended");
        self.died(folder, world);
    }

    /// Workers of messages and events, and the sweeper, which fails for three minutes.
    async fn workers(&mut self) {
        let mut world = World::new().await;
        let [connector, open] = [world.connector.clone(), world.open.clone()];
        let [ada, bea] = ["Ada Lovelace", "Grace Hopper"].map(|name| world.newcomer(name));
        for (connector, person) in [(&connector, &ada), (&open, &bea)] {
            let hello = world.says(connector, person, SAID);
            assert_eq!(world.webhook(connector, &hello).await, 200);
        }
        world.offers("one", world.demand()).await;
        world.members_leave(world.scope.account(), &["ana"]).await;
        let event = EventJob::from(world.unpublished().remove(0));
        let event = serde_json::to_string(&event).unwrap();
        world.enqueue_raw("events", &event, "").await;
        let record = json!({
            "job": "index_record",
            "account_id": world.scope.account_id().to_string(),
            "project_id": world.scope.project_id().to_string(),
            "target": {"chat_user": world.chat_user_id(&bea).to_string()},
        });
        world.enqueue_raw("index", &record.to_string(), "").await;
        for (folder, queue) in [
            ("worker-onboarding", "onboarding"),
            ("worker-routing", "routing.fifo"),
            ("worker-events", "events"),
            ("worker-index", "index"),
        ] {
            self.kill(folder, &world, world.work_on(queue)).await;
            world.restart();
        }
        assert!(world.work_on("inbox.fifo").await);
        let sending = world.work_on("outgoing");
        self.kill("worker-outgoing", &world, sending).await;
        world.restart();
        let again = world.says(&open, &bea, "one");
        assert_eq!(world.webhook(&open, &again).await, 200);
        let delivering = world.work_on("inbox.fifo");
        self.kill("worker-delivery", &world, delivering).await;
        world.restart();
        for _ in 0..3 {
            let sweeping = Box::pin(sweeper::sweep(&world.functions.sweeper));
            self.kill("sweeper", &world, sweeping).await;
            world.restart();
            world.clock.advance(MINUTE);
        }
    }

    /// The functions on the way of the first admin's invitation.
    async fn mailers(&mut self) {
        let mut world = World::new().await;
        world.names_first_admin();
        assert!(world.sweep().await);
        self.kill("worker-team", &world, world.work_on("team"))
            .await;
        world.restart();
        world.clock.advance(5 * MINUTE);
        assert!(world.run_team().await);
        self.kill("worker-email", &world, world.work_on("email"))
            .await;
        world.restart();
        let delivered = events::load("ses", "delivery").unwrap();
        let queue = "email-events";
        world.enqueue_raw(queue, delivered.body(), "").await;
        self.kill(queue, &world, world.work_on(queue)).await;
        world.restart();
    }

    /// The functions behind the admin API.
    async fn callers(&mut self) {
        let mut world = World::new().await;
        let token = world.all_powers().await;
        let person = world.person("super_admin").await;
        let project = world.project_path();
        for (folder, path) in [
            ("admin-access", project.clone()),
            ("admin-conversations", "/v1/desks".to_owned()),
            ("admin-team", "/v1/members".to_owned()),
            ("admin-users", format!("{project}/end-users")),
        ] {
            let call = world.call(&token, ("GET", &path), Value::Null, &[]);
            self.kill(folder, &world, Box::pin(call)).await;
            world.restart();
        }
        let call = world.call_as(&person, ("GET", "/v1/me"), Value::Null, &[]);
        self.kill("auth", &world, Box::pin(call)).await;
        world.restart();
    }

    /// Each queue has a message, and no worker comes for nine minutes. Then its worker cannot read it, and it becomes a
    /// dead letter.
    async fn queues(&mut self) {
        let mut world = World::new().await;
        let names = self.names.queues.keys().cloned();
        let (dead, alive): (Vec<String>, Vec<String>) = names
            .filter(|name| name != SWEEPER_DLQ)
            .partition(|name| name.contains("-dlq"));
        assert_eq!(dead.len(), alive.len());
        for queue in &alive {
            world.enqueue_raw(queue, "not json", "unreadable").await;
        }
        for _ in 0..9 {
            for queue in &alive {
                let oldest = world.aws.messages(queue).remove(0).sent_ms;
                let age = (world.clock.now_ms() - oldest) / 1000;
                let age = f64::from(i32::try_from(age).unwrap());
                self.queue_has(queue, "ApproximateAgeOfOldestMessage", age, &world);
            }
            world.clock.advance(MINUTE);
        }
        world.expect_dead_letters(dead.len());
        // More than the attempts of any queue, and after the longest wait between two of them.
        for _ in 0..8 {
            for queue in &alive {
                while world.work_on(queue).await {}
            }
            world.clock.advance(60 * MINUTE);
        }
        for queue in &dead {
            let letters = u32::try_from(world.aws.messages(queue).len()).unwrap();
            let metric = "ApproximateNumberOfMessagesVisible";
            self.queue_has(queue, metric, f64::from(letters), &world);
        }
    }
}

/// Lets the process die that calls the table next.
fn kills_the_next(world: &World) {
    world.count_from_here();
    world
        .to_db
        .inject(Rule::new("DynamoDB.*", Fault::KillBefore));
}

/// Values of an alarm's only metric, one for each period.
fn made_up(alarm: &Alarm, values: &[f64]) -> Metrics {
    let mut metrics = Metrics::default();
    let metric = alarm.metrics().next().unwrap();
    let mut at_ms = 0;
    for value in values {
        metrics.put(metric.clone(), at_ms, *value);
        at_ms += alarm.period_ms;
    }
    metrics
}

/// SPEC G05.
#[tokio::test(flavor = "multi_thread")]
async fn each_alarm_fires_from_its_cause() {
    let seen = Box::pin(Seen::all()).await;
    for alarm in alarms() {
        let cause = Cause::of(&alarm, &seen.names);
        let fired = match cause {
            Cause::Counted(test) => alarm.first_fires(&COUNTED[test]),
            Cause::Seen => alarm.first_fires(&seen.metrics),
            Cause::MadeUp => {
                let bad = alarm.threshold + 1.0;
                alarm.first_fires(&made_up(&alarm, &vec![bad; alarm.needed]))
            }
        };
        assert!(fired.is_some(), "{}: {cause:?}", alarm.id);
    }
}

#[test]
fn no_alarm_fires_while_nothing_is_wrong() {
    for alarm in alarms() {
        assert_eq!(alarm.first_fires(&COUNTED[CALM]), None, "{}", alarm.id);
        assert!(!alarm.fires_at(&Metrics::default(), 0), "{}", alarm.id);
    }
}

#[test]
fn no_alarm_fires_just_below_its_condition() {
    let mut checked = 0;
    for alarm in alarms() {
        if alarm.metrics().count() == 1 {
            let periods = usize::try_from(alarm.periods).unwrap();
            let (limit, bad) = (alarm.threshold, alarm.threshold + 1.0);
            let good = vec![limit; periods];
            let too_few = [vec![bad; alarm.needed - 1], good].concat();
            let enough = vec![bad; alarm.needed];
            let fired = |values: &[f64]| alarm.first_fires(&made_up(&alarm, values));
            assert_eq!(fired(&too_few), None, "{}", alarm.id);
            assert!(fired(&enough).is_some(), "{}", alarm.id);
            checked += 1;
        }
    }
    assert!(checked > 60, "{checked}");
}

#[test]
fn slow_requests_fire_their_alarm_once_they_are_more_than_one_in_a_hundred_for_ten_minutes() {
    let mut checked = 0;
    for alarm in alarms() {
        let metric = alarm.metrics().next().unwrap();
        if metric.name != "Duration" {
            continue;
        }
        let fired = |slow: u32, periods: i64| {
            let mut metrics = Metrics::default();
            for period in 0..periods {
                for number in 0..100 {
                    let duration = if number < slow { 1001.0 } else { 1000.0 };
                    metrics.put(metric.clone(), period * alarm.period_ms, duration);
                }
            }
            alarm.first_fires(&metrics)
        };
        assert_eq!(fired(1, 2), None, "{}", alarm.id);
        assert_eq!(fired(2, 1), None, "{}", alarm.id);
        assert_eq!(fired(2, 2), Some(600_000), "{}", alarm.id);
        checked += 1;
    }
    assert_eq!(checked, Platform::ALL.len());
}

#[test]
fn refusals_fire_their_alarm_once_they_are_twenty_and_more_than_one_in_five_for_a_quarter_of_an_hour()
 {
    let mut checked = 0;
    for alarm in alarms() {
        let metrics: Vec<&Metric> = alarm.metrics().collect();
        let [refused, calls] = metrics[..] else {
            continue;
        };
        assert_eq!((&*refused.name, &*calls.name), ("4xx", "Count"));
        let fired = |refusals: f64, all: f64, periods: i64| {
            let mut metrics = Metrics::default();
            for period in 0..periods {
                let at_ms = period * alarm.period_ms;
                metrics.put(refused.clone(), at_ms, refusals);
                metrics.put(calls.clone(), at_ms, all);
            }
            alarm.first_fires(&metrics)
        };
        assert_eq!(fired(19.0, 19.0, 3), None, "{}", alarm.id);
        assert_eq!(fired(20.0, 100.0, 3), None, "{}", alarm.id);
        assert_eq!(fired(21.0, 100.0, 2), None, "{}", alarm.id);
        assert_eq!(fired(21.0, 100.0, 3), Some(900_000), "{}", alarm.id);
        checked += 1;
    }
    assert_eq!(checked, Platform::ALL.len());
}
