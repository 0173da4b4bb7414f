import type { Path } from "../../../components/mesh/paths";
import { describeWay } from "../../../components/mesh/paths";
import { all, keys, meshAddress, wireguard } from "./seven";

/** `alice → aria: relayed via gematria` for both directions of every path. */
export function plannedWays(paths: readonly Path[]): string[] {
    return paths
        .flatMap(({ between: [one, other], way }) => [
            `${one} → ${other}: ${describeWay(way)}`,
            `${other} → ${one}: ${describeWay(way)}`,
        ])
        .sort();
}

/** Second column by the first, of what `wg show` prints. */
const columns = (text: string): Map<string, string> =>
    new Map(
        text
            .trim()
            .split("\n")
            .map((line) => line.split("\t") as [string, string]),
    );

/** The way from a node to each of the others, as its WireGuard has it now. @param names of the nodes, by public key */
async function waysFrom(node: string, names: ReadonlyMap<string, string>): Promise<string[]> {
    const allowed = [...columns(await wireguard(node, "allowed-ips"))];
    const endpoints = columns(await wireguard(node, "endpoints"));
    const way = (other: string): string => {
        const [key = ""] = allowed.find(([, list]) => list.split(" ").includes(`${meshAddress(other)}/32`)) ?? [];
        if (names.get(key) !== other) return `relayed via ${names.get(key) ?? "nobody"}`;
        const lan = /, address: ([\d.]+)/.exec(all[other]!)?.[1] ?? "none";
        const atHome = all[other]!.includes("location: ") && endpoints.get(key)?.startsWith(`${lan}:`) === true;
        return atHome ? "direct LAN" : "direct public";
    };
    return [...names.values()].filter((other) => other !== node).map((other) => `${node} → ${other}: ${way(other)}`);
}

/** The way between every directed pair, as both ends' WireGuard has it now; written as `plannedWays` does. */
export async function takenWays(nodes: readonly string[]): Promise<string[]> {
    const names = new Map(Object.entries(await keys(nodes)).map(([name, key]) => [key, name]));
    return (await Promise.all(nodes.map((node) => waysFrom(node, names)))).flat().sort();
}
