import type { Design } from "../fleet/design";
import { privateRanges } from "../fleet/net";
import type { Inventory } from "../fleet/schema";
import { meshAddress6, type MeshNode } from "../mesh/plan";
import { behindNat } from "../node/machine";
import type { Flow } from "./plan";

/** A port that is open, and to whom. */
export interface Opening {
    readonly protocol: "tcp" | "udp";
    readonly port: number;
    /** Who listens there: `caddy`. */
    readonly what: string;
    /** Mesh addresses that may ask, sorted; absent: whoever reaches the node in this way. */
    readonly from?: readonly string[];
}

/** What a node lets in. */
export interface NodeFirewall {
    /** Open to everybody, on every interface. */
    readonly internet: readonly Opening[];
    /** Open to the node's LAN. */
    readonly lan: readonly Opening[];
    /** Where its LAN is (CIDR); every private network when the inventory does not say. */
    readonly ranges: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
    /** Open to nodes that come through the mesh. */
    readonly mesh: readonly Opening[];
    /** UDP port of WireGuard, where the node is in a mesh. */
    readonly tunnel?: number;
    /** Whether it may have to pass packets from one tunnel on to another. */
    readonly relays: boolean;
}

/** RFC 4291 §2.5.6: addresses of the same link, which is the LAN whatever its IPv4 network is. RFC 4193: private ones. */
const [linkLocal, uniqueLocal] = ["fe80::/10", "fc00::/7"];

/** What a node has to let in: the flows that lead to it, and its part in the mesh. */
export function planFirewall(inventory: Inventory, design: Design, node: string): NodeFirewall {
    const entry = inventory.nodes[node];
    const { mesh } = design;
    // WireGuard is let in from everywhere, below: it answers only to keys that it knows, and peers may roam.
    const flows = design.flows.filter(({ to, what }) => to === node && what !== "wireguard");
    const { lan, ipv6 } = inventory.locations[entry?.location ?? ""] ?? {};
    const guessed = lan === undefined ? [uniqueLocal] : [];
    const ranges = {
        ipv4: lan === undefined ? privateRanges : [lan],
        ipv6: [linkLocal, ...(ipv6 === undefined ? guessed : [ipv6])],
    };
    const own = mesh[node];
    const isPublic = entry !== undefined && !behindNat(entry);
    return {
        internet: openings(flows, "internet"),
        lan: openings(flows, "lan"),
        ranges,
        mesh: meshOpenings(flows, design),
        ...(own === undefined ? {} : { tunnel: own.port }),
        // Which public node relays is decided again by the nodes behind NAT when one of them is dead.
        relays: isPublic && Object.values(mesh).some(({ relayed }) => relayed.length > 0),
    };
}

function openings(flows: readonly Flow[], source: string): Opening[] {
    return flows.filter(({ from }) => from === source).map(({ protocol, port, what }) => ({ protocol, port, what }));
}

/** A port once, with all the nodes that may ask; with none when every node may. */
function meshOpenings(flows: readonly Flow[], { mesh }: Design): Opening[] {
    const inside = flows.filter(({ from }) => from !== "internet" && from !== "lan");
    const groups = new Map<string, [Opening, string[]]>();
    for (const { protocol, port, what, from } of inside) {
        const key = `${port}/${protocol} ${what}`;
        const group = groups.get(key) ?? [{ protocol, port, what }, []];
        group[1].push(from);
        groups.set(key, group);
    }
    return [...groups.values()].map(([opening, sources]) => {
        if (sources.includes("mesh")) return opening;
        return { ...opening, from: sources.flatMap((name) => addressesOf(mesh[name])).sort() };
    });
}

function addressesOf(node: MeshNode | undefined): string[] {
    if (node === undefined) return [];
    return [node.address, ...(node.ipv6 === undefined ? [] : [meshAddress6(node.ipv6, node.address)])];
}
