import type { Effects } from "./effects";
import { showDisk } from "./units";
import { count, someOf } from "./words";

/** Effects as lines for people, a line each, and a closing line; one line when nothing changes. */
export function effectsText({ list, changed, unchanged, download }: Effects): string[] {
    if (changed.length === 0) return ["Nothing changes on any node."];
    const lines = list.map(
        ({ nodes, text, lead, interrupts }) =>
            `${interrupts === true ? "!" : " "} ${lead === undefined ? "" : `${lead} `}${nodesText(nodes)}: ${text}`,
    );
    const stay = unchanged === 0 ? [] : [count(unchanged, "node stays as it is", "nodes stay as they are")];
    const load = download === 0 ? [] : [`${showDisk(download)} to download`];
    const closing = [count(changed.length, "node changes", "nodes change"), ...stay, ...load].join("; ");
    const interrupted = list.some(({ interrupts }) => interrupts === true) ? " Lines with ! interrupt something." : "";
    return [...lines, `${closing}.${interrupted}`];
}

function nodesText(nodes: readonly string[]): string {
    return nodes.length <= 4 ? nodes.join(", ") : `${nodes.length} nodes (${someOf(nodes, 4)})`;
}
