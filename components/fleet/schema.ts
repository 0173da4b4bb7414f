import { z } from "zod";
import { dnsSchema, domainsSchema } from "../dns/schema";
import { edgeSchema } from "../edge/schema";
import { meshSchema } from "../mesh/schema";
import { modelsSchema } from "../models/schema";
import { label, nodeSchema } from "../node/schema";
import { isPrefix } from "./net";

const location = z.strictObject({
    lan: z.string().refine(isPrefix, "an IPv4 network like 192.168.1.0/24").describe("CIDR of the location's LAN."),
});

/** The whole inventory, version 1. */
export const inventorySchema = z.strictObject({
    version: z.literal(1).describe("Version of this format."),
    fleet: label.describe("Name of the fleet; must equal the stack's name."),
    ssh: z
        .strictObject({
            user: z
                .string()
                .regex(/^[a-z_][a-z0-9_-]{0,31}$/, "a Unix user name")
                .default("root"),
        })
        .prefault({})
        .describe("Defaults for every node."),
    mesh: meshSchema.prefault({}),
    locations: z.record(label, location).default({}),
    nodes: z.record(label, nodeSchema),
    edge: edgeSchema.optional(),
    dns: dnsSchema.optional(),
    domains: domainsSchema.default({}),
    models: modelsSchema.optional(),
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
