import { randomInt } from "node:crypto";
import type { Page } from "@playwright/test";
import { settled } from "../src/test.ts";
import { picture } from "./album.ts";
import {
  atDesk,
  choose,
  contest,
  dialog,
  expect,
  inProject,
  pictureOfMenu,
  press,
  quiet,
  shot,
  shotOf,
  test,
} from "./stage.ts";
import type { World } from "./world.ts";

// ---------------------------------------------------------------- Access requests

shot("requests--no-match", inProject("requests?q=nobody-of-this-name"));
shot(
  "requests--panel",
  ({ waiting, ...world }) => inProject(`requests/${waiting.request}`)({ waiting, ...world }),
  dialog,
);
shot("requests--approved-panel", (world) => inProject(`requests/${world.approved}?tab=approved`)(world), dialog);
shot("requests--approval", inProject("requests"), async (page) => {
  await press(page, /^Approve Amara/);
  await expect(page.getByLabel("Note (optional)")).toBeVisible();
});
shot("requests--rejection", inProject("requests"), async (page) => {
  await press(page, /^Reject Amara/);
  await expect(page.getByLabel("Note (optional)")).toBeVisible();
});
shot("requests--blocked-approval", inProject("requests"), async (page) => {
  await press(page, /^Approve Lise/);
  await expect(page.getByText("Blocked. Unblock to approve.")).toBeVisible();
});
shot("requests--selected", inProject("requests"), (page) =>
  page.getByRole("checkbox", { name: /^Select all rows/ }).check(),
);
for (const decision of ["Approve", "Reject"]) {
  shot(`requests--bulk-${decision.toLowerCase()}`, inProject("requests"), async (page) => {
    await page.getByRole("checkbox", { name: /^Select all rows/ }).check();
    await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: decision }).click();
    await dialog(page);
  });
}
shot("requests--explanation", inProject("requests"), async (page) => {
  await choose(page, /^More for Amara/, "Explain");
  await expect(page.getByRole("heading", { name: "Facts in order" })).toBeVisible();
});
shot("requests--revocation", inProject("requests?tab=approved"), async (page) => {
  await press(page, /^Revoke access of/);
  await dialog(page);
});
shot("requests--discard", inProject("requests"), async (page) => {
  await press(page, /^Reject Amara/);
  await page.getByLabel("Note (optional)").fill("Known as a spammer");
  await page.keyboard.press("Escape");
  await dialog(page);
});
test("requests--project-menu", async ({ tab, world }) => {
  const page = await tab(world.owner);
  await page.goto(inProject("requests")(world));
  await quiet(page);
  await pictureOfMenu(page, "requests--project-menu", () => press(page, /switch project$/));
});
test("requests--session-ended", async ({ open, world }) => {
  const page = await open(world.owner);
  await page.goto(inProject("requests")(world));
  await quiet(page);
  await press(page, /^Reject Amara/);
  await page.getByLabel("Note (optional)").fill("Known as a spammer");
  await page.context().clearCookies();
  await page.getByRole("button", { name: "Reject", exact: true }).click();
  await expect(page.getByRole("dialog", { name: /^Your session ended/ })).toBeVisible();
  await picture(page, "requests--session-ended");
});
shot("requests--new-project", inProject("requests?new_project=true"), dialog);
shot("requests--failed", inProject("requests"), async (page) => {
  await page.route("**/approve", (route) => route.abort());
  await press(page, /^Approve Amara/);
  await page.getByLabel("Note (optional)").press("Control+Enter");
  await expect(page.getByText("The service cannot be reached").first()).toBeVisible();
});

// ---------------------------------------------------------------- Connectors

