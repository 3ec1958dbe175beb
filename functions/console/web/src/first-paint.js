// Runs before the first paint (see vite.config.ts), and before everything that it must outlive.
(() => {
  // src/theme.ts changes the choice later.
  let theme = null;
  try {
    theme = localStorage.getItem("vestibule.theme");
  } catch {
    // Storage is switched off: the system's theme stays.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
(() => {
  // During a deploy, two versions answer for some seconds, and the files of one are unknown to the other. This file is the same in
  // both unless it was changed, since its name comes from its content; so it is there to load a page again whose other files are not.
  const WAITS = [1_000, 2_000, 4_000];
  const QUIET = 60_000;
  let isWaiting = false;
  const reload = () => {
    let attempts = [];
    try {
      attempts = JSON.parse(sessionStorage.getItem("vestibule.starts") ?? "[]").filter((at) => Date.now() - at < QUIET);
      sessionStorage.setItem("vestibule.starts", JSON.stringify([...attempts, Date.now()]));
    } catch {
      // Nobody could count, so this would never end.
      return;
    }
    const wait = WAITS[attempts.length];
    if (wait !== undefined) setTimeout(() => location.reload(), wait);
    else document.body.append("The console could not be loaded. Load the page again in a minute.");
  };
  addEventListener(
    "error",
    ({ target }) => {
      const isCode =
        target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === "stylesheet");
      // A page that has begun handles missing files itself (src/code.ts).
      if (!isCode || isWaiting || document.getElementById("root")?.hasChildNodes()) return;
      isWaiting = true;
      reload();
    },
    true,
  );
})();
