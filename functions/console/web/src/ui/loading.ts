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

const whenIdle: (work: () => void) => () => void =
  typeof requestIdleCallback === "undefined"
    ? (work) => {
        const timer = setTimeout(work, 1_000);
        return () => clearTimeout(timer);
      }
    : (work) => {
        const handle = requestIdleCallback(work, { timeout: 5_000 });
        return () => cancelIdleCallback(handle);
      };

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
        // A chunk that is gone reloads the page (main.tsx).
        () => {},
      );
    const cancel = isWanted ? void load() : whenIdle(() => void load());
    return () => {
      isLeft = true;
      cancel?.();
    };
  }, [what, isWanted, module]);
  return module;
}
