import { count } from "../../components/fleet/words";
import type { Verdict } from "./history-chain";
import type { Entry, Line, Log } from "./history-log";
import { columns, formatBytes, formatSeconds } from "./output";

/** What became of a node's log. */
export interface NodeHistory {
    readonly node: string;
    /** `intact`: nothing is wrong. `broken`: it was tampered with. Everything else could not be looked at. */
    readonly state: "intact" | "broken" | "failed" | "no answer" | "wrong key";
    /** What was found, line by line. */
    readonly words: readonly string[];
    readonly log?: Log;
    readonly verdict?: Verdict;
}

/** What is to be said of a node's log. */
export function judged(node: string, log: Log, verdict: Verdict): NodeHistory {
    const { problems } = verdict;
    const shown = problems.length > 8 ? [...problems.slice(0, 8), `and ${problems.length - 8} more`] : problems;
    const torn = log.torn ? ["the last line is cut off; the next change says so and goes on"] : [];
    const words = [...shown, stretchWords(log, verdict), ...torn];
    return { node, state: problems.length > 0 ? "broken" : "intact", words, log, verdict };
}

function stretchWords({ lines }: Log, { intact, newer, problems }: Verdict): string {
    if (intact === undefined) {
        if (problems.length > 0) return "the state vouches for none of its lines";
        return lines.length === 0
            ? "nothing was changed here yet"
            : `the state has seen none of its ${linesOf(lines)} yet`;
    }
    const { from, to } = intact;
    const words = `intact from line ${from.n} (${moment(from.entry.time)}) to line ${to.n}`;
    // What follows lines that were changed may be anything.
    if (newer === 0 || problems.length > 0) return words;
    return `${words}; ${newer === 1 ? "the newest line is" : `the newest ${newer} lines are`} not yet known to the state`;
}

/** The history of nodes for people: the last lines of each, who they were, and what is to be said of it. */
export function historyText(nodes: readonly NodeHistory[], last: number): string {
    return nodes.map((node) => nodeText(node, last).join("\n")).join("\n\n");
}

function nodeText({ node, state, words, log }: NodeHistory, last: number): string[] {
    if (log === undefined) return [`${node}: ${state === "failed" ? "" : `${state}: `}${words.join("\n  ")}`];
    const shown = log.lines.slice(-last);
    const people = [...new Map(shown.flatMap(({ entry: { who } }) => personOf(who))).values()];
    return [
        `${node}: ${linesOf(log.lines)}, ${formatBytes(log.bytes)}`,
        ...(shown.length === 0 ? [] : [columns(shown.map(row), "  ")]),
        ...people.map((person) => `  ${person}`),
        ...words.map((word) => `  ${word}`),
    ];
}

function row({ n, entry }: Line): string[] {
    const { time, who, verb, role, result, ms, changed, found } = entry;
    if (n === 0) return ["?", "", "", "", "a line that cannot be read"];
    const done = [...changed, ...found.map((word) => `put right: ${word}`)].join(", ");
    const words = `${result} in ${formatSeconds(ms)}${done === "" ? "" : `: ${done}`}`;
    return [`${n}`, moment(time), nameOf(who), [verb, role].filter((word) => word !== "").join(" "), words];
}

function nameOf({ name, user, key }: Entry["who"]): string {
    const known = name === "" ? user : name;
    if (known === "" && key === "") return "the machine";
    return name === "" && key !== "" ? `${known} ${key.slice(0, 15)}…` : known;
}

/** Who is behind a name: the line that tells, by the key. */
function personOf(who: Entry["who"]): [string, string][] {
    return who.key === "" ? [] : [[who.key + who.name, `${nameOf(who)} is ${who.user} with the key ${who.key}`]];
}

function moment(time: string): string {
    return time.replace("T", " ");
}

function linesOf(lines: readonly Line[]): string {
    return count(lines.length, "line");
}
