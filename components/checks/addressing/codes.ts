/** Codes of the family `addressing`. */
export const addressingCodes = {
    SE100: { rule: "Networks that a node routes do not overlap: LANs, mesh, VPCs and the networks of containers." },
    SE101: { rule: "An address means one machine: no two locations have the same LAN.", warning: true },
    SE102: {
        rule: "A node's address is one that a machine can have: not the network's, the broadcast's or a reserved one.",
    },
    SE103: { rule: "A LAN has room for a router and a machine." },
    SE104: { rule: "The mesh network has an address for every node." },
    SE105: { rule: "A location with machines behind NAT says its LAN.", warning: true },
    SE106: { rule: "Mesh and VPC lie in private ranges (RFC 1918, RFC 4193, RFC 6598)." },
    SE107: { rule: "A VPC has a size that DigitalOcean takes, and lies outside what it keeps for itself." },
    SE108: { rule: "A node's IPv6 address is written where a tunnel goes over it.", warning: true },
    SE109: { rule: "A mesh with IPv6 has tunnels that carry 1280 bytes." },
} as const;
