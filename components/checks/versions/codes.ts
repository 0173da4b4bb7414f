/** Codes of the family `versions`. */
export const versionCodes = {
    SE160: { rule: "An engine's environment and flags exist in its version." },
    SE161: { rule: "An engine is new enough for the models it serves." },
    SE162: { rule: "An engine runs on the machine and the system it is placed on." },
    SE163: { rule: "A service gets a Node.js that it runs on." },
    SE164: { rule: "Containers run where Podman knows Quadlet (4.4)." },
} as const;
