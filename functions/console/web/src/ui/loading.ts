import { useEffect, useState } from "react";

/** Code that is loaded once, when it is first wanted or the browser has nothing else to do. */
export interface Later<Module> {
  load: () => Promise<Module>;
  loaded: () => Module | undefined;
}

export function later<Module>(load: () => Promise<Module>): Later<Module> {
  let module: Module | undefined;
  let running: Promise<Module> | undefined;
  return {
    load: () => {
      running ??= load().then(
        (loaded) => {
          module = loaded;
          return loaded;
        },
        (error: unknown) => {
          running = undefined;
          throw error;
        },
      );
      return running;
    },
    loaded: () => module,
  };
}

const RELOADED = "vestibule.reloaded";

/**
 * Loads the page again: after a deploy, the code that an open page asks for is gone. Only once a minute, lest it never ends. (The router
 * does the same for the code of pages.)
 */
function reloadOnce(): void {
  const last = Number(sessionStorage.getItem(RELOADED));
  if (Date.now() - last < 60_000) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
}

/** Milliseconds that belong to what the page itself loads. */
const FIRST = 2_000;

/** Runs work once the page is there and the browser has nothing else to do; the answer cancels it. */
function whenIdle(work: () => void): () => void {
  let handle: number | undefined;
  const timer = setTimeout(() => {
    // Safari has no idle callbacks yet.
    if (typeof requestIdleCallback === "undefined") work();
    else handle = requestIdleCallback(work, { timeout: 5_000 });
  }, FIRST);
  return () => {
    clearTimeout(timer);
    if (handle !== undefined) cancelIdleCallback(handle);
  };
}

/** The module once it is there: at once if `isWanted`, else when the browser is idle. */
export function useLater<Module>(what: Later<Module>, isWanted: boolean): Module | undefined {
  const [module, setModule] = useState(what.loaded);
  useEffect(() => {
    if (module) return;
    let isLeft = false;
    const load = () =>
      what.load().then(
        (loaded) => {
          if (!isLeft) setModule(() => loaded);
        },
        () => {
          if (isWanted) reloadOnce();
        },
      );
    const cancel = isWanted ? void load() : whenIdle(() => void load());
    return () => {
      isLeft = true;
      cancel?.();
    };
  }, [what, isWanted, module]);
  return module;
}
