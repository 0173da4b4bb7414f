/** Codes of the family `certificates`. Limits: letsencrypt.org/docs/rate-limits, read 2026-08-21. */
export const certificateCodes = {
    SE190: {
        rule: "The CA signs every certificate of all edges within a week: Let's Encrypt 50 a week for a registered domain.",
        warning: true,
    },
    SE191: { rule: "An edge can be set up anew in the same week.", warning: true },
    SE192: {
        rule: "The CA takes every order of an edge within three hours: Let's Encrypt 300 an account.",
        warning: true,
    },
    SE193: { rule: "The CA signs the same name for every edge: Let's Encrypt 5 times a week.", warning: true },
} as const;
