//! Onboarding message and approval notice in the person's language (SPEC A52).

use crate::{
    admin::{all_powers, call, project},
    connector_setup::new_project,
    world::{SAID, WELCOME, World},
};
use serde_json::{Value, json};
use vestibule_domain::{
    access::request::Verdict,
    connector::{APPROVAL_NOTICE_DEFAULT, ApprovalMode},
    language::{Language, TextVariants},
};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::{Failure, NewPerson, Platform},
};

/// Platforms that tell a person's language.
const TELLING: [Platform; 3] = [Platform::Slack, Platform::Teams, Platform::Telegram];
const WARTEN: &str = "Willkommen bei Acme. Ihre Anfrage wird geprüft.";
const FREI: &str = "Sie sind freigeschaltet.";
const AGUARDE: &str = "Seu pedido está em análise.";

fn variants<const N: usize>(texts: [(&str, &str); N]) -> TextVariants {
    let texts = texts.into_iter();
    texts
        .map(|(tag, text)| (Language::parse(tag).unwrap(), text.to_owned()))
        .collect()
}

/// A world whose connector has variants of both texts.
async fn world_on(platform: Platform) -> World {
    let mut world = World::on(platform).await;
    world
        .change_connector(|connector| {
            connector.onboarding_messages = variants([("de", WARTEN), ("pt-BR", AGUARDE)]);
            connector.after_approval.mode = ApprovalMode::Notify;
            connector.after_approval.notices = variants([("de", FREI)]);
        })
        .await;
    world
}

/// Lets somebody write whose apps are in this language.
async fn somebody_writes(world: &World, language: &str) -> String {
    let ada = NewPerson::named("Ada Lovelace").speaking(language);
    let ada = world.slack.add_person(ada);
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    ada
}

/// The texts that somebody with this language gets who writes and is approved.
async fn texts_in(platform: Platform, language: &str) -> Vec<String> {
    let mut world = world_on(platform).await;
    let ada = somebody_writes(&world, language).await;
    world.settle().await;
    assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 200);
    world.settle().await;
    world.told(&ada)
}

/// SPEC A52.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_both_texts_in_the_language_that_the_platform_tells() {
    for platform in TELLING {
        for (language, told) in [
            ("de", [WARTEN, FREI]),
            ("de-AT", [WARTEN, FREI]),
            ("pt-PT", [AGUARDE, APPROVAL_NOTICE_DEFAULT]),
        ] {
            let texts = texts_in(platform, language).await;
            assert_eq!(texts, told, "{platform:?} {language}");
        }
    }
}

/// SPEC A52.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_language_or_with_another_one_the_default_texts_are_told() {
    for platform in TELLING {
        for language in ["", "fr-FR", "Deutsch"] {
            let texts = texts_in(platform, language).await;
            let told = [WELCOME, APPROVAL_NOTICE_DEFAULT];
            assert_eq!(texts, told, "{platform:?} {language}");
        }
    }
}

