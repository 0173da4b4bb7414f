/** Codes of the family `hardware`. */
export const hardwareCodes = {} as const;
