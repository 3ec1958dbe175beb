import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const ROUTER = resolve(import.meta.dirname, "../../../functions/console/web/src/router.tsx");
const ROUTE =
  /const (\w+) = createRoute\(\{\s*getParentRoute: \(\) => (\w+),\s*(?:path: "([^"]+)"|id: "[^"]+")([\s\S]*?)\n\}\);/g;

/** The pages of the router, such as `/a/$account/settings/users`. What only leads elsewhere has no title, and is no page. */
export function pages(): string[] {
  const routes = new Map<string, { parent: string; path: string; isPage: boolean }>();
  for (const [, name = "", parent = "", path = "", rest = ""] of readFileSync(ROUTER, "utf8").matchAll(ROUTE)) {
    routes.set(name, { parent, path, isPage: /staticData: \{ title:/.test(rest) });
  }
  const whole = (name: string): string => {
    const route = routes.get(name);
    return route ? whole(route.parent) + (route.path === "/" ? "" : route.path) : "";
  };
  return [...routes].flatMap(([name, { isPage }]) => (isPage ? [whole(name)] : []));
}

/** The page at a path of the console; those without a parameter in its place come first. */
export function pageOf(path: string, all: string[]): string | undefined {
  const parts = path.replace(/^\/console/, "").split("/");
  const fits = all.filter((page) => {
    const wanted = page.split("/");
    return (
      wanted.length === parts.length && wanted.every((part, place) => part.startsWith("$") || part === parts[place])
    );
  });
  const parameters = (page: string) => page.split("$").length;
  return fits.sort((one, other) => parameters(one) - parameters(other))[0];
}
