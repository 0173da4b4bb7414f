/** Codes of the family `names`. */
export const nameCodes = {
    SE180: { rule: "A public name leads to one thing." },
    SE181: { rule: "A redirect leads to a name that is served, without a loop." },
    SE182: { rule: "A name with `each` filled in fits the DNS: 63 letters a label, 253 in all." },
    SE183: { rule: "No public name is that of a nameserver." },
    SE184: { rule: "Every domain is paid for." },
    SE185: { rule: "Every domain is paid for beyond the next 30 days.", warning: true },
    SE186: { rule: "A name inside the fleet leads to one thing." },
    SE187: { rule: "A domain can be registered and signed for." },
} as const;

/** Codes that can only be looked for when the day is known. */
export const datedCodes = ["SE184", "SE185"] as const satisfies readonly (keyof typeof nameCodes)[];
