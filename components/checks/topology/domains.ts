import type { Machine } from "../../node/plan";

/** What several machines share that can fail: one machine, a circuit of a house, a house or data centre. */
export interface Shared {
    readonly words: string;
}

/** The smallest thing that takes all of these machines down at once; nothing when they have none in common. */
export function sharedFate(machines: readonly Machine[]): Shared | undefined {
    const [first] = machines;
    if (first === undefined) return undefined;
    const same = (key: "name" | "site" | "circuit"): boolean =>
        machines.every((machine) => machine[key] === first[key]);
    if (same("name")) return { words: `the machine ${first.name}` };
    if (!same("site")) return undefined;
    if (first.circuit !== undefined && same("circuit")) return { words: `circuit ${first.circuit} of ${first.site}` };
    return { words: first.droplet ? `the data centre ${first.site}` : `the house ${first.site}` };
}
