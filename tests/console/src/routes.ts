import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { root } from "./folders.ts";

const ROUTER = resolve(root, "functions", "console", "web", "src", "router.tsx");
const BASE = "/console";

interface Declared {
  parent: string;
  path: string;
  /** Layouts and addresses that only lead elsewhere have no title. */
  isPage: boolean;
}

/** The addresses of all pages that the console's router knows, such as `/a/$account/settings/users/$id`. */
export const routes: readonly string[] = readRoutes(readFileSync(ROUTER, "utf8"));

function readRoutes(source: string): string[] {
  const declared = new Map<string, Declared>();
  for (const [, name, body] of source.matchAll(/^const (\w+) = createRoute\(\{\n([\s\S]*?)^\}\);/gm)) {
    if (name === undefined || body === undefined) continue;
    declared.set(name, {
      parent: /getParentRoute: \(\) => (\w+)/.exec(body)?.[1] ?? "",
      path: /^ {2}path: "([^"]*)"/m.exec(body)?.[1] ?? "",
      isPage: /staticData: \{ title: /.test(body),
    });
  }
  if (declared.size !== source.split(" createRoute(").length - 1) {
    throw new Error(`${ROUTER} declares routes in a way that is not understood here.`);
  }
  const addressOf = (name: string): string => {
    const route = declared.get(name);
    return route ? addressOf(route.parent) + route.path : "";
  };
  return [...declared].filter(([, { isPage }]) => isPage).map(([name]) => addressOf(name));
}

/** The route to which an address belongs: of several, the one that names more of it. */
export function routeOf(pathname: string): string | undefined {
  const parts = pathname.slice(BASE.length).split("/");
  const fits = (route: string) => {
    const wanted = route.split("/");
    return (
      wanted.length === parts.length && wanted.every((part, index) => part.startsWith("$") || part === parts[index])
    );
  };
  const places = (route: string) => route.split("$").length;
  return routes.filter(fits).sort((one, other) => places(one) - places(other))[0];
}
