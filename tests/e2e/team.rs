//! Conversations that members answer, within their limits: at a connector of the team, and after a handover by the agent.

use crate::{
    browser::Browser,
    invited::new_address,
    stack::{CANARY, Person, Place, Stack},
    waiting::{SOON, eventually},
};
use http::Method;
use serde_json::{Value, json};
use vestibule_domain::ids::{IdSource as _, SystemIds};
use vestibule_testkit::simulator::Platform;

const NOTICE: &str = "All colleagues are busy. You keep your place.";

/// An account of its own, so that nobody else's members answer, with a project whose agent is the demo agent.
struct Shop<'s> {
    stack: &'s Stack,
    owner: Browser<'s>,
    account_id: String,
    /// The path of the project.
    project: String,
    environment_id: String,
}

impl<'s> Shop<'s> {
    async fn open(stack: &'s Stack) -> Self {
        let mut owner = stack.member(&new_address("owner"), "super_admin").await;
        let create = (Method::POST, "/v1/accounts");
        let account = owner.expect(create, Some(json!({"name": "Shop"}))).await;
        let account_id = account["id"].as_str().unwrap().to_owned();
        owner.switch_to(&account_id);
        let create = (Method::POST, "/v1/projects");
        let project = owner.expect(create, Some(json!({"name": "Desk"}))).await;
        let project = format!("/v1/projects/{}", project["id"].as_str().unwrap());
        let path = format!("{project}/environments");
        let environments = owner.expect((Method::GET, &path), None).await;
        let environments = environments["items"].as_array().unwrap();
        let development = environments
            .iter()
            .find(|environment| environment["name"] == "Development")
            .unwrap();
        let environment_id = development["id"].as_str().unwrap().to_owned();
        let path = format!("{path}/{environment_id}");
        let agent = json!({
            "endpoint": format!("{}/deliveries", stack.fact("agent_url")),
            "signing_secret": stack.fact("agent_signing_secret"),
        });
        let change = Some(json!({ "agent": agent }));
        owner.expect((Method::PATCH, &path), change).await;
        Self {
            stack,
            owner,
            account_id,
            project,
            environment_id,
        }
    }

    /// A team of this name, by its id.
    async fn team(&mut self, name: &str) -> String {
        let create = (Method::POST, "/v1/teams");
        let team = self.owner.expect(create, Some(json!({"name": name}))).await;
        team["id"].as_str().unwrap().to_owned()
    }

