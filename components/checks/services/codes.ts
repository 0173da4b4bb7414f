/** Codes of the family `services`. */
export const serviceCodes = {
    SE170: { rule: "A service has only options that its type takes." },
    SE171: { rule: "A service's type is in the catalogue." },
    SE172: { rule: "`{name}` stands where `each` gives names, and tells the many apart." },
    SE173: { rule: "There is a port for each of the many." },
    SE174: { rule: "No two listeners of a node want the same port." },
    SE175: { rule: "What can run once on a node is there once." },
    SE176: { rule: "What a service or a backup refers to is in the inventory." },
    SE177: { rule: "Secrets have plain names." },
    SE178: { rule: "No database or bucket is named twice." },
    SE179: { rule: "A service has the memory that it needs to start." },
} as const;
