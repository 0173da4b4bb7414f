/** Codes of the family `certificates`. */
export const certificateCodes = {} as const;
