import { groupBy } from "../../components/fleet/group";
import { count } from "../../components/fleet/words";
import { columns, formatAge } from "./output";
import type { Pair } from "./pairs";

/** How many pairs answer, over which ways, and why the others do not; with `all` a line for each. */
export function pairsText(pairs: readonly Pair[], all = false): string {
    if (pairs.length === 0) return "";
    const table = all ? [columns(pairs.map(row), "    ")] : [];
    return [`  mesh  ${headline(pairs)}`, ...table, ...failures(pairs)].join("\n");
}

function headline(pairs: readonly Pair[]): string {
    const good = pairs.filter(({ answers }) => answers);
    const times = good.flatMap(({ latency }) => (latency === null ? [] : [latency]));
    const range = times.length === 0 ? "" : ` in ${Math.min(...times)} to ${Math.max(...times)} ms`;
    const ways = [...groupBy(good, ({ path }) => path)].map(([path, { length }]) => `${length} ${path}`).sort();
    const moved = good.filter(({ planned }) => planned !== undefined).length;
    const other = moved === 0 ? "" : `; ${moved} on another way than planned`;
    return `${good.length} of ${count(pairs.length, "pair")} answer${range}${ways.length === 0 ? "" : ` (${ways.join(", ")})`}${other}`;
}

function row({ from, to, answers, path, planned, endpoint, handshake, latency }: Pair): string[] {
    return [
        from,
        to,
        planned === undefined ? path : `${path} (planned: ${planned})`,
        answers ? `${latency ?? "?"} ms` : "no answer",
        handshake === null ? "no handshake" : `handshake ${formatAge(handshake)} ago`,
        endpoint,
    ];
}

/** A line for each pair that fails; nodes that do not answer at all have one for all of theirs. */
function failures(pairs: readonly Pair[]): string[] {
    const bad = pairs.filter(({ answers }) => !answers);
    const silent = [...new Set(bad.flatMap(({ from, to, why }) => silentOf(from, to, why)))];
    const rest = bad.filter(({ from, to }) => !silent.includes(from) && !silent.includes(to));
    return [
        ...silent.map((node) => {
            const its = bad.filter(({ from, to }) => from === node || to === node).length;
            return `    ${node}: it does not answer us; its ${count(its, "pair")} fail`;
        }),
        ...rest.map(({ from, to, why = "" }) => `    ${from} to ${to}: ${why}`),
    ];
}

/** The end that did not answer the operator, when that is why a pair fails. */
function silentOf(from: string, to: string, why = ""): string[] {
    return [from, to].filter((node) => why.startsWith(`${node} does not answer us`));
}
