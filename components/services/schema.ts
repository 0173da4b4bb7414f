import { z } from "zod";
import { domainName, placement } from "../edge/schema";
import { eachNames, namePattern } from "../fleet/each";
import { diskSize, duration, interval, memorySize } from "../fleet/units";
import { label, port } from "../node/schema";

const portRange = z
    .union([port, z.string().regex(/^\d{1,5}-\d{1,5}$/, "a port or a range like 9001-9015")])
    .transform((value) => {
        const [first = 0, last = first] = String(value).split("-").map(Number);
        return { first, last };
    });

const names = z
    .union([z.string(), z.array(z.string()).min(1)])
    .transform((value) => (Array.isArray(value) ? value : [value]));

/**
 * A block of services. `each` makes one block many, each with its own `{name}`; which options a service takes is said in
 * its catalogue entry (SE170).
 */
export const serviceSchema = z.strictObject({
    type: z.string().optional().describe("Name in the catalogue; the block's own key when left out."),
    at: placement.describe("Node it runs on; several in order of preference."),
    each: eachNames.optional().describe("One for each of these names: a range like site-{01..37}, or a list of such."),
    public: namePattern
        .optional()
        .describe("Name on the internet; without it LAN and mesh only, as NAME.FLEET.internal."),
    image: z.string().optional().describe("Container image, with {name}; pinned by digest in the lock."),
    memory: memorySize.optional().describe("Working memory of one; that of the catalogue when left out."),
    disk: diskSize.optional().describe("Room on the disk for one; that of the catalogue when left out."),
    ports: portRange.optional().describe("TCP port, or one for each: 9001-9015."),
    secrets: names.optional().describe("Secrets it gets, with {name}; set by `./fleet secret set NAME`."),
    model: z.string().optional().describe("Model or alias that it asks."),
    databases: z.array(label).optional().describe("Databases, each with a user of its own."),
    buckets: z.array(label).optional().describe("Buckets of an S3 store."),
    mirror: z.string().optional().describe("Where its repositories are copied to."),
    retention: duration.optional().describe("How long it keeps what it records."),
    persistence: z.enum(["aof", "rdb", "none"]).optional().describe("How valkey keeps its data."),
    pages: z.enum(["4k", "16k"]).optional().describe("Page size of the build that is installed."),
    key: z
        .enum(["ed25519", "secp256k1", "rsa", "x25519"])
        .optional()
        .describe("Type of the key it identifies itself with."),
    node: z
        .string()
        .regex(/^\d{1,3}(\.\d{1,3}){0,2}$/, "a Node.js version like 24.16")
        .optional()
        .describe("Node.js it runs on; ours when left out."),
    provider: domainName.optional().describe("Outside party it cannot do without, for example a model API."),
    every: interval.optional().describe("How often it runs."),
    requests: z
        .string()
        .regex(/^\d{1,6}(\.\d{1,3})?(kb|mb)\/s$/, "traffic like 200kb/s")
        .optional()
        .describe("Traffic it is expected to send."),
});

/** All services by block. */
export const servicesSchema = z.record(label, serviceSchema);
/** A block of services as written, defaults filled in. */
export type ServiceEntry = z.infer<typeof serviceSchema>;
