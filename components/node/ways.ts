import type { Endpoint } from "../converge/dial";
import type { Inventory } from "../fleet/schema";
import { behindNat } from "./machine";

/**
 * The ways to a node's sshd through others, in order of preference: at the address at which the other one sees it, which
 * in one LAN is its own, and from elsewhere that in the mesh unless it is public.
 * @param mesh address in the mesh, by node
 */
export function planDetours(
    { nodes, ssh }: Pick<Inventory, "nodes" | "ssh">,
    name: string,
    mesh: Readonly<Record<string, string>>,
): Endpoint[] {
    const node = nodes[name];
    const port = node?.port ?? ssh.port ?? 22;
    return (node?.via ?? []).flatMap((via): Endpoint[] => {
        const together = node?.location !== undefined && node.location === nodes[via]?.location;
        const direct = node !== undefined && (together || !behindNat(node)) ? node.address : undefined;
        const host = direct ?? (mesh[via] === undefined ? undefined : mesh[name]);
        return host === undefined ? [] : [{ host, port, via }];
    });
}
