import type { Inventory } from "../../fleet/schema";
import type { NodeEntry } from "../schema";

/** Nodes that stand in for each other: while one of them starts again, another one has to answer. */
export type Stands = Readonly<Record<string, readonly string[]>>;

/** Whether a node may be started again now, as its inventory says. @param now hours and minutes count, in UTC */
export function mayReboot({ reboot }: Pick<NodeEntry, "reboot">, now: Date): boolean {
    if (reboot === undefined || reboot === "never") return false;
    if (reboot === "allowed") return true;
    const [from = 0, to = 0] = reboot.split("-").map(minutesOf);
    const at = now.getUTCHours() * 60 + now.getUTCMinutes();
    return from <= to ? from <= at && at < to : at >= from || at < to;
}

function minutesOf(text: string): number {
    const [hours = 0, minutes = 0] = text.split(":").map(Number);
    return hours * 60 + minutes;
}

/** Who stands in for whom: edges, nameservers, and ways to nodes that cannot be dialled directly. */
export function standIns({ nodes, edge, dns }: Inventory): Stands {
    const groups = [
        edge?.at ?? [],
        dns === undefined ? [] : [dns.primary, ...(dns.secondaries ?? [])],
        ...Object.values(nodes).map(({ via }) => via ?? []),
    ];
    const others = (node: string): string[] => groups.flatMap((group) => (group.includes(node) ? group : []));
    return Object.fromEntries(
        Object.keys(nodes).map((node) => [node, [...new Set(others(node))].filter((other) => other !== node).sort()]),
    );
}

/** The order in which nodes start again: who stands in for others comes last, each after the other kind by name. */
export function rebootOrder(names: readonly string[], stands: Stands): string[] {
    const last = (name: string): number => ((stands[name] ?? []).length > 0 ? 1 : 0);
    return [...names].sort((a, b) => last(a) - last(b) || (a < b ? -1 : 1));
}
