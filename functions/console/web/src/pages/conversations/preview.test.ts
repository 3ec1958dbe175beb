import { expect, it } from "vitest";
import { previewAuthor } from "./preview";

const by = (kind: "agent" | "chat_user" | "member" | "system" | "unknown", id?: string, name?: string) =>
  previewAuthor({ text: "Hello", author: { kind, id: id ?? null, name: name ?? null } }, "01ME");

it("names who wrote the last message, unless the person did (U601)", () => {
  expect(by("chat_user", "01U")).toBeUndefined();
  expect(by("member", "01ME", "Ana Silva")).toBe("You");
  expect(by("member", "01BO", "Bo Diaz")).toBe("Bo Diaz");
  expect(by("agent")).toBe("Agent");
  expect(by("system")).toBe("Automatic message");
  expect(by("unknown")).toBe("Unknown author");
});
