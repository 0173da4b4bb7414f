import { createHash } from "node:crypto";
import { fillName } from "../fleet/each";
import type { Inventory } from "../fleet/schema";
import { typeOf } from "./catalogue/catalogue";
import type { Scope, ServiceType } from "./catalogue/entry";
import type { ServiceEntry } from "./schema";

/** A port that something listens on. */
export interface Listener {
    readonly protocol: "tcp" | "udp";
    readonly port: number;
    readonly scope: Scope;
}

/** One service on one node: a block is one, or one for each of its names. */
export interface Instance {
    /** Key of its block under `services`. */
    readonly block: string;
    readonly type: string;
    /** Name of its own: that of the block, or `BLOCK-NAME`. */
    readonly name: string;
    /** What it is called inside the fleet: `LABEL.FLEET.internal`. */
    readonly label: string;
    readonly node: string;
    /** Nodes that it could move to, in order of preference; it takes nothing there. */
    readonly standby: readonly string[];
    /** Working memory it is given, bytes. */
    readonly memory: number;
    /** Room on the disk it is given, bytes. */
    readonly disk: number;
    /** Where it listens. */
    readonly listeners: readonly Listener[];
    /** The port that its name leads to; absent when nothing of it listens. */
    readonly port?: number;
    /** Its name on the internet. */
    readonly public?: string;
    /** Directories that are its state; empty when it can be set up anew. */
    readonly state: readonly string[];
    /** Names of the secrets it gets. */
    readonly secrets: readonly string[];
    /** Where the inventory asks for it. */
    readonly path: readonly (string | number)[];
}

/** Every service on every node, by block and in the order of `each`. Total: a type that is not known takes what is written. */
export function planInstances(inventory: Inventory): Instance[] {
    const instances = Object.keys(inventory.services)
        .sort()
        .flatMap((block) => {
            const entry = inventory.services[block];
            return entry === undefined ? [] : planBlock(inventory, block, entry);
        });
    return withoutClashes(inventory, instances);
}

/** Moves a derived port to the next free one of its node where two names happen to have the same. */
function withoutClashes({ services }: Inventory, instances: readonly Instance[]): Instance[] {
    const isDerived = ({ block }: Instance): boolean => {
        const entry = services[block];
        return entry !== undefined && entry.ports === undefined && hasDerivedPort(entry, typeOf(block, entry));
    };
    const fixed = instances.filter((instance) => !isDerived(instance));
    const taken = new Set(fixed.flatMap(({ node, listeners }) => listeners.map(({ port }) => `${node} ${port}`)));
    return instances.map((instance) => {
        const { node, port, listeners } = instance;
        if (port === undefined || !isDerived(instance)) return instance;
        let free = port;
        while (taken.has(`${node} ${free}`)) free++;
        taken.add(`${node} ${free}`);
        const moved = listeners.map((listener) => (listener.port === port ? { ...listener, port: free } : listener));
        return { ...instance, port: free, listeners: moved };
    });
}

function planBlock({ nodes }: Inventory, block: string, entry: ServiceEntry): Instance[] {
    const type = typeOf(block, entry);
    const there = entry.at.filter((name) => nodes[name] !== undefined);
    const placed = type?.everywhere === true ? there : there.slice(0, 1);
    const standby = type?.everywhere === true ? [] : there.slice(1);
    return placed.flatMap((node) =>
        (entry.each ?? [undefined]).map((name, index): Instance => {
            const full = name === undefined ? block : `${block}-${name}`;
            const fill = (text: string): string => (name === undefined ? text : fillName(text, name));
            const port = portOf(full, entry, type, index);
            return {
                block,
                type: entry.type ?? block,
                name: full,
                label: name ?? block,
                node,
                standby,
                memory: entry.memory ?? type?.memory.bytes ?? 0,
                disk: entry.disk ?? type?.disk.bytes ?? 0,
                listeners: listenersOf(type, port, entry.ports !== undefined),
                ...(port === undefined ? {} : { port }),
                ...(entry.public === undefined ? {} : { public: fill(entry.public) }),
                state: type?.state ?? [],
                secrets: (entry.secrets ?? []).map(fill),
                path: ["services", block],
            };
        }),
    );
}

/** The n-th of `ports`; else the type's own, and where that says nothing or is not enough, one that depends on the name alone. */
function portOf(
    name: string,
    { ports, each }: ServiceEntry,
    type: ServiceType | undefined,
    index: number,
): number | undefined {
    const own = type?.listeners.find(({ main }) => main === true);
    if (type !== undefined && own === undefined) return undefined;
    if (ports !== undefined) return ports.first + index <= ports.last ? ports.first + index : undefined;
    return hasDerivedPort({ each }, type) ? spread(name) : own?.port;
}

function hasDerivedPort({ each }: Pick<ServiceEntry, "each">, type: ServiceType | undefined): boolean {
    return each !== undefined || type?.listeners.some(({ anyPort }) => anyPort === true) === true;
}

function listenersOf(type: ServiceType | undefined, port: number | undefined, moved: boolean): Listener[] {
    return (type?.listeners ?? []).flatMap(({ protocol, scope, main, unlessMoved, port: usual }): Listener[] => {
        if (moved && unlessMoved === true) return [];
        if (main !== true) return [{ protocol, port: usual, scope }];
        return port === undefined ? [] : [{ protocol, port, scope }];
    });
}

/** A port of 20000 to 29999 that depends on the name alone: neighbours that come and go do not move it. */
function spread(name: string): number {
    return 20_000 + (createHash("sha256").update(name).digest().readUInt32BE(0) % 10_000);
}
