import { roleOnNode } from "./events";
import type { Anchor } from "./history-chain";
import { exportState, requireStack } from "./pulumi";

/** The part of a resource in an exported state that is read. */
interface Resource {
    readonly type: string;
    readonly urn: string;
    readonly modified?: string;
    readonly inputs?: { readonly triggers?: readonly unknown[] };
    readonly outputs?: { readonly stdout?: unknown };
}

/** What the state has seen of a node's log, by node. */
export type Anchors = ReadonlyMap<string, readonly Anchor[]>;

/**
 * Reads what the state has seen of every log: the engine keeps what a command printed, and its last line is the newest of
 * the log then. To be read before the logs are: what comes later is in no log yet.
 * @param incarnations of the nodes: a new machine behind an old name has a log of its own
 * @throws Failure when there is no state, or it cannot be read
 */
export async function readAnchors(
    root: string,
    stack: string,
    incarnations: Readonly<Record<string, number>>,
): Promise<Anchors> {
    requireStack(root, stack);
    return anchorsOf(await exportState(root, stack), incarnations);
}

/** The anchors in an exported state. */
export function anchorsOf(exported: string, incarnations: Readonly<Record<string, number>>): Anchors {
    const state = JSON.parse(exported) as { deployment?: { resources?: readonly Resource[] } };
    const found = new Map<string, Anchor[]>();
    for (const { type, urn, modified = "", inputs, outputs } of state.deployment?.resources ?? []) {
        const node = roleOnNode(urn.split("::").slice(3).join("::"))?.node ?? "";
        const [n, hash] = lastLine(outputs?.stdout);
        const same = inputs?.triggers?.[0] === incarnations[node];
        if (type !== "command:remote:Command" || hash === undefined || !same) continue;
        found.set(node, [...(found.get(node) ?? []), { n: Number(n), hash, at: modified }]);
    }
    return found;
}

/** Number and hash in the last line of what a command printed. */
function lastLine(stdout: unknown): string[] {
    const match = typeof stdout === "string" ? /(?:^|\n)log (\d{1,15}) ([0-9a-f]{64})\s*$/.exec(stdout) : null;
    return match?.slice(1) ?? [];
}
