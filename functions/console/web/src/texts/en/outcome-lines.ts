/** Texts of what became of an access request: its onboarding message, its notice, its replay. */
export const outcomeLines = {
  onboarding: {
    none: "No onboarding message was due",
    queued: "Onboarding message is on its way",
    sent: "Onboarding message sent",
    failed: "Onboarding message not delivered",
    skipped: "Onboarding message not sent",
  },
  notice: {
    queued: "Approval notice is on its way",
    sent: "Approval notice sent",
    failed: "Not told",
    skipped: "Not told",
  },
  replay: {
    queued: "First message is on its way to the agent",
    sent: "First message handed to the agent",
    failed: "First message not handed to the agent",
    skipped: "First message not handed to the agent",
  },
  decidedFirst: "the request was decided first",
} as const;
