import { z } from "zod";
import { isIPv4 } from "../fleet/net";

/** Names of nodes and locations: a DNS label (RFC 1123), because hosts answer to it. */
export const label = z
    .string()
    .regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, "a name is 1 to 63 of a-z, 0-9 and -, starting with a letter");

/** An IPv4 address in dotted form. */
export const ipv4 = z.string().refine(isIPv4, "an IPv4 address like 192.168.1.20");

/** One machine that exists and is adopted. */
export const nodeSchema = z
    .strictObject({
        hardware: z.string().describe("Profile: pi5-8gb, dgx-spark, or ARCH-MEMORYgb such as amd64-16gb."),
        location: label.optional().describe("Where it stands; nodes of one location share a LAN."),
        address: ipv4.describe(
            "Address it is reached at. A private one (RFC 1918, RFC 6598) means it stands behind NAT.",
        ),
        mesh: ipv4.optional().describe("Address in the mesh; derived from the name when left out."),
        user: z
            .string()
            .regex(/^[a-z_][a-z0-9_-]{0,31}$/, "a Unix user name")
            .optional(),
        port: z.int().min(1).max(65535).optional().describe("TCP port of its sshd; 22 when left out."),
        incarnation: z
            .int()
            .min(1)
            .default(1)
            .describe("Goes up when the machine behind the name is a new one, so that everything is sent again."),
        leaving: z
            .literal([true, "gone"])
            .optional()
            .describe(
                "true: the next up takes everything of ours off it. gone: the machine is gone for good and is forgotten.",
            ),
    })
    .describe("A machine you own.");
