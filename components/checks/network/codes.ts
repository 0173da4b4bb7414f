/** Codes of the family `network`. */
export const networkCodes = {
    SE120: { rule: "What is served from a place goes through its uplink." },
    SE121: { rule: "An uplink has something to spare: promised traffic stays below three quarters.", warning: true },
    SE122: { rule: "`via` names another node that stays, and leads somewhere." },
    SE123: { rule: "`via` leads through a node that answers from everywhere.", warning: true },
    SE124: { rule: "The only road to a node does not lead through one that is offline.", warning: true },
    SE125: { rule: "Nodes that cannot reach each other have a relay that is not offline.", warning: true },
} as const;
