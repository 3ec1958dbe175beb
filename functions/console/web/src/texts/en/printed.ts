/** Texts that only paper shows. */
export const printed = {
  at: (when: string) => `Printed ${when}`,
  filter: (name: string, value: string) => `${name}: ${value}`,
} as const;
