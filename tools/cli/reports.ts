import type { NodePlan } from "../../components/fleet/plan";
import { roleOnNode, type RunResult } from "./events";
import { describe, type Probe } from "./probe";

/** What became of one node. */
export interface NodeReport {
    readonly node: string;
    readonly address: string;
    /**
     * `reverted`: a change cut off its own connection, and the node goes back by itself. `left`: everything of ours was
     * taken off it.
     */
    readonly state: "ok" | "changed" | "failed" | "reverted" | "no answer" | "left";
    /** Roles that were sent and applied. */
    readonly changed: readonly string[];
    /** Roles that were sent and failed, with the lines of the cause. */
    readonly failed: Readonly<Record<string, readonly string[]>>;
    /** Roles that were applied and not confirmed over a fresh connection, with the seconds after which they go back. */
    readonly reverted: Readonly<Record<string, number>>;
    /** Roles with long work that goes on, with how far it is. */
    readonly pending: Readonly<Record<string, string>>;
    /** Roles that were not tried, because one before them failed. */
    readonly waiting: readonly string[];
    /** What stays on it although nothing asks for it any more. */
    readonly kept: readonly string[];
    /** Why it should be restarted, as far as this run was told. */
    readonly reboot: readonly string[];
    /** How the probe found it. */
    readonly answer: string;
}

/** Seconds before a change goes back that was not confirmed, unless its role says otherwise. */
const defaultWindow = 60;

/** Reports on nodes, from how they answered and what the engine did. */
export function reportNodes(nodes: readonly NodePlan[], probes: readonly Probe[], result: RunResult): NodeReport[] {
    return nodes.map((node) => {
        const found = probes.find((probe) => probe.node === node.name);
        const facts = factsOf(node, result);
        // A droplet that is made, or given its address, in this run did not answer before.
        const reached = [...onNode(node, result.changed).values()].some((op) => op !== "delete");
        const answers = found === undefined || found.finding.state === "answers" || reached;
        const answer = found === undefined ? "" : describe(found);
        return { node: node.name, address: node.address, state: stateOf(node, facts, answers), ...facts, answer };
    });
}

type Facts = Omit<NodeReport, "node" | "address" | "state" | "answer">;

function factsOf(node: NodePlan, result: RunResult): Facts {
    const changed = [...onNode(node, result.changed).keys()];
    const failed = onNode(node, result.failed);
    const unchanged = onNode(node, new Map([...result.unchanged].map((name) => [name, true])));
    const done = [...changed, ...unchanged.keys(), ...failed.keys()];
    const reverted = [...result.unconfirmed].flatMap((resource): [string, number][] => {
        const { role, node: where } = roleOnNode(resource) ?? {};
        if (where !== node.name || role === undefined || !failed.has(role)) return [];
        return [[role, node.roles[role]?.confirm?.window ?? defaultWindow]];
    });
    const pending = [...onNode(node, result.pending)].map(([role, { words }]) => [role, words] as const);
    const said = onNode(node, result.said);
    return {
        changed,
        failed: Object.fromEntries(failed),
        reverted: Object.fromEntries(reverted),
        pending: Object.fromEntries(pending),
        waiting: commandsOf(node).filter((name) => !done.includes(name)),
        kept: [said.get("leave"), changed.includes("finish") ? said.get("finish") : undefined].flatMap((lines) =>
            (lines ?? []).flatMap(keptOf),
        ),
        reboot: (changed.includes("finish") ? (said.get("finish") ?? []) : []).flatMap(rebootOf),
    };
}

/** The commands of a node in their order. */
function commandsOf({ leaving, roles }: NodePlan): string[] {
    return leaving
        ? ["program", "converge", "leave"]
        : ["program", "converge", "secrets", ...Object.keys(roles), "finish"];
}

/** The entries about one node, by role. */
function onNode<T>({ name }: NodePlan, entries: ReadonlyMap<string, T>): Map<string, T> {
    return new Map(
        [...entries].flatMap(([resource, value]): [string, T][] => {
            const place = roleOnNode(resource);
            return place?.node === name ? [[place.role, value]] : [];
        }),
    );
}

function keptOf(line: string): string[] {
    return /^kept: (.*)$/.exec(line)?.slice(1) ?? [];
}

function rebootOf(line: string): string[] {
    return /^reboot: (.*)$/.exec(line)?.slice(1) ?? [];
}

function stateOf({ leaving }: NodePlan, facts: Facts, answers: boolean): NodeReport["state"] {
    const broken = Object.keys(facts.failed).length > 0 || facts.waiting.length > 0;
    if (Object.keys(facts.reverted).length > 0) return "reverted";
    if (!answers) return leaving && !broken ? "left" : "no answer";
    if (broken) return "failed";
    if (leaving) return "left";
    return facts.changed.length > 0 ? "changed" : "ok";
}
