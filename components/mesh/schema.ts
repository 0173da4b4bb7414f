import { z } from "zod";
import { isPrefix } from "../fleet/net";

/** The WireGuard mesh between all nodes. Endpoints, keepalive and allowed IPs are computed, never written. */
export const meshSchema = z.strictObject({
    network: z
        .string()
        .refine(isPrefix, "an IPv4 network like 10.44.0.0/24, with no bits set behind the length")
        .default("10.44.0.0/24")
        .describe("CIDR of the mesh."),
    port: z.int().min(1).max(65535).default(51820).describe("UDP port every node listens on."),
});
