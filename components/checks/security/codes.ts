/** Codes of the family `security`. */
export const securityCodes = {
    SE200: { rule: "What must not be on the internet is not." },
    SE201: { rule: "A gateway on the internet asks for keys.", warning: true },
    SE202: { rule: "A key of a person is one that sshd takes." },
    SE203: { rule: "Keys of people are ed25519, or on a token.", warning: true },
    SE204: { rule: "An identity has the type of key that its protocol asks for." },
    SE205: { rule: "A channel for alerts has the secret and the server that it needs." },
    SE206: { rule: "Docker publishes nothing in the place of what is on the internet.", warning: true },
    SE207: { rule: "A copy that leaves the fleet has credentials." },
    SE208: { rule: "A person's name is no account of the system or of a service." },
} as const;
