//! Figures (SPEC E37): what was asked and decided and how long people waited, counted once, by day, client, channel and team.

use crate::{
    admin::call,
    client_access::Limited,
    lifecycle::{attribute, stranger},
    world::World,
};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_adapters::dynamo::keys;
use vestibule_domain::{
    PortError, ProjectScope,
    access::request::Verdict,
    figures::{Day, FigurePlace, FigureRow, Figures},
    ids::{ClientId, ConnectorId, ProjectId, TeamId},
    ports::{Changed, FigurePage, FigurePages, FigureReader, NextFigures, RoutingStore},
};

/// Reads figures of yesterday to tomorrow, with these filters.
async fn figures(world: &World, filters: &str) -> Value {
    let token = world.all_powers().await;
    let path = path(world, filters);
    let (status, figures) = call(world, &token, "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{figures}");
    figures
}

fn path(world: &World, filters: &str) -> String {
    let day = Duration::from_hours(24);
    let (from, to) = (
        Day::of(world.now().minus(day)),
        Day::of(world.now().plus(day)),
    );
    format!(
        "{}/figures?from={from}&to={to}{filters}",
        world.project_path()
    )
}

/// Notes a first reply as the API does.
async fn replies(world: &World, name: &str) {
    let case = world.case(name).await;
    let noted = world.routing_store().note_first_reply(&case, world.now());
    let noted = noted.await.unwrap();
    assert!(matches!(noted, Changed::Done(_)), "{noted:?}");
}

/// A conversation that waited for 45 seconds and got a reply after two minutes, both of which happened again.
async fn served() -> World {
    let mut world = World::new().await;
    world.seated("ana", 1).await;
    world.offers("one", world.demand()).await;
    world.clock.advance(Duration::from_secs(45));
    while world.work_routing().await {}
    assert!(world.holder_of("one").await.is_some());
    world.clock.advance(Duration::from_secs(75));
    replies(&world, "one").await;
    world.clock.advance(Duration::from_secs(30));
    world.requeues("one", false).await;
    world.orders_drain().await;
    while world.work_routing().await {}
    assert!(world.holder_of("one").await.is_some());
    replies(&world, "one").await;
    world
}

/// SPEC E37.
#[tokio::test(flavor = "multi_thread")]
async fn each_wait_and_each_first_reply_counts_once_with_its_client_channel_and_team() {
    let world = served().await;
    let (client, other) = (world.open.client_id, ClientId::derive(&["other"]));
    let team = TeamId::derive(&["sales"]);
    for (filters, count) in [
        (String::new(), 1),
        (format!("&client_id={client}"), 1),
        ("&channel=slack".to_owned(), 1),
        (format!("&client_id={other}"), 0),
        ("&channel=sms".to_owned(), 0),
        (format!("&team_id={team}"), 0),
    ] {
        let told = figures(&world, &filters).await;
        let total = &told["total"];
        assert_eq!(total["waiting_time"]["count"], count, "{filters}");
        assert_eq!(total["time_to_first_reply"]["count"], count, "{filters}");
        if count == 1 {
            assert_eq!(total["waiting_time"]["mean_seconds"], 45);
            assert_eq!(total["time_to_first_reply"]["mean_seconds"], 120);
        }
        let days = told["days"].as_array().unwrap();
        assert_eq!(days.len(), 3);
        let by_day = days
            .iter()
            .map(|day| day["figures"]["waiting_time"]["count"].as_u64());
        assert_eq!(by_day.flatten().sum::<u64>(), count, "{filters}");
    }
    let told = figures(&world, "").await;
    assert_eq!(told["days"][1]["date"], Day::of(world.now()).to_string());
    let ana = &told["members"][0];
    assert_eq!(
        (&ana["name"], &ana["load"], &ana["limit"]),
        (&json!("ana"), &json!(1), &json!(1))
    );
    assert_eq!(figures(&world, "&channel=sms").await["members"], json!([]));
}

/// SPEC E37.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_somebodys_decision_count_with_the_time_between_them() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let made_at = world.requests().await.remove(0).request.created_at;
    world.clock.advance(Duration::from_secs(90));
    for expected in [200, 409] {
        let answer = world.decide(&ada, Verdict::Approve).await;
        assert_eq!(answer.status, expected, "{}", answer.body);
    }
    let after = world.now().since(made_at).as_secs();
    let of_client = format!("&client_id={}", world.connector.client_id);
    for filters in ["", of_client.as_str(), "&channel=slack"] {
        let total = figures(&world, filters).await["total"].clone();
        assert_eq!(
            (&total["requests"], &total["decisions"]),
            (&json!(1), &json!(1)),
            "{filters}"
        );
        assert_eq!(
            total["time_to_decision"]["mean_seconds"], after,
            "{filters}"
        );
    }
    let elsewhere = figures(&world, "&channel=sms").await["total"].clone();
    assert_eq!(elsewhere["requests"], 0);
    let team = figures(&world, &format!("&team_id={}", TeamId::derive(&["t"]))).await;
    assert_eq!(
        (&team["total"]["requests"], &team["total"]["decisions"]),
        (&Value::Null, &Value::Null)
    );
    // The numbers of pending requests are read as before.
    let token = world.all_powers().await;
    let counts = format!("{}/access-requests/counts", world.project_path());
    let (status, counts) = call(&world, &token, "GET", &counts, Value::Null).await;
    assert_eq!(
        (status, &counts["pending"]["count"]),
        (200, &json!(0)),
        "{counts}"
    );
}

