import { expect, it } from "vitest";
import { routeTree } from "./router";

interface Known {
  fullPath: string;
  children?: readonly Known[] | Record<string, Known>;
  options: { staticData?: { permission?: string; title?: string } };
}

function addresses(route: Known): Known[] {
  const children = Object.values(route.children ?? {});
  return children.flatMap((child) => [child, ...addresses(child)]);
}

it("every page of the console has its address (U110)", async () => {
  const { router } = await import("./router");
  const known = Object.keys(router.routesByPath);
  for (const address of [
    "/sign-in",
    "/sign-in/$account",
    "/reset",
    "/invitation",
    "/profile",
    "/a/$account/settings/users",
    "/a/$account/settings/users/new",
    "/a/$account/settings/users/$id",
    "/a/$account/settings/roles",
    "/a/$account/settings/clients",
    "/a/$account/settings/login-methods",
    "/a/$account/settings/api-keys",
    "/a/$account/settings/webhooks",
    "/a/$account/settings/audit",
    "/a/$account/settings/account",
    "/a/$account/p/$project/requests",
    "/a/$account/p/$project/requests/$id",
  ]) {
    expect(known).toContain(address);
  }
});

it("every section of the settings but the account's own names the permission it needs (U105)", () => {
  const sections = addresses(routeTree as unknown as Known).filter(({ options }) => options.staticData?.title);
  const open = sections.filter(({ options }) => !options.staticData?.permission).map(({ fullPath }) => fullPath);
  expect(open.filter((path) => path.includes("/settings/"))).toEqual(["/a/$account/settings/account"]);
});
