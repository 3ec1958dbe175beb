use serde_json::{Value, json};

use super::statement::{Statement, is_like};
use super::{Judge, KeyShape, Refusal, Request, example_of};
use crate::template::Template;

/// A template with one function, whose role has these statements.
fn template(statements: &Value) -> Template {
    Template::of(json!({"Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "GlobalSecondaryIndexes": [
                {"IndexName": "due", "KeySchema": [{"AttributeName": "due_pk", "KeyType": "HASH"}]},
            ],
        }},
        "Key": {"Type": "AWS::KMS::Key"},
        "Secret": {"Type": "AWS::SecretsManager::Secret"},
        "JobsQueue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-jobs"}}},
        "WorkerFunction": {"Type": "AWS::Serverless::Function", "Properties": {
            "CodeUri": "target/lambda/worker/", "Role": {"Fn::GetAtt": "WorkerRole.Arn"},
        }},
        "WorkerRole": {"Type": "AWS::IAM::Role", "Properties": {
            "Policies": [{"PolicyDocument": {"Statement": statements}}],
        }},
    }}))
}

fn judge(statements: &Value) -> Judge {
    Judge::of(&template(statements)).unwrap()
}

fn statement(effect: &str, action: &Value, condition: &Value) -> Value {
    json!({
        "Sid": format!("{effect}It"), "Effect": effect, "Action": action,
        "Resource": {"Fn::GetAtt": "Table.Arn"}, "Condition": condition,
    })
}

fn put(key: &str) -> Request {
    Request::new("dynamodb:PutItem", "Table").of_partitions([key])
}

const NOT_ALLOWED: fn() -> Result<(), Refusal> = || {
    Err(Refusal::NotAllowed {
        role: "WorkerRole".into(),
    })
};

#[test]
fn what_no_statement_allows_is_refused() {
    let judge = judge(&json!([statement(
        "Allow",
        &json!("dynamodb:PutItem"),
        &json!({})
    )]));
    assert_eq!(judge.decide("worker", &put("a")), Ok(()));
    let get = Request::new("dynamodb:GetItem", "Table").of_partitions(["a"]);
    assert_eq!(judge.decide("worker", &get), NOT_ALLOWED());
    let elsewhere = Request {
        resource: "Table/index/due".into(),
        ..put("a")
    };
    assert_eq!(judge.decide("worker", &elsewhere), NOT_ALLOWED());
    assert_eq!(judge.decide("nobody", &put("a")), Err(Refusal::Nobody));
}

#[test]
fn a_denial_wins_over_every_permission() {
    let judge = judge(&json!([
        statement("Allow", &json!(["dynamodb:*"]), &json!({})),
        statement(
            "Deny",
            &json!("dynamodb:PutItem"),
            &json!({"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": "A#*"}})
        ),
    ]));
    let denied = Err(Refusal::Denied {
        sid: "DenyIt".into(),
    });
    assert_eq!(judge.decide("worker", &put("A#1")), denied);
    assert_eq!(judge.decide("worker", &put("B#1")), Ok(()));
    let both = Request::new("dynamodb:PutItem", "Table").of_partitions(["B#1", "A#1"]);
    assert_eq!(judge.decide("worker", &both), denied);
}

#[test]
fn a_condition_on_all_values_holds_for_none_and_one_on_any_value_does_not() {
    let conditioned = |operator: &str| {
        judge(&json!([statement(
            "Allow",
            &json!("dynamodb:PutItem"),
            &json!({operator: {"dynamodb:LeadingKeys": ["A#*", "B"]}})
        )]))
    };
    let none = Request::new("dynamodb:PutItem", "Table");
    let mixed = none.clone().of_partitions(["A#1", "C"]);
    let listed = none.clone().of_partitions(["A#1", "B"]);
    let all = conditioned("ForAllValues:StringLike");
    assert!(all.decide("worker", &none).is_ok());
    assert!(all.decide("worker", &listed).is_ok());
    assert!(all.decide("worker", &mixed).is_err());
    let any = conditioned("ForAnyValue:StringLike");
    assert!(any.decide("worker", &none).is_err());
    assert!(any.decide("worker", &mixed).is_ok());
    let none_of = conditioned("ForAllValues:StringNotLike");
    assert!(none_of.decide("worker", &listed).is_err());
    assert!(none_of.decide("worker", &put("C")).is_ok());
}

