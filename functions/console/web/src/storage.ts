/** Preferences of this browser. Never holds people's data; works as if empty where storage is switched off. */
export const storage = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(`vestibule.${key}`);
    } catch {
      return null;
    }
  },
  set(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(`vestibule.${key}`);
      else localStorage.setItem(`vestibule.${key}`, value);
    } catch {
      // The choice then lasts until the page is left.
    }
  },
};
