import type { components } from "./api/schema";
import { storage } from "./storage";

export type Theme = components["schemas"]["ThemeName"];

/** Shows the page in a theme, and remembers it for the next start (first-paint.js). */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  storage.set("theme", theme === "system" ? null : theme);
}
