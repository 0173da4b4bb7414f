import type { Check } from "../fleet/check";
import { listOf, type Problem } from "../fleet/errors";
import { groupBy } from "../fleet/group";
import { staying } from "../fleet/leaving";
import { contains, parsePrefix, toAddress, toNumber } from "../fleet/net";
import type { Inventory } from "../fleet/schema";
import { planPaths } from "./paths";
import { derivable, meshAddresses } from "./plan";

const insideNetwork: Check = ({ inventory }) =>
    Object.entries(inventory.nodes).flatMap(([name, node]) =>
        node.mesh === undefined || contains(parsePrefix(inventory.mesh.network), node.mesh)
            ? []
            : [
                  {
                      code: "SE011" as const,
                      path: ["nodes", name, "mesh"],
                      message: `${node.mesh} lies outside the mesh network ${inventory.mesh.network}.`,
                      fix: "Write an address inside it, or leave the key out: one is derived from the name.",
                  },
              ],
    );

const duplicateMesh: Check = ({ inventory: written }) => {
    const inventory = staying(written);
    const addresses = meshAddresses(inventory);
    // Said elsewhere: a network that is too small has collisions that no address could mend.
    if (Object.keys(addresses).length > derivable(inventory)) return [];
    const first = new Map<string, string>();
    const taken = new Set(Object.values(addresses));
    return claims(inventory, addresses).flatMap(([name, address]): Problem[] => {
        const other = first.get(address);
        if (other === undefined) {
            first.set(address, name);
            return [];
        }
        const free = freeAddress(inventory, address, taken);
        taken.add(free);
        const derived = inventory.nodes[name]?.mesh === undefined ? ", and the one derived from this name" : "";
        return [
            {
                code: "SE011",
                path: derived === "" ? ["nodes", name, "mesh"] : ["nodes", name],
                message: `${address} is the mesh address of ${other} already${derived}.`,
                fix: `Write \`mesh: ${free}\`, which is free, for ${name}.`,
            },
        ];
    });
};

/** Nodes with their addresses: those that wrote theirs down come first, so that who derives one has to give way. */
function claims({ nodes }: Inventory, addresses: Readonly<Record<string, string>>): [string, string][] {
    const derives = (name: string): number => (nodes[name]?.mesh === undefined ? 1 : 0);
    return Object.entries(addresses).sort(([a], [b]) => derives(a) - derives(b) || (a < b ? -1 : 1));
}

/** The next address of those that can be derived which nobody has. */
function freeAddress(inventory: Inventory, from: string, taken: ReadonlySet<string>): string {
    const start = parsePrefix(inventory.mesh.network).base + 2;
    const room = derivable(inventory);
    const offset = Math.max(toNumber(from) - start, 0);
    for (let step = 1; step < room; step++) {
        const candidate = toAddress((start + ((offset + step) % room)) >>> 0);
        if (!taken.has(candidate)) return candidate;
    }
    return from;
}

const reachable: Check = ({ inventory }) => {
    const cut = planPaths(staying(inventory), ({ kind }) => kind === "none");
    const [first] = cut;
    if (first === undefined) return [];
    const names = new Set(cut.flatMap(({ between }) => between));
    const places = groupBy([...names], (name) => inventory.nodes[name]?.location ?? "");
    const words = [...places].map(([location, inside]) => `${inside.join(", ")} (${location || "no location"})`);
    return [
        {
            code: "SE015",
            path: ["nodes", first.between[1], "address"],
            message: `${words.join(" and ")} stand behind different NATs: no tunnel can be opened between them, and no node has a public address to relay at.`,
            fix: `Put ${listOf(first.between).replace(" or ", " and ")} into one location if they share a LAN, or add a node with a public address, such as a droplet.`,
        },
    ];
};

/** Checks on mesh addresses and on who can reach whom. */
export const meshChecks: readonly Check[] = [insideNetwork, duplicateMesh, reachable];