#[test]
fn an_absent_key_satisfies_if_exists_and_nothing_that_asks_for_a_value() {
    let with = |operator: &str| {
        let condition = json!({operator: {"kms:EncryptionContext:vestibule": "data-key"}});
        judge(&json!([statement(
            "Allow",
            &json!("kms:Decrypt"),
            &condition
        )]))
    };
    let without = Request::new("kms:Decrypt", "Table");
    let right = without
        .clone()
        .with_encryption_context([("vestibule", "data-key")]);
    let wrong = without
        .clone()
        .with_encryption_context([("vestibule", "other")]);
    for (operator, on_none, on_right, on_wrong) in [
        ("StringEquals", false, true, false),
        ("StringEqualsIfExists", true, true, false),
        ("StringNotEquals", true, false, true),
    ] {
        let judge = with(operator);
        let may = |request: &Request| judge.decide("worker", request).is_ok();
        let found = (may(&without), may(&right), may(&wrong));
        assert_eq!(found, (on_none, on_right, on_wrong), "{operator}");
    }
}

#[test]
fn what_a_statement_says_beyond_our_understanding_is_an_error() {
    for (broken, named) in [
        (
            json!({"Sid": "S", "Effect": "Allow", "NotAction": "a:b"}),
            "NotAction",
        ),
        (
            json!({"Sid": "S", "Effect": "Maybe", "Action": "a:b", "Resource": "*"}),
            "effect",
        ),
        (
            json!({"Sid": "S", "Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"IpAddress": {"k": "v"}}}),
            "IpAddress",
        ),
        (
            json!({"Sid": "S", "Effect": "Allow", "Action": "a:b", "Resource": {"Fn::ImportValue": "x"}}),
            "ImportValue",
        ),
    ] {
        let problem = Statement::read(&broken).unwrap_err();
        assert!(problem.contains(named), "{problem}");
    }
}

#[test]
fn patterns_cross_the_separator_and_a_question_mark_is_one_character() {
    for (pattern, text, is) in [
        ("A#*", "A#1#B#2", true),
        ("A#*#B#*", "A#1#B#", true),
        ("A#*#B", "A#1#C", false),
        ("A#??", "A#12", true),
        ("A#??", "A#123", false),
        ("A", "AA", false),
        ("*", "", true),
        ("a*", "A1", false),
        ("*ab*ab", "abab", true),
        ("*ab*ab", "abcb", false),
    ] {
        assert_eq!(is_like(pattern, text), is, "{pattern} on {text}");
    }
}

#[test]
fn every_part_of_a_transaction_is_judged_alone_and_with_those_of_its_kind() {
    let two_statements = judge(&json!([
        statement(
            "Allow",
            &json!("dynamodb:PutItem"),
            &json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "A"}})
        ),
        statement(
            "Allow",
            &json!("dynamodb:PutItem"),
            &json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "B"}})
        ),
    ]));
    let put = |key: &str| json!({"Put": {"Item": {"pk": {"S": key}}}});
    let call = json!({"TransactItems": [put("A"), put("B")]});
    let problem = two_statements
        .decide_call("worker", "DynamoDB.TransactWriteItems", &call)
        .unwrap_err();
    assert_eq!(
        problem,
        "worker may not call dynamodb:PutItem on Table for A, B: no statement of WorkerRole allows it"
    );
    let one = json!({"TransactItems": [put("A"), {"ConditionCheck": {"Key": {"pk": {"S": "A"}}}}]});
    let problem = two_statements
        .decide_call("worker", "DynamoDB.TransactWriteItems", &one)
        .unwrap_err();
    assert!(
        problem.contains("dynamodb:ConditionCheckItem on Table for A"),
        "{problem}"
    );
}

