import { expect, it } from "vitest";
import { complaintOf } from "./use-form";

it("a rule of the API follows the name of its field, unless it is a sentence of its own (U133)", () => {
  expect(complaintOf("Name", "is required")).toBe("Name is required");
  expect(complaintOf("App ID", "An app id begins with A, such as A123ABC456.")).toBe(
    "An app id begins with A, such as A123ABC456.",
  );
});
