import { addressingCodes } from "../checks/addressing/codes";
import { capacityCodes } from "../checks/capacity/codes";
import { certificateCodes } from "../checks/certificates/codes";
import { hardwareCodes } from "../checks/hardware/codes";
import { nameCodes } from "../checks/names/codes";
import { networkCodes } from "../checks/network/codes";
import { securityCodes } from "../checks/security/codes";
import { serviceCodes } from "../checks/services/codes";
import { topologyCodes } from "../checks/topology/codes";
import { versionCodes } from "../checks/versions/codes";

/** What a code stands for. */
export interface Rule {
    readonly rule: string;
    /** It may stand when its reason is written under `accept:`; an error may not. */
    readonly warning?: true;
}

/** Codes of the file itself, of what lies beside it, and of the oldest checks. */
const baseCodes = {
    SE001: { rule: "The file is readable YAML." },
    SE002: { rule: "Only known keys are used." },
    SE003: { rule: "Every value has the form its key asks for." },
    SE004: { rule: "Required keys are there." },
    SE005: { rule: "`fleet` equals the stack's name, so that no `up` runs against the wrong fleet." },
    SE006: { rule: "A fleet has at least one node." },
    SE007: { rule: "Two patterns do not stand for the same name." },
    SE008: { rule: "What is accepted is still the case.", warning: true },
    SE009: { rule: "A file that the inventory names is there." },
    SE010: { rule: "No two nodes share an address." },
    SE011: { rule: "No two nodes share a mesh address, and each lies inside the mesh network." },
    SE012: { rule: "A placement names a node that exists." },
    SE013: { rule: "A location that is named is declared." },
    SE014: { rule: "Hardware is a profile we know." },
    SE015: {
        rule: "Every pair of nodes can reach each other: one of them is public, both share a location, or a public node relays.",
    },
    SE016: { rule: "A private address lies inside the LAN of its location." },
    SE017: { rule: "Nothing is placed on a node that leaves." },
    SE018: { rule: "A node is `hardware` that exists or a `droplet` to rent, and says what that needs." },
    SE019: { rule: "No name is a word of the program's own language, such as `constructor`." },
    SE020: { rule: "A public name lies inside one of the domains." },
    SE021: { rule: "A public name needs an edge, a nameserver and domains." },
    SE022: { rule: "A public service stands on a node with a public address." },
    SE030: { rule: "A model that is served is in the model catalogue." },
    SE031: { rule: "A model is served by a node that has an engine for it." },
    SE040: { rule: "Every artifact has a locked hash." },
    SE041: { rule: "Every node has a pinned host key." },
    SE042: { rule: "Every node has a road (a loopback port)." },
    SE043: { rule: "A secret that the inventory asks the operator for was set." },
    SE044: {
        rule: "A node with a road is in the inventory: no machine is forgotten with its roles left running on it.",
    },
    SE045: { rule: "What is asked for is built already." },
} as const satisfies Record<string, Rule>;

/** Every code with the rule it stands for. Codes are never reused: SE023, SE032 and SE033 are gone. */
export const codes = {
    ...baseCodes,
    ...addressingCodes,
    ...hardwareCodes,
    ...networkCodes,
    ...topologyCodes,
    ...capacityCodes,
    ...versionCodes,
    ...nameCodes,
    ...certificateCodes,
    ...securityCodes,
    ...serviceCodes,
} as const;

/** A code of the list above. */
export type Code = keyof typeof codes;

/** Whether a code's problem may be accepted. */
export function isWarning(code: Code): boolean {
    const rule: Rule = codes[code];
    return rule.warning === true;
}