#[test]
fn calls_ask_for_what_their_bodies_name() {
    let judge = judge(&json!([{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]));
    let batch = json!({"RequestItems": {"t": {"Keys": [{"pk": {"S": "A"}}, {"pk": {"S": "B"}}]}}});
    let query = json!({
        "IndexName": "due", "KeyConditionExpression": "due_pk = :shard AND due_at <= :now",
        "ExpressionAttributeValues": {":shard": {"S": "DUE#3"}, ":now": {"N": "1"}},
    });
    let decrypt = json!({"EncryptionContext": {"vestibule": "data-key"}});
    for (operation, input, wanted) in [
        (
            "DynamoDB.BatchGetItem",
            batch,
            Request::new("dynamodb:BatchGetItem", "Table").of_partitions(["A", "B"]),
        ),
        (
            "DynamoDB.Query",
            query,
            Request::new("dynamodb:Query", "Table/index/due").of_partitions(["DUE#3"]),
        ),
        (
            "SQS.SendMessage",
            json!({"QueueUrl": "http://127.0.0.1:1/000000000000/jobs"}),
            Request::new("sqs:SendMessage", "JobsQueue"),
        ),
        (
            "KMS.Decrypt",
            decrypt,
            Request::new("kms:Decrypt", "Key").with_encryption_context([("vestibule", "data-key")]),
        ),
        (
            "SecretsManager.GetSecretValue",
            json!({"SecretId": "any"}),
            Request::new("secretsmanager:GetSecretValue", "Secret"),
        ),
    ] {
        let requests = judge.decide_call("worker", operation, &input);
        assert_eq!(requests, Ok(vec![wanted]), "{operation}");
    }
    for (operation, input) in [
        ("DynamoDB.Scan", json!({"TableName": "t"})),
        ("DynamoDB.GetItem", json!({"Key": {}})),
        (
            "DynamoDB.Query",
            json!({"KeyConditionExpression": "sk = :x"}),
        ),
        (
            "SQS.SendMessage",
            json!({"QueueUrl": "http://127.0.0.1:1/000000000000/other"}),
        ),
        ("SNS.Publish", json!({})),
    ] {
        assert!(
            judge.decide_call("worker", operation, &input).is_err(),
            "{operation}"
        );
    }
}

#[test]
fn an_audit_entry_that_could_replace_another_is_refused() {
    let judge = judge(&json!([{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]));
    let key = "ACCOUNT#01JD3Q3Z9V8M4T6K2N7P5R1S0W#AUDIT#2026-11";
    let guarded =
        json!({"Item": {"pk": {"S": key}}, "ConditionExpression": "attribute_not_exists(pk)"});
    let bare = json!({"Item": {"pk": {"S": key}}});
    let among = |put: &Value| json!({"TransactItems": [{"Put": put}]});
    let decide = |operation: &str, input: &Value| judge.decide_call("worker", operation, input);
    assert!(decide("DynamoDB.PutItem", &guarded).is_ok());
    assert!(decide("DynamoDB.TransactWriteItems", &among(&guarded)).is_ok());
    let problem = decide("DynamoDB.PutItem", &bare).unwrap_err();
    assert!(problem.contains("could replace an entry"), "{problem}");
    assert!(decide("DynamoDB.TransactWriteItems", &among(&bare)).is_err());
}

#[test]
fn the_shape_of_a_key_names_its_kind_and_an_example_of_it_has_that_shape() {
    for shape in [
        "KEYRING",
        "ACCOUNT#{id}#AUDIT#{month}",
        "ACCOUNT#{id}#PROJECT#{id}#REQUESTS#pending",
        "OUTBOX#{number}",
    ] {
        assert_eq!(KeyShape::of(&example_of(shape)).to_string(), shape);
    }
}
