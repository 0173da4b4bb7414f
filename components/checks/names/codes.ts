/** Codes of the family `names`. */
export const nameCodes = {} as const;
