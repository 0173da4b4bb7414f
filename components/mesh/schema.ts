import { z } from "zod";
import { ipv4Network } from "../fleet/zod-net";
import { ipv6Network64 } from "../fleet/zod-net6";

/** The WireGuard mesh between all nodes. Endpoints, keepalive and allowed IPs are computed, never written. */
export const meshSchema = z.strictObject({
    network: ipv4Network.default("10.44.0.0/24").describe("CIDR of the mesh."),
    ipv6: ipv6Network64
        .optional()
        .describe(
            "CIDR of the mesh in IPv6, where nodes are to have such an address beside: private (RFC 4193), drawn at random, 64 bits. Each node's ends in its IPv4 one.",
        ),
    port: z.int().min(1).max(65535).default(51820).describe("UDP port every node listens on."),
});
