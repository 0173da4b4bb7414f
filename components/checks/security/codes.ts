/** Codes of the family `security`. */
export const securityCodes = {} as const;
