import { z } from "zod";
import { ipv4Network } from "../fleet/zod-net";

/** The WireGuard mesh between all nodes. Endpoints, keepalive and allowed IPs are computed, never written. */
export const meshSchema = z.strictObject({
    network: ipv4Network.default("10.44.0.0/24").describe("CIDR of the mesh."),
    port: z.int().min(1).max(65535).default(51820).describe("UDP port every node listens on."),
});