shot(
  "connectors--toggle-off",
  (world) => inProject(`connectors?toggle=${world.connector}`)(world),
  async (page) => {
    await expect(page.getByRole("alertdialog")).toContainText("pending request");
  },
);
shot("connectors--toggle-on", inProject("connectors"), async (page) => {
  await page.getByRole("article", { name: "Orders by SMS" }).getByRole("switch", { name: "Onboarding" }).click();
  await dialog(page);
});
shot(
  "connector--delete",
  (world) => inProject(`connectors/${world.connector}`)(world),
  async (page) => {
    await press(page, "Delete connector…");
    await dialog(page);
  },
);
shot(
  "connector--directory-only",
  (world) => inProject(`connectors/${world.connector}`)(world),
  async (page) => {
    await press(page, "Switch to directory only…");
    await dialog(page);
  },
);
test("connector--tested", async ({ tab, world }) => {
  const page = await tab(world.owner);
  await page.goto(inProject(`connectors/${world.connector}`)(world));
  await settled(page);
  await quiet(page);
  await page.getByRole("button", { name: "Test", exact: true }).click();
  const answer = page.getByRole("strong").filter({ hasText: "It works" });
  await expect(answer).toBeVisible();
  await picture(page, "connector--tested", () => answer.scrollIntoViewIfNeeded());
});
shot(
  "connector--conflict",
  (world) => inProject(`connectors/${world.connector}`)(world),
  async (page, world) => {
    const path = `/v1/projects/${world.project}/connectors/${world.connector}`;
    await page.getByLabel("Name", { exact: true }).fill("My bot");
    const names = { theirs: { name: "Their bot" }, before: { name: "Help desk bot" } };
    await contest(page, world, { path, ...names, save: "Save" });
  },
);
shotOf(
  "connector--read-only",
  ({ grace }) => grace,
  (world) => inProject(`connectors/${world.connector}`)(world),
);
shot("connector-new-fields--invalid", inProject("connectors/new/twilio"), async (page) => {
  await press(page, "Create connector");
  await expect(page.getByText(/fields need another look/)).toBeVisible();
});
for (const step of ["address", "test", "policy"]) {
  shot(`connector-new-${step}--filled`, (world) =>
    inProject(`connectors/new/telegram?connector=${world.connector}&step=${step}`)(world),
  );
}

// ---------------------------------------------------------------- People

shot("people--no-match", inProject("people?q=nobody-of-this-name"));
for (const form of ["approve", "block", "link"]) {
  shot(`person--${form}`, (world) => inProject(`people/${world.waiting.person}?open=${form}`)(world), dialog);
}
shot(
  "person--erase",
  (world) => inProject(`people/${world.waiting.person}`)(world),
  async (page) => {
    await choose(page, "More actions", "Erase…");
    await dialog(page);
  },
);
shot(
  "person--explanation",
  (world) => inProject(`people/${world.waiting.person}`)(world),
  async (page) => {
    await choose(page, "More actions", "Explain");
    await expect(page.getByRole("dialog").getByRole("listitem").first()).toBeVisible();
  },
);

// ---------------------------------------------------------------- Conversations

const asGrace = ({ grace }: World) => grace;
shotOf("conversations-mine--filled", asGrace, atDesk("conversations"));
shotOf("conversations-mine--empty", ({ owner }) => owner, atDesk("conversations"));
shot("conversations-assigned--filled", atDesk("conversations?view=assigned"));
shot("conversations-agent--empty", atDesk("conversations?view=agent"));
shot("conversations-queue--room", atDesk("conversations?view=queue"), async (page) => {
  await press(page, "Per person");
  await dialog(page);
});
shotOf(
  "conversation--mine",
  asGrace,
  (world) => atDesk(`conversations/${world.conversation}`)(world),
  async (page) => {
    await page.getByLabel("Reply").fill("You are welcome. Is there anything else?");
  },
);
shotOf("conversation--details", asGrace, (world) => atDesk(`conversations/${world.conversation}?details=true`)(world));
shotOf(
  "conversation--transfer",
  asGrace,
  (world) => atDesk(`conversations/${world.conversation}`)(world),
  async (page) => {
    await press(page, "Transfer…");
    await expect(page.getByRole("dialog").getByRole("radio").first()).toBeVisible();
  },
);
shotOf(
  "conversation--release",
  asGrace,
  (world) => atDesk(`conversations/${world.conversation}`)(world),
  async (page) => {
    await press(page, "Release");
    await dialog(page);
  },
);
test("conversation--menu", async ({ tab, world }) => {
  const page = await tab(world.grace);
  await page.goto(atDesk(`conversations/${world.conversation}`)(world));
  await settled(page);
  await quiet(page);
  // A phone's bar has a button of this name, too.
  const more = page.getByRole("main").getByRole("button", { name: "More", exact: true });
  await pictureOfMenu(page, "conversation--menu", () => more.click());
});
shot("figures--tables", atDesk("figures"), async (page) => {
  await press(page, "Time to first reply as a table");
  await expect(page.getByRole("table").first()).toBeVisible();
});

// ---------------------------------------------------------------- Settings of the project

