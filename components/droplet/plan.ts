import { createHash } from "node:crypto";
import type { Flow } from "../firewall/plan";
import type { Inventory } from "../fleet/schema";
import { meshedNodes } from "../mesh/plan";
import { images } from "../node/droplets";
import type { NodeEntry } from "../node/schema";
import { planVpcs } from "./vpcs";

/** A port that the internet may reach, as DigitalOcean's firewall has it. */
export interface OpenPort {
    readonly protocol: "tcp" | "udp";
    readonly port: number;
}

/** A machine to rent. */
export interface DropletPlan {
    readonly name: string;
    /** Slug of the size. */
    readonly size: string;
    readonly region: string;
    /** Slug of the image it is made from; later ones are not looked at. */
    readonly image: string;
    /** Login that its user data makes. */
    readonly user: string;
    /** TCP port of its sshd. */
    readonly port: number;
    readonly incarnation: number;
    /** The host key that it has made itself since, `ssh-ed25519 AAAA…`; absent while it has the one it was made with. */
    readonly hostKey?: string;
    /** Tag of its own, which its firewall goes by. */
    readonly tag: string;
    /** What the internet may reach, sorted. */
    readonly open: readonly OpenPort[];
    /** Whether the machine and its address are kept from being given back. */
    readonly protect: boolean;
}

/** A public key that new machines let in, without its comment, and whose it is. */
export interface RentedKey {
    readonly person: string;
    readonly publicKey: string;
}

/** Everything that is rented from DigitalOcean. */
export interface CloudPlan {
    readonly fleet: string;
    /** Tag of everything that the fleet rents: what carries it and is not in the state was left by a lost answer. */
    readonly tag: string;
    /** Region → CIDR of its private network. */
    readonly vpcs: Readonly<Record<string, string>>;
    /** Public SSH keys that new machines let in, by a short name of the key itself: it may become another person's. */
    readonly keys: Readonly<Record<string, RentedKey>>;
    readonly droplets: Readonly<Record<string, DropletPlan>>;
}

/** What is known of the machines that are there. */
export interface KnownMachines {
    readonly replaced: ReadonlySet<string>;
    readonly hostKeys: Readonly<Record<string, string | undefined>>;
}

/** Name of the secret that holds the API token. */
export const tokenSecret = "digitalocean-token";

/** Whether a node is rented. */
export function isDroplet({ droplet }: NodeEntry): boolean {
    return droplet !== undefined;
}

/**
 * What is rented for a fleet; nothing for one without droplets. Of a node that leaves the machine stays, unprotected: it
 * goes with its block.
 * @param operatorKeys public keys beside those of `people`
 * @param machines droplets whose machine is a new one this time, and host keys that machines have made themselves
 */
export function planCloud(
    inventory: Inventory,
    flows: readonly Flow[],
    operatorKeys: readonly string[],
    machines: KnownMachines,
): CloudPlan | undefined {
    const { fleet } = inventory;
    const droplets = Object.entries(inventory.nodes).filter(([, node]) => isDroplet(node));
    if (droplets.length === 0) return undefined;
    const plans = droplets.map(([name, node]) => planDroplet(inventory, name, node, flows, machines));
    return {
        fleet,
        tag: `sovereign-edge-${fleet}`,
        vpcs: planVpcs(inventory),
        keys: planKeys(inventory, operatorKeys),
        droplets: Object.fromEntries(plans.map((plan) => [plan.name, plan])),
    };
}

function planDroplet(
    inventory: Inventory,
    name: string,
    node: NodeEntry,
    flows: readonly Flow[],
    { replaced, hostKeys }: KnownMachines,
): DropletPlan {
    const port = node.port ?? inventory.ssh.port ?? 22;
    return {
        name,
        size: node.droplet ?? "",
        region: node.region ?? "",
        image: images[node.os ?? "debian-13"] ?? "",
        user: node.user ?? inventory.ssh.user,
        port,
        incarnation: node.incarnation,
        tag: `sovereign-edge-${inventory.fleet}-${name}`,
        open: openPorts(inventory, name, port, flows),
        protect: !replaced.has(name) && node.leaving === undefined,
        ...(hostKeys[name] === undefined ? {} : { hostKey: hostKeys[name] }),
    };
}

function openPorts(inventory: Inventory, name: string, ssh: number, flows: readonly Flow[]): OpenPort[] {
    const meshed = meshedNodes(inventory).includes(name);
    const all: OpenPort[] = [
        { protocol: "tcp", port: ssh },
        ...(meshed ? [{ protocol: "udp" as const, port: inventory.mesh.port }] : []),
        ...flows
            .filter(({ to, from }) => to === name && from === "internet")
            .map(({ protocol, port }) => ({ protocol, port })),
    ];
    const unique = new Map(all.map((open) => [`${String(open.port).padStart(5, "0")} ${open.protocol}`, open]));
    return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, open]) => open);
}

function planKeys({ people }: Inventory, operatorKeys: readonly string[]): Record<string, RentedKey> {
    const written = [
        ...Object.entries(people).flatMap(([person, keys]) => keys.map((key): [string, string] => [person, key])),
        ...operatorKeys.map((key): [string, string] => ["operator", key]),
    ];
    // An account takes a key once, whoever it stands under.
    const unique = new Map([...written].reverse().map(([person, key]) => [bare(key), person]));
    const named = [...unique].map(([publicKey, person]): [string, RentedKey] => [
        shortName(publicKey),
        { person, publicKey },
    ]);
    return Object.fromEntries(named.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** A public key without its comment. */
function bare(key: string): string {
    return key.split(" ").slice(0, 2).join(" ");
}

/** Comes from the key itself, never from its place in a list. */
function shortName(key: string): string {
    return createHash("sha256").update(key).digest("hex").slice(0, 8);
}
