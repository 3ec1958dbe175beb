import { expect, it } from "vitest";
import { complaintAbout, templateOf } from "./file";

it("only files that can be CSV are taken (U410)", () => {
  expect(complaintAbout({ name: "Users.CSV", size: 9 })).toBeUndefined();
  expect(complaintAbout({ name: "users.xlsx", size: 9 })).toMatch(/^Choose a CSV file/);
  expect(complaintAbout({ name: "users.csv", size: 0 })).toBe("The file is empty");
  expect(complaintAbout({ name: "users.csv", size: 20 * 1024 * 1024 + 1 })).toMatch(/larger than 20 MB/);
});

it("the template has the known headers and the project's environments in one cell (U410)", () => {
  expect(templateOf(["Staging", "Production"])).toBe(
    "Phone Number,Email,First Name,Middle Name,Last Name,Environments\r\n" +
      '+1 555-123-4567,ada@example.com,Ada,,Lovelace,"Staging; Production"\r\n',
  );
  expect(templateOf(['=cmd, "x"'])).toContain(`"'=cmd, ""x"""`);
});