const user = (world: World) => inProject(`settings/users/${world.user}`)(world);
shot("users--found", inProject("settings/users?q=a"));
shot("users--no-match", inProject("settings/users?q=lovelase"));
shot("users--delete", inProject("settings/users"), async (page) => {
  await press(page, /^Delete Ada/);
  await dialog(page);
});
shot("users--export", inProject("settings/users"), async (page) => {
  await press(page, "Export");
  await dialog(page);
});
shot("user-new--invalid", inProject("settings/users/new"), async (page) => {
  await press(page, "Add User");
  await expect(page.getByText("Phone number is required").last()).toBeVisible();
});
shot("user--conflict", user, async (page, world) => {
  const path = `/v1/projects/${world.project}/end-users/${world.user}`;
  await page.getByLabel("Last Name").fill("King");
  const names = { theirs: { last_name: "Byron" }, before: { last_name: "Lovelace" } };
  await contest(page, world, { path, ...names, save: "Update User" });
});
shot("user--erase", user, async (page) => {
  await choose(page, "More actions", "Erase");
  await dialog(page);
});
shotOf("user--read-only", ({ grace }) => grace, user);
const importing = async (page: Page) => {
  const rows = [
    "Phone,Rufname,Last Name,Environments",
    // Somebody new, also where another run has imported somebody already.
    `+1202555${randomInt(1_000, 10_000)},Augusta,Lovelace,Production`,
    "12,Nobody,Somebody,Production",
  ];
  const buffer = Buffer.from(rows.join("\r\n"));
  await page.getByLabel("CSV file").setInputFiles({ name: "people.csv", mimeType: "text/csv", buffer });
  await expect(page.getByRole("heading", { level: 2, name: /^\d+ new, \d+ changed, / })).toBeVisible({
    timeout: 60_000,
  });
};
shot("users-import--wrong-file", inProject("settings/users/import"), async (page) => {
  const file = { name: "people.xlsx", mimeType: "application/octet-stream", buffer: Buffer.from("x") };
  await page.getByLabel("CSV file").setInputFiles(file);
  await expect(page.getByRole("alert").first()).toBeVisible();
});
// One after another, as people import.
test.describe(() => {
  test.describe.configure({ mode: "default" });
  shot("user-import--checked", inProject("settings/users/import"), importing);
  shot("user-import--columns", inProject("settings/users/import"), async (page) => {
    await importing(page);
    await page.getByRole("link", { name: "Assign columns" }).click();
    await expect(page.getByLabel("Rufname")).toBeVisible();
  });
  shot("user-import--done", inProject("settings/users/import"), async (page) => {
    await importing(page);
    await page.getByRole("link", { name: "Assign columns" }).click();
    await page.getByLabel("Rufname").selectOption("First Name");
    await press(page, "Check again");
    await page.getByRole("button", { name: /^Import \d+ user/ }).click({ timeout: 60_000 });
    await expect(page.getByRole("heading", { level: 2, name: "The import is done" })).toBeVisible({ timeout: 60_000 });
  });
});
shot("environments--new", inProject("settings/environments?create=true"), dialog);
shot("environments--rename", inProject("settings/environments"), (page) => press(page, "Rename Staging"));
shot("environments--delete", inProject("settings/environments"), async (page) => {
  await press(page, "Delete Development");
  await dialog(page);
});
shot("environments--delete-refused", inProject("settings/environments"), async (page) => {
  await press(page, "Delete Production");
  await press(page, "Delete environment");
  await expect(page.getByRole("dialog", { name: "Production cannot be deleted" })).toBeVisible();
});
const environment = (world: World) => inProject(`settings/environments/${world.production}`)(world);
shot("environment--rotate", environment, async (page) => {
  await press(page, "Rotate secret");
  await dialog(page);
});
shot("environment--secret-shown-once", environment, async (page) => {
  await press(page, "Rotate secret");
  await page.getByRole("alertdialog").getByRole("button", { name: "Rotate secret" }).click();
  await expect(page.getByRole("dialog", { name: /^Signing secret of/ })).toBeVisible();
});
shot("project-general--invalid", inProject("settings/general"), async (page) => {
  await page.getByLabel("History").fill("366");
  await press(page, "Save changes");
  await expect(page.getByText("Enter a whole number of days from 0 to 365")).toBeVisible();
});
shot("project-general--archive", inProject("settings/general"), async (page) => {
  await press(page, "Archive");
  await dialog(page);
});
shot("project-general--delete", inProject("settings/general"), async (page) => {
  await press(page, "Delete project");
  await dialog(page);
});
