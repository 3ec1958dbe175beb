// Lambda's Runtime API for a handler, in place of aws-lambda-ric, whose package compiles a library when it is installed.
// Usage: node runtime.cjs <file with the handler>
const http = require("node:http");

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const request = http.request({ host, port, method, path: `/2018-06-01/runtime/invocation/${path}`, agent, headers }, (answer) => {
      let text = "";
      answer.on("data", (part) => {
        text += part;
      });
      answer.on("end", () => resolve({ headers: answer.headers, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function serve() {
  const { handler } = require(process.argv[2]);
  for (;;) {
    const event = await ask("GET", "next");
    const answer = JSON.stringify(await handler(JSON.parse(event.text), {}));
    await ask("POST", `${event.headers["lambda-runtime-aws-request-id"]}/response`, answer);
  }
}

serve();
