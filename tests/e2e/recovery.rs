//! The way back into an account that nobody can enter any more (SPEC D30), by the two commands of the README.

use crate::{
    aws::{AwsCall, call},
    browser::Browser,
    invited::new_address,
    stack::Stack,
};
use http::Method;
use serde_json::{Value, json};
use vestibule_domain::ids::{IdSource as _, SystemIds};

const MEMBERS: (Method, &str) = (Method::GET, "/v1/members");
const RECOVER: &str = "/v1/setup/recover";

/// An account with one member and one key, both of which work.
struct Inhabited<'s> {
    stack: &'s Stack,
    account_id: String,
    owner: Browser<'s>,
    key: String,
}

impl<'s> Inhabited<'s> {
    async fn new(stack: &'s Stack) -> Self {
        let mut owner = stack.member(&new_address("owner"), "super_admin").await;
        let create = (Method::POST, "/v1/accounts");
        let account = owner.expect(create, Some(json!({"name": "Initech"}))).await;
        let account_id = account["id"].as_str().unwrap().to_owned();
        owner.switch_to(&account_id);
        let asked =
            json!({"name": "Automation", "permissions": ["members.read"], "owner": "account"});
        let create = (Method::POST, "/v1/api-keys");
        let made = owner.expect(create, Some(asked)).await;
        Self {
            stack,
            account_id,
            owner,
            key: made["key"].as_str().unwrap().to_owned(),
        }
    }

    /// The answers to its member and to its key.
    async fn answers(&mut self) -> [u16; 2] {
        let page = self.owner.call(MEMBERS, None).await;
        let answer = self.stack.call_by_key(&self.key, MEMBERS, None).await;
        [page.status, answer.status.as_u16()]
    }

    /// Deletes the rows of its member and of its key. The API leaves at least one way in.
    async fn abandon(&mut self) {
        let me = self.owner.expect((Method::GET, "/v1/me"), None).await;
        let accounts = me["accounts"].as_array().unwrap();
        let account = accounts
            .iter()
            .find(|account| account["id"] == self.account_id.as_str())
            .unwrap();
        let place = format!("ACCOUNT#{}", self.account_id);
        let member = format!("{place}#MEMBER#{}", account["member_id"].as_str().unwrap());
        let login = format!("LOGIN#{}#MEMBERS", me["login"]["id"].as_str().unwrap());
        let keys = call(
            "dynamodb",
            "query",
            json!({
                "TableName": self.stack.fact("table_name"),
                "KeyConditionExpression": "pk = :account AND begins_with(sk, :key)",
                "ExpressionAttributeValues": {":account": {"S": place}, ":key": {"S": "KEY"}},
                "ProjectionExpression": "pk, sk",
            }),
        );
        let answers = self.stack.aws(vec![keys]).await;
        let keys = answers[0]["Items"].as_array().unwrap();
        assert!(!keys.is_empty());
        let others = [row(&member, "MEMBER"), row(&login, &place)];
        let deletions = keys.iter().chain(&others).map(|key| self.deletion(key));
        self.stack.aws(deletions.collect()).await;
    }

    fn deletion(&self, key: &Value) -> AwsCall {
        let table = self.stack.fact("table_name");
        call(
            "dynamodb",
            "delete_item",
            json!({"TableName": table, "Key": key}),
        )
    }
}

fn row(pk: &str, sk: &str) -> Value {
    json!({"pk": {"S": pk}, "sk": {"S": sk}})
}

/// SPEC D30.
#[tokio::test]
#[ignore = "needs a local stack"]
async fn an_account_without_keys_and_members_is_recovered_by_a_new_value_of_the_set_up_secret() {
    let stack = Stack::load();
    let mut account = Inhabited::new(&stack).await;
    assert_eq!(account.answers().await, [200, 200]);
    account.abandon().await;
    assert_eq!(account.answers().await, [403, 401]);

    // The first command.
    let value = format!("{}{}", SystemIds.draw(), SystemIds.draw());
    let secret = stack.fact("setup_secret_arn");
    let put = json!({"SecretId": secret, "SecretString": value});
    stack
        .aws(vec![call("secretsmanager", "put_secret_value", put)])
        .await;
    // The second one. It names the account, which is not the stack's first one.
    let email = new_address("rescuer");
    let asked = json!({"setup_token": value, "email": email, "account_id": account.account_id});
    let mut rescuer = Browser::new(&stack);
    let recover = (Method::POST, RECOVER);
    let recovered = rescuer.expect(recover, Some(asked.clone())).await;
    assert_eq!(recovered["invitation_link"], Value::Null);

    let link = stack.invitation_link(&email, 0).await;
    rescuer.switch_to(&account.account_id);
    rescuer.come_in(&link, &email, "Mary").await;
    let me = rescuer.expect((Method::GET, "/v1/me"), None).await;
    assert_eq!(me["accounts"][0]["id"], account.account_id.as_str());
    assert_eq!(me["accounts"][0]["role"]["key"], "super_admin");
    rescuer.expect(MEMBERS, None).await;

    // A value counts once.
    let page = Browser::new(&stack)
        .call((Method::POST, RECOVER), Some(asked))
        .await;
    assert_eq!(page.status, 409, "{}", page.body);
    assert_eq!(page.body["type"], "/problems/setup-token-used");
}
