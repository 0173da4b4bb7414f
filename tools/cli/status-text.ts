import { firewallUnit } from "../../components/firewall/render";
import type { NodePlan } from "../../components/fleet/plan";
import { count } from "../../components/fleet/words";
import { columns } from "./output";
import type { Finished } from "./process";
import { clockTrouble, factNotes, factWords, isAsSaid, type Facts } from "./status-facts";

/** The part of `converge.py status` that is shown. */
export interface Report extends Facts {
    readonly roles: Readonly<Record<string, { readonly result: string; readonly applied: string | null }>>;
    readonly units: Readonly<Record<string, { readonly running: boolean; readonly failed: boolean }>>;
    /** What the firewall's own checks say that do not pass; an older program does not look. */
    readonly firewall?: readonly string[];
    /** Who holds the machine's lock since when; empty when it is free. */
    readonly lock?: string;
}

/** How a node is. */
export interface NodeStatus {
    readonly node: string;
    readonly state: "ok" | "failed" | "no answer" | "wrong key" | "offline";
    /** How it answered, or what is wrong. */
    readonly words: string;
    /** What it said about itself. */
    readonly report?: Report;
    /** Roles it should have and does not. */
    readonly missing?: readonly string[];
    /** What is wrong with its clock. */
    readonly clock?: string;
    /** What shows only beside the other nodes. */
    readonly mixUps?: readonly string[];
}

/** Whether a node needs no attention. */
export function isWell({ state }: NodeStatus): boolean {
    return state === "ok" || state === "offline";
}

/**
 * Reads what a node answered.
 * @param now seconds since 1970, when it did
 */
export function parseNodeStatus(
    node: NodePlan,
    words: string,
    { code, stdout, stderr }: Finished,
    now = Date.now() / 1000,
): NodeStatus {
    if (code !== 0) return { node: node.name, state: "failed", words: `${words}, but ${notAsked(stderr, code)}` };
    const report = parseReport(stdout);
    if (report === undefined) return { node: node.name, state: "failed", words: "its answer cannot be read" };
    const missing = Object.keys(node.roles).filter((role) => report.roles[role] === undefined);
    const clock = clockTrouble(report, now);
    const bad =
        clock !== undefined ||
        missing.length > 0 ||
        !isAsSaid(report) ||
        (report.firewall ?? []).length > 0 ||
        Object.values(report.roles).some(({ result }) => result !== "applied") ||
        Object.values(report.units).some(({ failed }) => failed);
    return {
        node: node.name,
        state: bad ? "failed" : "ok",
        words,
        report,
        missing,
        ...(clock === undefined ? {} : { clock }),
    };
}

/** The status of all nodes for people. */
export function statusText(nodes: readonly NodeStatus[]): string {
    const rows = nodes.map(({ node, state, words, report }) => [
        node,
        state,
        report === undefined
            ? (words.split("\n")[0] ?? "")
            : `${words}; ${count(Object.keys(report.roles).length, "role")}, ${factWords(report)}`,
    ]);
    const details = nodes.flatMap((node) => detailLines(node).map((line) => `  ${node.node}: ${line}`));
    return [columns(rows, "  "), ...(details.length === 0 ? [] : ["", ...details])].join("\n");
}

function detailLines({ words, report, missing = [], clock, mixUps = [] }: NodeStatus): string[] {
    const [, ...more] = words.split("\n");
    if (report === undefined) return [...more.map((line) => line.trim()), ...mixUps];
    const failedRoles = Object.entries(report.roles).filter(([, { result }]) => result !== "applied");
    const failedUnits = Object.entries(report.units).filter(([, { failed }]) => failed);
    const stopped = Object.entries(report.units).filter(([, { failed, running }]) => !failed && !running);
    return [
        ...(report.lock === undefined || report.lock === "" ? [] : [`held by ${report.lock}`]),
        ...(missing.length > 0 ? [`not applied: ${missing.join(", ")} (run \`./fleet up\`)`] : []),
        ...failedRoles.map(([role, { result }]) => `${role}: ${result}`),
        ...failedUnits.map(([unit]) => `${unit} has failed`),
        ...(stopped.length > 0 ? [`not running: ${stopped.map(([unit]) => unit).join(", ")}`] : []),
        ...(report.firewall ?? []).map((words) => `its firewall is not in force (${words}). On the machine: ${reload}`),
        ...(clock === undefined ? [] : [clock]),
        ...factNotes(report),
        ...mixUps,
    ];
}

/** Loads the rules that are on the disk: `up` does not look at machines where nothing is to do. */
const reload = `sudo systemctl restart ${firewallUnit}`;

/** Reads what `converge.py status` prints; nothing when it is something else. */
export function parseReport(text: string): Report | undefined {
    try {
        return JSON.parse(text) as Report;
    } catch {
        return undefined;
    }
}

function notAsked(stderr: string, code: number): string {
    const [line = ""] = stderr.trim().split("\n");
    if (line.includes("Permission denied")) return `it refuses the agent's keys: ${line}`;
    if (line.includes("No such file")) return "nothing was applied to it yet: run `./fleet up`";
    if (code === 137) return "it did not say how it is in time";
    return line === "" ? `its status ended with ${code}` : line;
}