/// A phone number's country is no language.
#[tokio::test(flavor = "multi_thread")]
async fn whatsapp_and_sms_tell_no_language_so_the_default_texts_are_told() {
    for platform in [Platform::Dialog360, Platform::Twilio] {
        let texts = texts_in(platform, "de").await;
        assert_eq!(texts, [WELCOME, APPROVAL_NOTICE_DEFAULT], "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_on_the_record_of_the_person() {
    for platform in TELLING {
        let mut world = World::on(platform).await;
        let ada = somebody_writes(&world, "pt-br").await;
        world.settle().await;
        let token = all_powers(&world).await;
        let path = format!(
            "{}/chat-users/{}",
            project(&world),
            world.chat_user_id(&ada)
        );
        let (status, shown) = call(&world, &token, "GET", &path, Value::Null).await;
        assert_eq!(
            (status, &shown["language"]),
            (200, &json!("pt-BR")),
            "{platform:?}: {shown}"
        );
    }
}

/// Slack's calls of these two methods, in order.
fn lookups_and_posts(world: &World) -> Vec<String> {
    let calls = world.slack.calls().into_iter().map(|call| call.method);
    calls
        .filter(|method| matches!(&**method, "users.info" | "chat.postMessage"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_is_asked_for_the_profile_first_only_if_there_are_variants_and_never_twice() {
    let mut with = world_on(Platform::Slack).await;
    somebody_writes(&with, "de").await;
    with.settle().await;
    assert_eq!(lookups_and_posts(&with), ["users.info", "chat.postMessage"]);
    let mut without = World::new().await;
    somebody_writes(&without, "de").await;
    without.settle().await;
    assert_eq!(
        lookups_and_posts(&without),
        ["chat.postMessage", "users.info"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_cannot_be_had_holds_no_text_up() {
    for failure in [
        Failure::Http { status: 503 },
        Failure::RateLimited {
            retry_after_secs: 60,
        },
    ] {
        let mut world = world_on(Platform::Slack).await;
        world.slack.fail_next("users.info", failure.clone());
        let ada = somebody_writes(&world, "de").await;
        assert!(world.work_onboarding().await);
        assert_eq!(world.told(&ada), [WELCOME], "{failure:?}");
        world.settle().await;
        world.decide(&ada, Verdict::Approve).await;
        world.settle().await;
        assert_eq!(world.told(&ada), [WELCOME, FREI], "{failure:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_anywhere_tells_one_text_and_no_second_one() {
    let places = ["users.info", "chat.postMessage"].map(|class| (class, 1));
    let writes = (1..=5).map(|at| ("DynamoDB.UpdateItem", at));
    for (class, at) in places.into_iter().chain(writes) {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            let mut world = world_on(Platform::Slack).await;
            let ada = somebody_writes(&world, "de").await;
            world.count_from_here();
            let rule = Rule::new(class, fault.clone()).from_call(at);
            let proxy = if class.starts_with("DynamoDB") {
                &world.to_db
            } else {
                &world.to_slack
            };
            proxy.inject(rule);
            world.settle().await;
            let told = world.told(&ada);
            assert_eq!(told.len(), 1, "{class} {at} {fault:?}: {told:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variants_are_created_merged_and_removed_through_the_api() {
    let world = World::new().await;
    let (token, project, environment_id) = new_project(&world).await;
    let list = format!("{project}/connectors");
    let slack = json!({
        "api_app_id": "A0NEW", "team_id": "T0NEW", "signing_secret": "canary-signing-secret-0", "bot_token": "xoxb-canary-bot-token",
    });
    let asked = json!({
        "name": "New", "provider": "slack", "environment_id": environment_id, "slack": slack,
        "onboarding_messages": {"DE": WARTEN, "pt_br": AGUARDE, "fr": null}, "approval_notices": {"de": FREI},
    });
    let (status, made) = call(&world, &token, "POST", &list, asked).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        made["onboarding_messages"],
        json!({"de": WARTEN, "pt-BR": AGUARDE})
    );
    assert_eq!(made["approval_notices"], json!({"de": FREI}));

    let path = format!("{list}/{}", made["id"].as_str().unwrap());
    let change =
        json!({"onboarding_messages": {"de": null, "it": "Attenda"}, "approval_notices": {}});
    let (status, changed) = call(&world, &token, "PATCH", &path, change).await;
    assert_eq!(status, 200, "{changed}");
    let left = json!({"it": "Attenda", "pt-BR": AGUARDE});
    assert_eq!(changed["onboarding_messages"], left);
    assert_eq!(changed["approval_notices"], json!({"de": FREI}));

    for (wrong, field) in [
        (
            json!({"onboarding_messages": {"german": "x"}}),
            "onboarding_messages.german",
        ),
        (
            json!({"approval_notices": {"pt-BR": "x", "pt_BR": "y"}}),
            "approval_notices.pt_BR",
        ),
        (
            json!({"approval_notices": {"de": "x".repeat(5000)}}),
            "approval_notices.de",
        ),
    ] {
        let (status, refused) = call(&world, &token, "PATCH", &path, wrong).await;
        assert_eq!(status, 422, "{refused}");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let none = json!({"onboarding_messages": null, "approval_notices": null});
    let (_, changed) = call(&world, &token, "PATCH", &path, none).await;
    assert_eq!(changed["onboarding_messages"], json!({}));
    assert_eq!(changed["approval_notices"], json!({}));
}
