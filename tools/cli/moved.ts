import type { Pair } from "./pairs";

/**
 * Nodes that others on their LAN meet at another address than the inventory has: a router gave them a new one. By node, a
 * line. Pure.
 * @param addresses of the inventory, by node
 */
export function movedNodes(
    pairs: readonly Pair[],
    addresses: Readonly<Record<string, string>>,
): Record<string, string> {
    const met = pairs.filter(({ answers, path, endpoint }) => answers && path === "direct LAN" && endpoint !== "");
    return Object.fromEntries(
        met.flatMap(({ from, to, endpoint }) => {
            const host = endpoint.slice(0, endpoint.lastIndexOf(":"));
            const written = addresses[to] ?? "";
            if (written === "" || host === written) return [];
            return [
                [
                    to,
                    `${from} meets it at ${host}, and the inventory says ${written}: write \`address: ${host}\`, or have its router give it ${written} for good`,
                ],
            ];
        }),
    );
}
