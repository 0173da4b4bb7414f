/** Codes of the family `network`. */
export const networkCodes = {} as const;
