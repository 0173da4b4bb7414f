/** Codes of the family `versions`. */
export const versionCodes = {} as const;
