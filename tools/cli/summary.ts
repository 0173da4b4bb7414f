import type { NodePlan } from "../../components/fleet/plan";
import type { Url } from "../../components/fleet/urls";
import { roleOnNode, type RunResult } from "./events";
import { columns, count, formatSeconds } from "./output";
import { describe, type Probe } from "./probe";

/** What became of one node. */
export interface NodeReport {
    readonly node: string;
    readonly address: string;
    readonly state: "ok" | "changed" | "failed" | "no answer";
    /** Roles that were sent and applied. */
    readonly changed: readonly string[];
    /** Roles that were sent and failed, with the lines of the cause. */
    readonly failed: Readonly<Record<string, readonly string[]>>;
    /** Roles that were not tried, because one before them failed. */
    readonly waiting: readonly string[];
    /** How the probe found it. */
    readonly answer: string;
}

/** What `./fleet up` ends with. */
export interface Summary {
    readonly stack: string;
    readonly nodes: readonly NodeReport[];
    readonly urls: readonly Url[];
    readonly changed: number;
    readonly unchanged: number;
    /** What went wrong beside the nodes. */
    readonly errors: readonly string[];
    /** Milliseconds. */
    readonly took: number;
}

/** Commands that every node has beside its roles, in their order. */
const frame = ["converge", "secrets", "finish"];

/** Reports on nodes, from how they answered and what the engine did. */
export function reportNodes(nodes: readonly NodePlan[], probes: readonly Probe[], result: RunResult): NodeReport[] {
    return nodes.map((node) => {
        const on = ([resource]: readonly [string, unknown]): boolean => roleOnNode(resource)?.node === node.name;
        const role = (resource: string): string => roleOnNode(resource)?.role ?? resource;
        const changed = [...result.changed].filter(on).map(([resource]) => role(resource));
        const failed = Object.fromEntries([...result.failed].filter(on).map(([name, cause]) => [role(name), cause]));
        const unchanged = [...result.unchanged]
            .map((name) => [name, true] as const)
            .filter(on)
            .map(([name]) => role(name));
        const done = [...changed, ...unchanged, ...Object.keys(failed)];
        const waiting = [...frame, ...Object.keys(node.roles)].filter((name) => !done.includes(name));
        const found = probes.find((probe) => probe.node === node.name);
        const broken = Object.keys(failed).length > 0 || waiting.length > 0;
        const answers = found === undefined || found.finding.state === "answers";
        const state = !answers ? "no answer" : broken ? "failed" : changed.length > 0 ? "changed" : "ok";
        const answer = found === undefined ? "" : describe(found);
        return { node: node.name, address: node.address, state, changed, failed, waiting, answer };
    });
}

/** Whether all went well: the exit code of `up`. */
export function succeeded({ nodes, errors }: Summary): boolean {
    return errors.length === 0 && nodes.every(({ state }) => state === "ok" || state === "changed");
}

/** The summary for people: nodes, URLs, one curl line, one closing line. */
export function summaryText(summary: Summary): string {
    const { stack, nodes, urls, changed, unchanged, errors, took } = summary;
    const curl = curlLine(urls);
    return [
        columns(
            nodes.map((node) => [node.node, node.state, words(node)]),
            "  ",
        ),
        ...(errors.length > 0 ? ["", ...errors.map((error) => `  ${error.replaceAll("\n", "\n  ")}`)] : []),
        ...(urls.length > 0
            ? [
                  "",
                  columns(
                      urls.map(({ name, url }) => [name, url]),
                      "  ",
                  ),
              ]
            : []),
        ...(curl === undefined ? [] : ["", curl]),
        "",
        `${closing(summary)} ${changed} changed, ${unchanged} unchanged in ${formatSeconds(took)}. (fleet ${stack})`,
    ].join("\n");
}

/** One curl line that works as printed in a POSIX shell; FLEET_CURL_PREFIX goes before it. */
export function curlLine(urls: readonly Url[], prefix = process.env["FLEET_CURL_PREFIX"] ?? ""): string | undefined {
    const [first] = urls;
    if (first === undefined) return undefined;
    return [...(prefix === "" ? [] : [prefix]), "curl", ...first.curl.map(shellWord)].join(" ");
}

/** A word as a POSIX shell reads it back. */
export function shellWord(word: string): string {
    return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function words({ state, changed, failed, waiting, answer }: NodeReport): string {
    const causes = Object.entries(failed).map(([role, [cause = ""]]) =>
        cause.startsWith(role) ? cause : `${role}: ${cause}`,
    );
    const rest = waiting.length === 0 ? [] : [`not done: ${waiting.join(", ")}`];
    switch (state) {
        case "ok":
            return "nothing to do";
        case "changed":
            return changed.join(", ");
        case "failed":
            return [...causes, ...rest].join("; ");
        case "no answer": {
            // What failed there failed because it does not answer.
            const pending = [...Object.keys(failed), ...waiting];
            return pending.length === 0 ? answer : `${answer}; not done: ${pending.join(", ")}`;
        }
    }
}

function closing({ nodes, errors }: Summary): string {
    const bad = nodes.filter(({ state }) => state === "failed" || state === "no answer").map(({ node }) => node);
    if (bad.length > 0) return `${count(bad.length, "node")} of ${nodes.length} not right: ${bad.join(", ")}.`;
    return errors.length > 0 ? "The run failed." : "All well.";
}
