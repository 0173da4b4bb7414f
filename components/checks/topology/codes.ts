/** Codes of the family `topology`. */
export const topologyCodes = {
    SE130: { rule: "Where a second node could answer for the domains, it does (RFC 2182).", warning: true },
    SE131: { rule: "Edges do not fail together.", warning: true },
    SE132: { rule: "Nodes that stand in for each other under one model do not hang on one circuit.", warning: true },
    SE133: { rule: "A copy of everything lies where its source does not.", warning: true },
    SE134: { rule: "What says whether the fleet is up does not go down with it.", warning: true },
    SE135: { rule: "The only door to the internet and the databases are not one machine.", warning: true },
} as const;
