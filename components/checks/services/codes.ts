/** Codes of the family `services`. */
export const serviceCodes = {} as const;