/// SPEC E37, B39.
#[tokio::test(flavor = "multi_thread")]
async fn figures_of_other_clients_are_told_to_nobody() {
    let mut world = served().await;
    stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let limited = Limited::new(&world).await;
    let path = path(&world, "");
    for answer in limited.call(&world, ("GET", &path), &Value::Null).await {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let total = &answer.body["total"];
        assert_eq!(
            (&total["requests"], &total["decisions"]),
            (&json!(0), &json!(0))
        );
        assert_eq!(total["waiting_time"]["count"], 0);
        assert_eq!(total["time_to_first_reply"]["count"], 0);
    }
}

/// SPEC E37.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_range_or_filter_is_refused_by_its_name() {
    let world = World::new().await;
    let token = world.all_powers().await;
    for (query, field) in [
        ("to=2026-11-30", "from"),
        ("from=2026-11-30&to=30.11.2026", "to"),
        ("from=2026-11-30&to=2026-11-29", "to"),
        ("from=2026-08-01&to=2026-11-30", "to"),
        ("from=2026-11-30&to=2026-11-30&client_id=acme", "client_id"),
        ("from=2026-11-30&to=2026-11-30&channel=S", "channel"),
        ("from=2026-11-30&to=2026-11-30&team_id=x", "team_id"),
    ] {
        let path = format!("{}/figures?{query}", world.project_path());
        let (status, refused) = call(&world, &token, "GET", &path, Value::Null).await;
        assert_eq!(status, 400, "{query}: {refused}");
        assert_eq!(refused["errors"][0]["field"], field, "{query}");
    }
    let nowhere = format!("/v1/projects/{}", ProjectId::derive(&["x"]));
    let path = format!("{nowhere}/figures?from=2026-11-30&to=2026-11-30");
    let (status, _) = call(&world, &token, "GET", &path, Value::Null).await;
    assert_eq!(status, 404);
}

/// SPEC E37.
#[tokio::test(flavor = "multi_thread")]
async fn figures_that_fill_several_pages_are_all_added_up() {
    let world = World::new().await;
    let day = Day::of(world.now());
    let place = FigurePlace::Connector(world.open.id);
    for row in 0..6 {
        let key = keys::figures(world.open.scope, day, &place, row);
        let stored = attribute(json!({
            "pk": key.pk, "sk": key.sk, "on_day": day.to_string(), "connector_id": world.open.id.to_string(),
            "request_count": 1, "filler": "x".repeat(300_000),
        }));
        world.db.put_raw(&stored["M"]).unwrap();
    }
    let told = figures(&world, "").await;
    assert_eq!(told["total"]["requests"], 6);
}

/// A reader of as many pages as this, each with one access request.
struct PagesOf(usize);

#[async_trait]
impl FigureReader for PagesOf {
    async fn figures(
        &self,
        _scope: ProjectScope,
        days: (Day, Day),
        behind: Option<&str>,
    ) -> Result<FigurePage, PortError> {
        let number = behind.map_or(1, |at| at.parse::<usize>().unwrap() + 1);
        let row = FigureRow {
            day: days.0,
            place: FigurePlace::Connector(ConnectorId::derive(&["k"])),
            figures: Figures::asked(),
        };
        Ok(FigurePage {
            rows: vec![row],
            behind: (number < self.0).then(|| number.to_string()),
        })
    }
}

/// SPEC E37.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_pages_of_figures_are_read_than_a_call_may() {
    let world = World::new().await;
    let today = Day::of(world.now());
    for (most, last) in [(3, NextFigures::End), (2, NextFigures::TooMany)] {
        let reader = PagesOf(3);
        let mut pages = FigurePages::new(&reader, world.open.scope, (today, today), most);
        for _ in 0..most {
            let page = pages.next_page().await.unwrap();
            assert!(
                matches!(&page, NextFigures::Rows(rows) if rows.len() == 1),
                "{page:?}"
            );
        }
        assert_eq!(pages.next_page().await.unwrap(), last, "{most}");
    }
}
