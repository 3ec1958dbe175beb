// The page of the simulator. Everything that people or apps wrote goes in as text, never as markup.

const $ = (id) => document.getElementById(id);

const ABOUT_POLICY = {
  AllowAll: "Open: everybody who writes reaches the agent.",
  OnBoarding: "Strangers get the onboarding message and wait until an admin approves them.",
  AllowList: "Only people who are already allowed get through; others hear nothing.",
};
const COMMON_FAILURES = [
  ["rate limit, 30 seconds", { kind: "rate_limited", retry_after_secs: 30 }],
  ["HTTP 503", { kind: "http", status: 503 }],
];
const LOST_FAILURES = [
  ["no answer, not done", { kind: "stall" }],
  ["no answer, but done", { kind: "stall_after" }],
  ["connection lost, not done", { kind: "reset_before" }],
  ["connection lost, but done", { kind: "reset_after" }],
];
const WHATSAPP_SHOWS = { phone: "the number", both: "number and scoped id", bsuid: "the scoped id only" };
const POLICY_WORDS = { AllowAll: "open", OnBoarding: "asks first", AllowList: "by list" };
const FAILURE_WORDS = {
  http_timeout: "No answer in time",
  connection_failed: "No connection",
  http_error: "Refused",
  unknown_error: "Could not be sent",
};
const state = {
  revision: null,
  /** Differences between the platforms, as the simulator tells them: names, places to write, calls that can be made to fail, colours. */
  platforms: {},
  /** Items that can be sent besides words: label and item. */
  items: [],
  apps: [],
  people: [],
  messages: [],
  me: localStorage.getItem("person"),
  app: localStorage.getItem("app"),
  place: localStorage.getItem("place") ?? "im",
  thread: null,
  /** Whether the conversation was on screen before, so that what is new may be seen to arrive. */
  settled: false,
};

// ---- small tools

