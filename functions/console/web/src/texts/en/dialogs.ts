/** Texts of the dialogs that every page may show. */
export const dialogs = {
  conflictTitle: (name: string) => `${name} changed this while you were editing.`,
  conflictSomebody: "Somebody",
  conflictText: "Both values of each field that differs are below.",
  conflictField: "Field",
  yours: "Yours",
  theirs: "Theirs",
  keepMine: "Keep mine",
  takeTheirs: "Take theirs",
  changedMeanwhile: "Somebody changed this meanwhile",
  changedMeanwhileAbout: "The page shows how it is now. Look at it again, then decide whether you still want this.",
  secretOnce: "It is shown this once. Copy it now, and keep it in a safe place.",
  secretStored: "I have stored it",
  secretLeaveTitle: "Close without copying?",
  secretLeaveText: "It cannot be shown again.",
  secretLeave: "Close",
  secretStay: "Go back",
} as const;
