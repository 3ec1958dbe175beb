/** Texts of the explanation whether a sender may talk to the agent. */
export const explain = {
  title: (name: string) => `Can ${name} talk here?`,
  titleAnybody: "Who can talk here?",
  facts: "Facts in order",
  holds: "Yes",
  fails: "No",
  changes: "What would change this",
  noChanges: "Nothing needs to change.",
  identifier: "Identifier",
  identifierHelp: "The platform's id of the person, such as a phone number or a member id.",
  identifierRule: "Enter an identifier",
  ask: "Explain",
  again: "Check again",
} as const;