function make(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

async function call(method, path, body) {
  const answer = await fetch(`/_control/${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  let value = {};
  try { value = text ? JSON.parse(text) : {}; } catch { value = { error: text }; }
  if (!answer.ok) throw new Error(value.error ?? `HTTP ${answer.status}`);
  return value;
}

const time = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const preciseTime = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false });
const NO_PLATFORM = { name: "…", places: [], items: [], methods: [], errors: [], switches: [], controls: [], retries: [], colours: [] };
const platformOf = (thing) => state.platforms[thing?.provider] ?? NO_PLATFORM;
const placesOf = (app) => Object.fromEntries(platformOf(app).places);
const currentApp = () => state.apps.find((app) => app.connector_id === state.app);
const person = (id) => state.people.find((one) => one.id === id);
const nameOf = (one) => one.display_name || one.name;

/** Puts `items` into `parent`, keeping the nodes whose content did not change: focus and screen readers stay where they are. */
function reconcile(parent, items, keyOf, build) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let previous = null;
  for (const item of items) {
    const key = keyOf(item);
    const version = JSON.stringify(item);
    let node = known.get(key);
    if (node && node.dataset.version === version) {
      known.delete(key);
    } else {
      const fresh = build(item, node);
      fresh.dataset.key = key;
      fresh.dataset.version = version;
      if (node) { node.replaceWith(fresh); known.delete(key); }
      node = fresh;
    }
    const place = previous ? previous.nextSibling : parent.firstChild;
    if (place !== node) parent.insertBefore(node, place);
    previous = node;
  }
  for (const gone of known.values()) gone.remove();
}

// ---- Slack's text: `&amp;`, `<@U…>`, `<https://…|label>`

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

function rich(message) {
  const { text } = message;
  if (!platformOf(message).is_mrkdwn) return [text];
  return text.split(/(<[^<>]+>)/).filter(Boolean).map((part) => {
    const token = part.match(/^<([^<>]+)>$/);
    if (!token) return unescape(part);
    const [target, label] = token[1].split("|");
    if (target.startsWith("@")) {
      const id = target.slice(1);
      const app = state.apps.find((one) => one.bot_user_id === id);
      const name = app?.name ?? (person(id) ? nameOf(person(id)) : (label ?? id));
      return make("span", { class: "mention" }, `@${name}`);
    }
    if (target.startsWith("!")) return make("span", { class: "mention" }, `@${label ?? target.slice(1)}`);
    if (/^https?:\/\//.test(target)) {
      return make("a", { href: unescape(target), rel: "noopener noreferrer", target: "_blank" }, unescape(label ?? target));
    }
    // A link that Slack made of an address or a number is shown, but not followed from here.
    if (/^(mailto|tel):/.test(target)) return unescape(label ?? target.slice(target.indexOf(":") + 1));
    return unescape(part);
  });
}

// ---- who and where

function showPeople() {
  const select = $("person");
  const wanted = state.people.map((one) => `${one.id} ${one.name}`).join("\n");
  if (select.dataset.version !== wanted) {
    select.replaceChildren(...state.people.map((one) => make("option", { value: one.id }, one.name)));
    select.dataset.version = wanted;
  }
  if (!person(state.me)) state.me = state.people[0]?.id ?? null;
  select.value = state.me ?? "";
  select.disabled = state.people.length === 0;
  const avatar = person(state.me)?.avatar;
  $("me-avatar").hidden = !avatar;
  if (avatar && $("me-avatar").getAttribute("src") !== avatar) $("me-avatar").src = avatar;
}

/** Gives something the colours of an app's platform. */
function dress(node, app) {
  for (const [index, property] of ["--accent", "--mine"].entries()) {
    const pair = platformOf(app).colours[index];
    if (pair) node.style.setProperty(property, `light-dark(${pair.join(", ")})`);
    else node.style.removeProperty(property);
  }
}

function showApps() {
  if (!currentApp()) state.app = state.apps[0]?.connector_id ?? null;
  if (currentApp() && !(state.place in placesOf(currentApp()))) state.place = "im";
  dress(document.body, currentApp());
  const items = state.apps.map(({ people, ...app }) => ({ ...app, chosen: app.connector_id === state.app ? state.place : null }));
  reconcile($("apps"), items, (app) => app.connector_id, (app, before) => {
    const focused = before?.contains(document.activeElement) ? document.activeElement.dataset.place : null;
    const place = (value, label) => make("button", {
      class: "ghost", type: "button", "aria-pressed": String(app.chosen === value),
      "data-place": value, "aria-label": `${label} – ${app.name}`,
      onclick: () => choose({ app: app.connector_id, place: value }),
    }, label);
    const item = make("li", { class: "app" },
      make("div", { class: "app-head" },
        make("span", { class: "grow" }, app.name),
        app.policy ? make("span", { class: `chip ${app.policy}`, title: app.policy }, POLICY_WORDS[app.policy] ?? app.policy) : null),
      app.name.includes(platformOf(app).name) ? null : make("div", { class: "platform" }, platformOf(app).name),
      make("div", { class: "places" }, ...platformOf(app).places.map(([value, label]) => place(value, label))));
    dress(item, app);
    if (focused) queueMicrotask(() => item.querySelector(`[data-place="${focused}"]`)?.focus());
    return item;
  });
}

function choose(change) {
  Object.assign(state, change, { thread: null });
  for (const [key, value] of [["person", state.me], ["app", state.app], ["place", state.place]]) {
    if (value) localStorage.setItem(key, value);
  }
  state.messages = [];
  showEverything();
  showChosenApp();
  loadMessages();
}

function showChosenApp() {
  document.querySelector('.places [aria-pressed="true"]')?.closest(".app").scrollIntoView({ block: "nearest", inline: "nearest" });
}

// ---- the conversation

function shownMessages() {
  const app = currentApp();
  if (!app) return [];
  return state.messages.filter((message) => message.connector_id === app.connector_id && message.place === state.place);
}

function deliveryLines(message) {
  const lines = [];
  // A delivery that came before the message, and went well, is not worth a line.
  const isQuiet = (one) => ["installationUpdate", "conversationUpdate"].includes(one.kind) && one.state === "accepted";
  const worthSaying = (message.deliveries ?? []).filter((one) => !isQuiet(one));
  for (const delivery of worthSaying) {
    const last = delivery.attempts.at(-1);
    const { name: sender, retries } = platformOf(delivery);
    const next = retries[delivery.attempts.length] ?? "";
    const tries = delivery.attempts.length;
    const what = worthSaying.length > 1 ? `${delivery.kind}: ` : "";
    const again = tries > 1 ? ` after ${tries} attempts` : "";
    const why = last ? `${FAILURE_WORDS[last.failure] ?? ""}${last.status ? ` with ${last.status}` : ""}` : "";
    const label = {
      waiting: "Sending…",
      accepted: `✓ Accepted${last?.status ? ` · ${last.status}` : ""}${last ? ` in ${last.duration_ms} ms` : ""}${again}`,
      retrying: `↻ ${why}${again}; ${sender} tries again ${next}`,
      given_up: `✕ ${why}${again}; ${sender} has given up`,
    }[delivery.state];
    lines.push(make("div", { class: "state" }, make("span", { class: delivery.state, title: delivery.event_id }, what + label), make("button", {
      class: "link", type: "button", title: `${sender} delivers the same event once more, as it does when an answer got lost`,
      onclick: () => redeliver(delivery.event_id),
    }, "Deliver again")));
  }
  return lines;
}

function bubble(message, before) {
  const mine = message.author.person === state.me;
  const arriving = state.settled && !before ? " arriving" : "";
  const app = currentApp();
  const writer = message.author.person ? person(message.author.person) : null;
  const name = writer ? nameOf(writer) : (app?.name ?? "App");
  const picture = writer
    ? make("img", { class: "avatar", src: writer.avatar, alt: "", width: 36, height: 36 })
    : make("span", { class: "avatar robot", "aria-hidden": "true" }, (app?.name ?? "A").trim().slice(0, 1).toUpperCase());
  const body = make("div", {},
    make("div", { class: "meta" },
      make("strong", {}, mine ? "You" : name),
      writer ? null : make("span", { class: "chip" }, "app"),
      make("time", { dateTime: new Date(message.at_ms).toISOString(), title: message.ts }, time(message.at_ms)),
      message.thread_ts ? make("span", {}, "↳ in a thread") : null),
    make("div", { class: "bubble", dir: "auto" }, ...rich(message)),
    message.only_visible_to ? make("div", { class: "eyes" }, "◉ Only visible to you") : null,
    ...(mine ? deliveryLines(message) : []),
    make("button", {
      class: "link", type: "button", title: "Reply in the thread of this message",
      onclick: () => { state.thread = { ts: message.thread_ts ?? message.ts, text: message.plain_text }; showThread(); $("composer-text").focus(); },
    }, "Reply"));
  if (mine) {
    const reply = body.lastElementChild;
    body.querySelector(".state:last-of-type")?.append(reply);
    body.querySelector(".meta").classList.add("end");
    return make("article", { class: `message mine${arriving}` }, body);
  }
  if (message.only_visible_to) body.lastElementChild.remove();
  return make("article", { class: `message${message.only_visible_to ? " ephemeral" : ""}${arriving}` }, picture, body);
}

function welcome() {
  const app = currentApp();
  if (!app) return make("div", { class: "welcome" }, make("strong", {}, "Nothing is connected"), "Start the simulator with a configuration, or add a connector over the control API.");
  if (!state.me) return make("div", { class: "welcome" }, make("strong", {}, "Nobody is here yet"), "Add a person to chat as.");
  const suggestions = state.place === "general"
    ? [`@${app.name} hello!`, "Good morning, everyone"]
    : ["Hello!", "Can you help me with an order?"];
  return make("div", { class: "welcome" },
    make("strong", {}, state.place === "general" ? `This is ${placesOf(app).general}` : `Say hello to ${app.name}`),
    ABOUT_POLICY[app.policy] ?? `Your message goes to the connector like one from ${platformOf(app).name}.`,
    make("div", { class: "suggestions" }, ...suggestions.map((text) =>
      make("button", { class: "ghost", type: "button", onclick: () => { $("composer-text").value = text; $("composer-text").focus(); } }, text))));
}

function showConversation() {
  const log = $("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const messages = shownMessages();
  const where = `${state.me} ${state.app} ${state.place} ${state.people.length} ${state.apps.length}`;
  const changedPlace = log.dataset.where !== where;
  log.dataset.where = where;
  if (changedPlace) log.replaceChildren();
  state.settled = !changedPlace;
  if (messages.length === 0) {
    reconcile(log, [{ welcome: where }], () => "welcome", welcome);
  } else {
    reconcile(log, messages, (message) => `${message.channel} ${message.ts}`, bubble);
  }
  if (atEnd || changedPlace) log.scrollTop = log.scrollHeight;
}

function showHead() {
  const app = currentApp();
  $("chat-title").textContent = app ? (state.place === "general" ? `${placesOf(app).general} with ${app.name}` : app.name) : "…";
  $("chat-about").textContent = app
    ? `${placesOf(app)[state.place]} · ${platformOf(app).name}. ` + (state.place === "general" ? `Everybody reads along. Mention @${app.name} to address it. ` : "") + (ABOUT_POLICY[app.policy] ?? "")
    : "";
  $("mention").hidden = state.place !== "general";
  $("mention").setAttribute("aria-label", `Mention ${app?.name ?? ""}`);
  $("composer-text").placeholder = !app || !state.me ? "…"
    : state.place === "general" ? `Message ${placesOf(app).general}` : `Message ${app.name} as ${nameOf(person(state.me))}`;
  $("send").disabled = !app || !state.me;
}

/** Shows the items that this person can send here besides words. */
function showItems() {
  const kinds = Object.fromEntries(platformOf(currentApp()).items)[state.place] ?? [];
  const items = state.items.filter(([, item]) => kinds.includes(item.kind));
  $("items").hidden = !state.me || items.length === 0;
  reconcile($("items-list"), items, ([label]) => label, ([label, item]) =>
    make("li", {}, make("button", { class: "ghost", type: "button", onclick: () => sendItem(item) }, label)));
}

function showThread() {
  $("thread").hidden = !state.thread;
  $("thread-text").textContent = state.thread ? `In the thread of “${state.thread.text}”` : "";
}

// ---- under the hood

/** The switches of this person with this connector, and the failures that its platform knows. */
function showSwitches() {
  const app = currentApp();
  const me = person(state.me);
  const platform = platformOf(app);
  $("person-panel").hidden = !app || !me || platform.switches.length + platform.controls.length === 0;
  $("failures-title").textContent = `Make ${platform.name} fail`;
  if ($("failure-method").dataset.provider !== app?.provider) {
    const options = (pairs) => pairs.map(([label, value]) => make("option", { value }, label));
    $("failure-method").replaceChildren(...options([["any call", "*"], ...platform.methods.map((one) => [one, one])]));
    $("failure-method").value = platform.methods[0] ?? "*";
    $("failure-kind").replaceChildren(...options([...COMMON_FAILURES, ...platform.errors, ...LOST_FAILURES]
      .map(([label, failure]) => [label, JSON.stringify(failure)])));
    $("failure-method").dataset.provider = app?.provider;
  }
  if (!app || !me) return;
  $("switches-title").textContent = me.name;
  const standing = app.people?.[me.id] ?? {};
  const turn = (change) => call("POST", "switches", { connector_id: app.connector_id, user_id: me.id, ...change });
  const items = platform.switches.map(([name, label, fact]) => ({ name, label, on: Boolean(standing[fact]), of: `${app.connector_id} ${me.id}` }));
  if (platform.controls.includes("whatsapp_shows")) items.push({ name: "whatsapp_shows", now: me.whatsapp_shows, of: me.id });
  if (platform.controls.includes("upgrade_general")) items.push({ name: "upgrade_general" });
  reconcile($("switches"), items, (item) => item.name, (item, before) => {
    const hadFocus = before?.contains(document.activeElement);
    let control;
    let node;
    if (item.name === "upgrade_general") {
      control = make("button", { class: "ghost small", type: "button", onclick: () => turn({ upgrade_general: true }) }, "Give the group a new id");
      node = make("div", {}, control);
    } else if (item.name === "whatsapp_shows") {
      control = make("select", { onchange: (event) => turn({ whatsapp_shows: event.target.value }) },
        ...Object.entries(WHATSAPP_SHOWS).map(([value, label]) => make("option", { value }, label)));
      control.value = item.now;
      node = make("label", {}, "WhatsApp tells", control);
    } else {
      control = make("input", { type: "checkbox", checked: item.on, onchange: (event) => turn({ [item.name]: event.target.checked }) });
      node = make("label", { class: "check" }, control, item.label);
    }
    if (hadFocus) queueMicrotask(() => control.focus());
    return node;
  });
}

function failureText(rule) {
  const method = `${rule.provider ? `${platformOf(rule).name}, ` : ""}${rule.method === "*" ? "any call" : rule.method}`;
  const kind = {
    rate_limited: () => `rate limit, ${rule.retry_after_secs} s`,
    http: () => `HTTP ${rule.status}`,
    error: () => rule.error,
    code: () => `${rule.status} ${rule.code}`,
    undelivered: () => `taken, then ${rule.code}`,
    stall: () => "no answer, not done",
    stall_after: () => "no answer, but done",
    reset_before: () => "connection lost, not done",
    reset_after: () => "connection lost, but done",
  }[rule.kind]?.() ?? rule.kind;
  const times = rule.times === null || rule.times === undefined ? "until cleared" : rule.times === 1 ? "once" : `${rule.times} times`;
  return `${method}: ${kind}, ${times}`;
}

function showFailures(failures) {
  reconcile($("failures"), failures.map((rule, index) => ({ rule, index })), (item) => String(item.index),
    (item) => make("li", {}, failureText(item.rule)));
  $("failures-clear").hidden = failures.length === 0;
  $("failing").hidden = failures.length === 0;
  $("failing").textContent = `Failing on purpose – ${failures.map(failureText).join(" · ")}`;
}

function showWire({ calls, violations }) {
  reconcile($("violations"), violations.map((one, index) => ({ ...one, index })), (one) => String(one.index),
    (one) => make("li", {}, `${platformOf(one).name}, ${one.call ? `call ${one.call}, ${one.method}` : "answer to a webhook"}: ${one.what}`));
  $("violation-count").hidden = violations.length === 0;
  $("violation-count").textContent = `${violations.length} wrong`;
  const items = calls.toReversed();
  if (items.length === 0) {
    $("calls").replaceChildren(make("li", { class: "empty" }, "No call yet. Write a message first."));
    return;
  }
  reconcile($("calls"), items, (one) => String(one.number), (one, before) => {
    const ok = one.status >= 200 && one.status < 300 && one.answer?.ok !== false;
    const word = [one.answer?.error, one.answer?.error?.code, one.answer?.description, one.answer?.code]
      .find((part) => ["string", "number"].includes(typeof part));
    const outcome = one.status === null ? "not answered" : ok ? "ok" : String(word ?? `HTTP ${one.status}`);
    const details = make("details", { open: before?.querySelector("details")?.open ?? false },
      make("summary", {},
        make("b", {}, `${platformOf(one).name} ${one.method}`),
        make("span", { class: ok ? "ok" : "not-ok" }, outcome),
        make("time", { dateTime: new Date(one.at_ms).toISOString() }, preciseTime(one.at_ms))),
      make("pre", {}, `${one.http_method} ${one.method}\n${JSON.stringify(one.arguments, null, 2)}`),
      make("pre", {}, one.status === null ? "no answer" : `HTTP ${one.status}\n${JSON.stringify(one.answer, null, 2)}`));
    return make("li", {}, details);
  });
}

function inspect(open) {
  $("inspector").hidden = !open;
  document.body.classList.toggle("inspecting", open);
  $("inspect").setAttribute("aria-expanded", String(open));
  localStorage.setItem("inspect", open ? "yes" : "");
}

// ---- actions

/** Sends a text or an item, and tells whether that worked. */
async function post(content) {
  $("log").scrollTop = $("log").scrollHeight;
  try {
    await call("POST", "messages",
      { connector_id: state.app, user_id: state.me, channel: state.place, thread_ts: state.thread?.ts, ...content });
    await loadMessages();
    return true;
  } catch (error) {
    $("lost").hidden = false;
    $("lost").textContent = `Not sent: ${error.message}`;
    return false;
  }
}

async function send(event) {
  event.preventDefault();
  const box = $("composer-text");
  const text = box.value.trim();
  if (!text || !state.me || !currentApp()) return;
  box.value = "";
  if (!await post({ text })) box.value = box.value || text;
  box.focus();
}

async function sendItem(item) {
  closeItems();
  await post({ item });
}

function closeItems() {
  const hadFocus = $("items").contains(document.activeElement);
  $("items").open = false;
  if (hadFocus) $("items").querySelector("summary").focus();
}

async function redeliver(eventId) {
  await call("POST", "redeliver", { event_id: eventId }).catch(() => {});
  await loadMessages();
}

async function loadMessages() {
  const me = state.me;
  if (!me) return;
  const { messages } = await call("GET", `users/${encodeURIComponent(me)}/messages`);
  if (me !== state.me) return;
  state.messages = messages;
  showConversation();
}

function showEverything() {
  showPeople();
  showApps();
  showHead();
  showItems();
  showThread();
  showSwitches();
  showConversation();
}

async function follow() {
  for (;;) {
    try {
      const isFirst = state.revision === null;
      const query = isFirst ? "" : `?after=${state.revision}&wait_ms=20000`;
      const news = await call("GET", `state${query}`);
      state.revision = news.revision;
      state.platforms = news.platforms;
      state.items = news.items;
      state.apps = news.connectors;
      state.people = news.people;
      $("workspace").textContent = news.workspace_name;
      if (news.console_url) $("console").href = news.console_url;
      $("console").hidden = !news.console_url;
      showFailures(news.failures);
      showWire(news);
      showEverything();
      if (isFirst) showChosenApp();
      await loadMessages();
      $("lost").hidden = true;
    } catch {
      state.revision = null;
      $("lost").hidden = false;
      $("lost").textContent = "The simulator does not answer. Trying again…";
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

// ---- light and dark

function theme(choice) {
  if (choice) document.documentElement.dataset.theme = choice;
  else delete document.documentElement.dataset.theme;
  const dark = choice ? choice === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  $("theme").textContent = dark ? "☀" : "☾";
  $("theme").dataset.next = dark ? "light" : "dark";
}

theme(new URLSearchParams(location.search).get("theme") ?? localStorage.getItem("theme"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme(localStorage.getItem("theme")));
$("theme").addEventListener("click", () => {
  localStorage.setItem("theme", $("theme").dataset.next);
  theme($("theme").dataset.next);
});

// ---- wiring

$("person").addEventListener("change", (event) => choose({ me: event.target.value }));
$("composer").addEventListener("submit", send);
$("composer-text").addEventListener("keydown", (event) => {
  // While an input method is composing, Enter chooses a candidate.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
});
$("mention").addEventListener("click", () => {
  const box = $("composer-text");
  box.setRangeText(`@${currentApp()?.name ?? ""} `, box.selectionStart, box.selectionEnd, "end");
  box.focus();
});
$("items").addEventListener("keydown", (event) => { if (event.key === "Escape") closeItems(); });
document.addEventListener("click", (event) => { if (!$("items").contains(event.target)) $("items").open = false; });
$("thread-end").addEventListener("click", () => { state.thread = null; showThread(); $("composer-text").focus(); });
$("inspect").addEventListener("click", () => inspect($("inspector").hidden));
$("inspector-close").addEventListener("click", () => { inspect(false); $("inspect").focus(); });
$("inspector").addEventListener("keydown", (event) => {
  if (event.key === "Escape") { inspect(false); $("inspect").focus(); }
});
$("failure-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const times = $("failure-times").value;
  await call("POST", "failures", {
    provider: currentApp()?.provider,
    method: $("failure-method").value,
    ...JSON.parse($("failure-kind").value),
    ...(times ? { times: Number(times) } : {}),
  });
});
$("failures-clear").addEventListener("click", () => call("DELETE", "failures"));

$("new-person").addEventListener("click", () => {
  $("person-form").reset();
  $("person-problem").hidden = true;
  $("person-dialog").showModal();
});
$("person-cancel").addEventListener("click", () => $("person-dialog").close());
$("person-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const made = await call("POST", "users", {
      name: $("person-name").value,
      ...($("person-display").value ? { display_name: $("person-display").value } : {}),
      ...($("person-email").value ? { email: $("person-email").value } : {}),
      ...($("person-language").value ? { language: $("person-language").value } : {}),
    });
    const news = await call("GET", "state");
    state.people = news.people;
    $("person-dialog").close();
    choose({ me: made.user_id });
    $("composer-text").focus();
  } catch (error) {
    $("person-problem").textContent = error.message;
    $("person-problem").hidden = false;
  }
});

// On a phone it covers the chat, which is what one comes for.
const hasRoom = matchMedia("(min-width: 46rem)").matches;
inspect((hasRoom && localStorage.getItem("inspect") === "yes") || new URLSearchParams(location.search).has("inspect"));
follow();
