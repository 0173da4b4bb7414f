/** Codes of the family `topology`. */
export const topologyCodes = {} as const;
