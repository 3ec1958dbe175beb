import { useEffect, useState } from "react";
import { loadCode, reloadOnce } from "../code";
import { common } from "../texts/en/common";
import { toasts } from "./toast";

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
      running ??= loadCode(load).then(
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
          if (isWanted && !isLeft && !reloadOnce()) toasts.failed(`${common.codeMissing} ${common.codeMissingDetail}`);
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
