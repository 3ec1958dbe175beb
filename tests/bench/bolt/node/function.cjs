// A function as a team would write it with Slack's own framework: a message is claimed, its author is recorded, and a job is ordered.
const { App, AwsLambdaReceiver } = require("@slack/bolt");
const { DynamoDBClient, PutItemCommand } = require("@aws-sdk/client-dynamodb");
const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");

const TableName = process.env.TABLE_NAME;
const ConditionExpression = "attribute_not_exists(pk)";
const table = new DynamoDBClient({});
const queue = new SQSClient({ useQueueUrlAsEndpoint: false });
const receiver = new AwsLambdaReceiver({ signingSecret: process.env.SLACK_SIGNING_SECRET });
const app = new App({
  receiver,
  authorize: async () => ({ botToken: "xoxb-bench", botId: "B0BENCH", botUserId: "U0BOT" }),
});

app.event("message", async ({ event, body }) => {
  const claim = { pk: { S: `EVENT#${body.event_id}` }, sk: { S: "EVENT" }, expires_at: { N: "1" } };
  await table.send(new PutItemCommand({ TableName, ConditionExpression, Item: claim }));
  const user = { pk: { S: `USER#${event.user}` }, sk: { S: "USER" }, state: { S: "pending" } };
  await table.send(new PutItemCommand({ TableName, ConditionExpression, Item: user }));
  const QueueUrl = process.env.ONBOARDING_QUEUE_URL;
  await queue.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ user: event.user }) }));
});

exports.handler = async (event, context) => (await receiver.start())(event, context);
