import { z } from "zod";
import { alertsSchema } from "../alerts/schema";
import { backupsSchema } from "../backups/schema";
import { dnsSchema, domainsSchema } from "../dns/schema";
import { edgeSchema } from "../edge/schema";
import { meshSchema } from "../mesh/schema";
import { modelsSchema } from "../models/schema";
import { label, nodeSchema, port, region, userName } from "../node/schema";
import { servicesSchema } from "../services/schema";
import { websitesSchema } from "../websites/schema";
import { bitRate, money } from "./units";
import { ipv4Network } from "./zod-net";
import { ipv6Network } from "./zod-net6";

const location = z.strictObject({
    lan: ipv4Network.optional().describe("CIDR of the location's LAN."),
    ipv6: ipv6Network.optional().describe("CIDR of the location's LAN in IPv6: what its provider gives it for good."),
    mtu: z
        .int()
        .min(1280)
        .max(1500)
        .optional()
        .describe(
            "Largest packet that its internet line carries, in bytes; 1500 when left out, 1492 for PPPoE. The tunnels of the whole fleet are 80 narrower than the narrowest.",
        ),
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
        .strictObject({
            user: userName.default("root").describe("Login on every node that names none."),
            port: port.optional().describe("TCP port of every sshd; 22 when left out."),
        })
        .prefault({})
        .describe("Defaults for every node."),
    mesh: meshSchema.prefault({}).describe("The private network between the nodes (WireGuard)."),
    vpcs: z
        .record(region, ipv4Network)
        .default({})
        .describe("DigitalOcean region → CIDR of the private network of its droplets."),
    locations: z
        .record(label, location)
        .default({})
        .describe("Places of your own, by name: nodes of one location share a LAN and fail together."),
    nodes: z
        .record(label, nodeSchema)
        .describe("The machines, by name; `./fleet add NAME ADDRESS` writes their lines."),
    edge: edgeSchema.optional().describe("Where the internet comes in: TLS and HTTP (Caddy)."),
    dns: dnsSchema.optional().describe("The nameservers of your domains (PowerDNS)."),
    domains: domainsSchema
        .default({})
        .describe("Registered domains, by name or pattern; a public name lies inside one."),
    models: modelsSchema.optional().describe("Models, their engines and the one address they answer at."),
    websites: websitesSchema.default({}).describe("Static sites."),
    services: servicesSchema.default({}).describe("Everything else that runs, by a name of your own."),
    alerts: alertsSchema.optional().describe("Where alerts go."),
    backups: backupsSchema.optional().describe("Copies of the services' state, by a name of your own for each target."),
    accept: z
        .record(acceptance, z.string().min(1))
        .default({})
        .describe("Warnings that were read, each with the reason why it may stand."),
});

/** A parsed inventory: shapes are right, names are not yet checked against each other. */
export type Inventory = z.infer<typeof inventorySchema>;
