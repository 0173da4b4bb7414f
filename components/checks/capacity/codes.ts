/** Codes of the family `capacity`. */
export const capacityCodes = {} as const;
