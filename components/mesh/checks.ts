import type { Check } from "../fleet/check";
import { staying } from "../fleet/leaving";
import { contains, parsePrefix } from "../fleet/net";
import { behindNat } from "../node/machine";
import { meshAddresses, sameLan } from "./plan";

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

const duplicateMesh: Check = ({ inventory }) => {
    const first = new Map<string, string>();
    return Object.entries(meshAddresses(staying(inventory))).flatMap(([name, address]) => {
        const other = first.get(address);
        if (other === undefined) {
            first.set(address, name);
            return [];
        }
        return [
            {
                code: "SE011" as const,
                path: ["nodes", name, "mesh"],
                message: `${address} is the mesh address of ${other} already.`,
                fix: `Write \`mesh: ADDRESS\` with a free one for ${name}.`,
            },
        ];
    });
};

const reachable: Check = ({ inventory }) => {
    const nodes = Object.entries(staying(inventory).nodes);
    return nodes.flatMap(([name, node], index) =>
        nodes.slice(0, index).flatMap(([other, peer]) =>
            !behindNat(node) || !behindNat(peer) || sameLan(inventory, name, other)
                ? []
                : [
                      {
                          code: "SE015" as const,
                          path: ["nodes", name, "address"],
                          message: `${name} and ${other} stand behind different NATs: no tunnel can be opened between them.`,
                          fix: "Put them into one location if they share a LAN; relaying through a public node is not built yet.",
                      },
                  ],
        ),
    );
};

/** Checks on mesh addresses and on who can reach whom. */
export const meshChecks: readonly Check[] = [insideNetwork, duplicateMesh, reachable];
