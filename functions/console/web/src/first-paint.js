// Runs before the first paint (see vite.config.ts); src/theme.ts changes the choice later.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("vestibule.theme");
  } catch {
    // Storage is switched off: the system's theme stays.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