    /// A member of a team who has at most so many conversations on Telegram.
    async fn hire(&mut self, name: &str, limit: u32, team_id: &str) -> Browser<'s> {
        let email = new_address(name);
        let work = json!({"channels": {"telegram": limit}, "teams": [team_id]});
        let asked = json!({"email": email, "name": name, "role": "agent", "work": work});
        let invite = (Method::POST, "/v1/invitations");
        self.owner.expect(invite, Some(asked)).await;
        let link = self.stack.invitation_link(&email, 0).await;
        let mut browser = Browser::new(self.stack);
        browser.switch_to(&self.account_id);
        browser.come_in(&link, &email, name).await;
        browser
    }

    /// The connector of a new bot on Telegram, with these settings, by its id.
    async fn bot(&mut self, name: &str, settings: &Value) -> String {
        let number = 8_000_000_000 + SystemIds.draw().random() % 1_000_000_000;
        let [token, secret] = [(); 2].map(|()| format!("{}{}", SystemIds.draw(), SystemIds.draw()));
        let account = json!({"bot_token": format!("{number}:{token}"), "secret_token": secret});
        let mut wanted = settings.clone();
        wanted["name"] = name.into();
        wanted["provider"] = "telegram".into();
        wanted["environment_id"] = self.environment_id.as_str().into();
        wanted["policy"] = "AllowAll".into();
        wanted["telegram"] = account.clone();
        let path = format!("{}/connectors", self.project);
        let made = self.owner.expect((Method::POST, &path), Some(wanted)).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let mut known = account;
        known["provider"] = "telegram".into();
        known["connector_id"] = id.as_str().into();
        known["name"] = name.into();
        known["policy"] = "AllowAll".into();
        known["webhook_url"] = made["webhook_url"].clone();
        self.stack.simulator_post("connectors", known).await;
        let path = format!("{path}/{id}/connect");
        let connected = self.owner.expect((Method::POST, &path), None).await;
        assert_eq!(connected["status"], "ok", "{connected}");
        id
    }

    /// The conversation of a person, once its case is in this state.
    async fn conversation(&mut self, person: &Person, state: &str) -> Value {
        let what = format!("a conversation of {} that is {state}", person.name);
        eventually(&what, SOON, async || {
            let found = self.find(person).await;
            found.filter(|found| found["case"]["state"] == state)
        })
        .await
    }

    async fn find(&mut self, person: &Person) -> Option<Value> {
        let path = format!("{}/chat-users?limit=100", self.project);
        let users = self.owner.expect((Method::GET, &path), None).await;
        let user = users["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|user| user["identifier"] == person.identifier.as_str())?;
        let id = user["id"].as_str().unwrap();
        let path = format!("{}/conversations?chat_user_id={id}", self.project);
        let found = self.owner.expect((Method::GET, &path), None).await;
        found["items"].as_array().unwrap().first().cloned()
    }

    /// The path of a conversation.
    fn path(&self, conversation: &Value) -> String {
        let id = conversation["id"].as_str().unwrap();
        format!("{}/conversations/{id}", self.project)
    }

    /// The conversations on Telegram that members have, that they can have, and that wait.
    async fn room(&mut self) -> [u64; 3] {
        let route = (Method::GET, "/v1/desks?channel=telegram");
        let desks = self.owner.expect(route, None).await;
        ["load", "limit", "waiting"].map(|number| desks["items"][0][number].as_u64().unwrap())
    }

    /// The ids of the conversations that a member has.
    async fn held_by(&self, member: &mut Browser<'_>) -> Vec<String> {
        let path = format!("{}/conversations?view=mine", self.project);
        let mine = member.expect((Method::GET, &path), None).await;
        let mine = mine["items"].as_array().unwrap().iter();
        mine.map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn said(text: &str) -> String {
    format!("{text} ({CANARY})")
}

/// Lets a member release a conversation.
async fn release(member: &mut Browser<'_>, path: &str) {
    let path = format!("{path}/release");
    let released = member.expect((Method::POST, &path), None).await;
    assert_eq!(released["case"]["state"], "released", "{released}");
}

/// Lets a member write into a conversation, in their own name.
async fn reply(member: &mut Browser<'_>, name: &str, path: &str, text: &str) {
    let path = format!("{path}/messages");
    let body = json!({"messages": [{"text": text}]});
    let written = member.expect((Method::POST, &path), Some(body)).await;
    let author = &written["messages"][0]["author"];
    assert_eq!(
        (&author["kind"], &author["name"]),
        (&json!("member"), &json!(name))
    );
}

/// SPEC E22–E24, E31, E33, E36, E39.
#[tokio::test]
#[ignore = "needs a local stack"]
async fn members_have_what_their_limits_allow_and_who_waits_gets_the_place_that_one_releases() {
    let stack = Stack::load();
    let mut shop = Shop::open(&stack).await;
    let support = shop.team("Support").await;
    let mut ana = shop.hire("Ana", 1, &support).await;
    let mut ben = shop.hire("Ben", 2, &support).await;
    let settings = json!({
        "handler": "team", "team_id": support, "shows_author": true, "queue_notice": NOTICE,
    });
    let bot = shop.bot("Team", &settings).await;

    // Assigned, with the facts, up to the limits.
    let mut held = Vec::new();
    for first_name in ["Ada", "Bea", "Cleo"] {
        let person = stack.person_on(Platform::Telegram, first_name).await;
        let text = said("where is my parcel?");
        stack.say(&person, &bot, Place::Direct, &text).await;
        let conversation = shop.conversation(&person, "assigned").await;
        let case = &conversation["case"];
        let name = case["assigned_to"]["name"].as_str().unwrap().to_owned();
        let why = case["why"]["text"].as_str().unwrap();
        let facts = format!("{name}: available, in Support, handles ");
        assert!(why.starts_with(&facts), "{why}");
        held.push((name, person, conversation));
    }
    let count = |of: &str| held.iter().filter(|(name, _, _)| name == of).count();
    assert_eq!((count("Ana"), count("Ben")), (1, 2));

    // Queued, with the reason; the person is told, and the agent is asked nothing.
    let dora = stack.person_on(Platform::Telegram, "Dora").await;
    let text = said("is anybody there?");
    stack.say(&dora, &bot, Place::Direct, &text).await;
    let waiting = shop.conversation(&dora, "waiting").await;
    let text = "2 people could take it; all are at their Telegram limit";
    let reason = json!({"code": "all_at_limit", "text": text, "fit": 2});
    assert_eq!(waiting["case"]["waits_because"], reason);
    assert_eq!(waiting["handoff"]["by"]["id"], "system");
    assert_eq!(stack.answers(&dora, &bot, 1).await, [NOTICE]);
    assert_eq!(shop.room().await, [3, 3, 1]);

    // Answered by a member, under her name.
    let of_ana = held.iter().find(|(name, _, _)| name == "Ana").unwrap();
    let (_, person, conversation) = of_ana;
    let path = shop.path(conversation);
    let mine = shop.held_by(&mut ana).await;
    assert_eq!(mine, [conversation["id"].as_str().unwrap()]);
    reply(&mut ana, "Ana", &path, &said("good morning")).await;
    let told = stack.answers(person, &bot, 1).await;
    assert_eq!(told, [format!("Ana: {}", said("good morning"))]);

    // Drained on release.
    release(&mut ana, &path).await;
    let given = shop.conversation(&dora, "assigned").await;
    assert_eq!(given["id"], waiting["id"]);
    assert_eq!(given["case"]["assigned_to"]["name"], "Ana");
    assert_eq!(given["case"]["over_limit"], false);
    assert_eq!(shop.room().await, [3, 3, 0]);
    assert_eq!(shop.held_by(&mut ben).await.len(), 2);
    stack.all_work_is_done().await;
    for person in held.iter().map(|(_, person, _)| person).chain([&dora]) {
        let asked = stack.deliveries_to_agent(person).await;
        assert_eq!(asked, [] as [Value; 0]);
    }
    stack.nobody_complains_on("telegram").await;
}

/// SPEC E24, E36, E39.
#[tokio::test]
#[ignore = "needs a local stack"]
async fn what_the_agent_hands_over_waits_for_a_member_who_answers_and_gives_it_back() {
    let stack = Stack::load();
    let mut shop = Shop::open(&stack).await;
    let support = shop.team("Support").await;
    let mut ben = shop.hire("Ben", 1, &support).await;
    let team_bot = shop.bot("Team", &json!({"handler": "team"})).await;
    let agent_bot = shop.bot("Agent", &json!({})).await;
    let ada = stack.person_on(Platform::Telegram, "Ada").await;
    let text = said("where is my parcel?");
    stack.say(&ada, &team_bot, Place::Direct, &text).await;
    let of_ada = shop.conversation(&ada, "assigned").await;

    // The agent answers, then hands over, and the conversation waits for the team that it names.
    let hedy = stack.person_on(Platform::Telegram, "Hedy").await;
    let says = async |text: &str| {
        let text = said(text);
        stack.say(&hedy, &agent_bot, Place::Direct, &text).await
    };
    says("hello").await;
    let told = stack.answers(&hedy, &agent_bot, 1).await;
    assert!(told[0].contains("I am the demo agent"), "{}", told[0]);
    says("a human, please").await;
    let told = stack.answers(&hedy, &agent_bot, 2).await;
    assert!(told[1].starts_with("A human takes over"), "{}", told[1]);
    let waiting = shop.conversation(&hedy, "waiting").await;
    assert_eq!(waiting["state"], "handed_off");
    let by = waiting["handoff"]["by"]["id"].as_str().unwrap();
    assert!(by.starts_with("agent:"), "{by}");
    assert_eq!(waiting["case"]["team"]["name"], "Support");
    let code = &waiting["case"]["waits_because"]["code"];
    assert_eq!(code, "all_at_limit");
    says("is anybody there?").await;
    stack.all_work_is_done().await;
    assert_eq!(stack.deliveries_to_agent(&hedy).await.len(), 2);

    // A member who has room again answers.
    release(&mut ben, &shop.path(&of_ada)).await;
    let given = shop.conversation(&hedy, "assigned").await;
    assert_eq!(given["case"]["assigned_to"]["name"], "Ben");
    let path = shop.path(&given);
    reply(&mut ben, "Ben", &path, &said("how can I help?")).await;
    let told = stack.answers(&hedy, &agent_bot, 3).await;
    assert_eq!(told[2], said("how can I help?"));

    // Given back, it is the agent's, which is asked about what comes next alone.
    let handoff = format!("{path}/handoff");
    let back = ben.expect((Method::DELETE, &handoff), None).await;
    assert_eq!(
        (&back["state"], &back["handoff"]),
        (&json!("open"), &Value::Null)
    );
    assert_eq!(back["case"]["state"], "released");
    assert_eq!(shop.room().await, [0, 1, 0]);
    says("and now?").await;
    let told = stack.answers(&hedy, &agent_bot, 4).await;
    assert!(told[3].contains("and now?"), "{}", told[3]);
    assert_eq!(stack.deliveries_to_agent(&hedy).await.len(), 3);
    stack.nobody_complains_on("telegram").await;
}
