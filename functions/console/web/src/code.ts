/** Loads the page's own code, whose files may be gone from the server after a deploy. */
import { lazyRouteComponent } from "@tanstack/react-router";

const RELOADED = "vestibule.reloaded";
/** Milliseconds in which the page does not load itself again, so that this ends. */
const QUIET = 60_000;
/** Milliseconds after a deploy in which the version before may still answer. */
const WAIT = 1_500;

/** A file of the page's code did not come. */
export class CodeMissing extends Error {
  override readonly name = "CodeMissing";
}

let isReloading = false;

/** Whether the page may be loaded again by itself, after the time of the last such load. */
export function mayReload(last: string | null, now: number): boolean {
  return !(now - Number(last) < QUIET);
}

/** Loads the page again in a moment, once a minute; answers whether it will. */
export function reloadOnce(): boolean {
  if (isReloading) return true;
  // Without a network, the page that is there is better than none.
  if (!navigator.onLine) return false;
  try {
    if (!mayReload(sessionStorage.getItem(RELOADED), Date.now())) return false;
    sessionStorage.setItem(RELOADED, String(Date.now()));
  } catch {
    return false;
  }
  isReloading = true;
  setTimeout(() => location.reload(), WAIT);
  return true;
}

/** Loads a module; fails with `CodeMissing` if any of its files did not come, scripts or styles. */
export async function loadCode<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new CodeMissing("a file of the page's code did not come", { cause });
  }
}

/** The component of a page, loaded when it is first wanted. */
export function lazyPage<Module extends Record<string, unknown>, Name extends keyof Module & string>(
  load: () => Promise<Module>,
  name: Name,
) {
  return lazyRouteComponent<Module, Name>(() => loadCode(load), name);
}
