import type { Url } from "../../components/fleet/urls";
import { count } from "../../components/fleet/words";
import { columns, formatSeconds } from "./output";
import type { NodeReport } from "./reports";

/** What `./fleet up` ends with. */
export interface Summary {
    readonly stack: string;
    readonly nodes: readonly NodeReport[];
    readonly urls: readonly Url[];
    readonly changed: number;
    readonly unchanged: number;
    /** What went wrong beside the nodes. */
    readonly errors: readonly string[];
    /** What there is to say about nodes that have left. */
    readonly farewells: readonly string[];
    /** Milliseconds. */
    readonly took: number;
}

/** Whether all went well: the exit code of `up`. */
export function succeeded({ nodes, errors }: Summary): boolean {
    return errors.length === 0 && nodes.every(isRight);
}

function isRight({ state }: NodeReport): boolean {
    return state === "ok" || state === "changed" || state === "left";
}

/** The summary for people: nodes, what goes on or stays, URLs, one curl line, one closing line. */
export function summaryText(summary: Summary): string {
    const { stack, nodes, urls, changed, unchanged, errors, farewells, took } = summary;
    const curl = curlLine(urls);
    const blocks = [
        columns(
            nodes.map((node) => [node.node, node.state, words(node)]),
            "  ",
        ),
        nodes.flatMap(laterWords).join("\n"),
        errors.map((error) => `  ${error.replaceAll("\n", "\n  ")}`).join("\n"),
        columns(
            urls.map(({ name, url }) => [name, url]),
            "  ",
        ),
        curl ?? "",
        farewells.join("\n"),
        `${closing(summary)} ${changed} changed, ${unchanged} unchanged in ${formatSeconds(took)}. (fleet ${stack})`,
    ];
    return blocks.filter((block) => block !== "").join("\n\n");
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

function words(report: NodeReport): string {
    const { state, changed, failed, reverted, waiting, answer } = report;
    const causes = Object.entries(failed)
        .filter(([role]) => reverted[role] === undefined)
        .map(([role, [cause = ""]]) => (cause.startsWith(role) ? cause : `${role}: ${cause}`));
    const rest = waiting.length === 0 ? [] : [`not done: ${waiting.join(", ")}`];
    switch (state) {
        case "ok":
            return "nothing to do";
        case "changed":
            return changed.join(", ");
        case "left":
            return changed.includes("leave") ? "everything of ours was taken off it" : "nothing of ours is on it";
        case "failed":
            return [...causes, ...rest].join("; ");
        case "reverted":
            return [...revertedWords(report), ...causes, ...rest].join("; ");
        case "no answer": {
            // What failed there failed because it does not answer.
            const pending = [...Object.keys(failed), ...waiting];
            return pending.length === 0 ? answer : `${answer}; not done: ${pending.join(", ")}`;
        }
    }
}

function revertedWords({ node, reverted }: NodeReport): string[] {
    return Object.entries(reverted).map(
        ([role, window]) =>
            `${role} was applied and no fresh connection came through: ${node} goes back by itself within ${window} s`,
    );
}

/** What goes on after the run, and what stays on a node that nothing asks for. */
function laterWords({ node, pending, kept, reboot }: NodeReport): string[] {
    return [
        ...Object.entries(pending).map(([role, how]) => `  ${node}: ${role} goes on: ${how}; the next up says how far`),
        ...kept.map((what) => `  ${node}: kept: ${what}`),
        ...reboot.map((why) => `  ${node}: needs a reboot: ${why} (./fleet reboot ${node})`),
    ];
}

function closing({ nodes, errors }: Summary): string {
    const bad = nodes.filter((report) => !isRight(report)).map(({ node }) => node);
    if (bad.length > 0) return `${count(bad.length, "node")} of ${nodes.length} not right: ${bad.join(", ")}.`;
    if (errors.length > 0) return "The run failed.";
    const going = nodes.filter(({ pending }) => Object.keys(pending).length > 0).map(({ node }) => node);
    return going.length > 0 ? `Well so far; work goes on at ${going.join(", ")}.` : "All well.";
}
