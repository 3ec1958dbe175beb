/** Whether a key belongs to a control, a form or a dialog instead of the page. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("form, [role='dialog'], [role='alertdialog'], [role='menu'], [contenteditable]")) return true;
  // A box takes no letters.
  return target.matches("textarea, select, input:not([type='checkbox'])");
}

/** Whether a key is held with another that makes it a command of the browser. */
export function isCommand({ ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey;
}
