import { z } from "zod";
import { alertsSchema } from "../alerts/schema";
import { backupsSchema } from "../backups/schema";
import { dnsSchema, domainsSchema } from "../dns/schema";
import { edgeSchema } from "../edge/schema";
import { meshSchema } from "../mesh/schema";
import { modelsSchema } from "../models/schema";
import { label, nodeSchema, port, userName } from "../node/schema";
import { servicesSchema } from "../services/schema";
import { websitesSchema } from "../websites/schema";
import { isPrefix } from "./net";
import { bitRate, money } from "./units";

const prefix = z.string().refine(isPrefix, "an IPv4 network like 192.168.1.0/24");

const location = z.strictObject({
    lan: prefix.optional().describe("CIDR of the location's LAN."),
    uplink: bitRate.optional().describe("Upload speed of its internet line, in bits a second."),
    electricity: money("/kWh").optional().describe("Price of its electricity."),
});

const sshKey = z
    .string()
    .regex(
        /^ssh-\S+ [A-Za-z0-9+/=]+( .*)?$|^sk-ssh-\S+ [A-Za-z0-9+/=]+( .*)?$|^ecdsa-\S+ [A-Za-z0-9+/=]+( .*)?$/,
        "a public key as in ~/.ssh/id_ed25519.pub",
    );

const acceptance = z
    .string()
    .regex(/^SE\d{3} \S+$/, "CODE PATH as the warning shows them, for example `SE071 nodes.alice.disk`");

/** The whole inventory, version 1. */
export const inventorySchema = z.strictObject({
    version: z.literal(1).describe("Version of this format."),
    fleet: label.describe("Name of the fleet; must equal the stack's name."),
    people: z
        .record(
            label,
            z.union([sshKey, z.array(sshKey).min(1)]).transform((keys) => (Array.isArray(keys) ? keys : [keys])),
        )
        .default({})
        .describe("Who may log in on every node, with their public SSH keys."),
    ssh: z
        .strictObject({ user: userName.default("root"), port: port.optional() })
        .prefault({})
        .describe("Defaults for every node."),
    mesh: meshSchema.prefault({}),
    vpcs: z
        .record(z.string(), prefix)
        .default({})
        .describe("DigitalOcean region → CIDR of the private network of its droplets."),
    locations: z.record(label, location).default({}),
    nodes: z.record(label, nodeSchema),
    edge: edgeSchema.optional(),
    dns: dnsSchema.optional(),
    domains: domainsSchema.default({}),
    models: modelsSchema.optional(),
    websites: websitesSchema.default({}).describe("Static sites."),
    services: servicesSchema.default({}).describe("Everything else that runs, by a name of your own."),
    alerts: alertsSchema.optional(),
    backups: backupsSchema.optional(),
    accept: z
        .record(acceptance, z.string().min(1))
        .default({})
        .describe("Warnings that were read, each with the reason why it may stand."),
});

/** A parsed inventory: shapes are right, names are not yet checked against each other. */
export type Inventory = z.infer<typeof inventorySchema>;

/** The part of JSON Schema (draft 2020-12) that is used here. */
export interface JsonSchema {
    readonly type?: string;
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly additionalProperties?: JsonSchema;
    readonly anyOf?: readonly JsonSchema[];
}

/** The inventory's JSON Schema, for editors and for error texts: the form that people write, before defaults. */
export function jsonSchema(): JsonSchema {
    return z.toJSONSchema(inventorySchema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}
