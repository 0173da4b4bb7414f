/** Codes of the family `addressing`. */
export const addressingCodes = {} as const;
