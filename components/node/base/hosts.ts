import { meshAddress6, meshAddresses, meshedNodes } from "../../mesh/plan";
import type { Inventory } from "../../fleet/schema";
import type { Role } from "../../converge/schema";

const namesFile = "/etc/sovereign-edge/hosts";

/**
 * Lines of hosts(5): every node of the mesh as `NODE.FLEET.internal` (ICANN keeps `internal` for such use) and `NODE`. Its
 * IPv6 address has the name `NODE.ipv6`: what the fleet runs listens on IPv4, and glibc would have everybody try IPv6 first.
 */
export function hostsText(inventory: Inventory): string {
    const addresses = meshAddresses(inventory);
    const { fleet, mesh } = inventory;
    const line = (address: string, name: string): string => `${address} ${name}.${fleet}.internal ${name}\n`;
    const { ipv6 } = mesh;
    return meshedNodes(inventory)
        .map((node) => {
            const address = addresses[node] ?? "";
            const beside = ipv6 === undefined ? "" : line(meshAddress6(ipv6, address), `${node}.ipv6`);
            return line(address, node) + beside;
        })
        .join("");
}

/**
 * The part of the role `base` that has a node find the fleet's names, and its own. /etc/hosts belongs to the machine: only
 * a marked block of it is ours, and is taken out when the role goes. cloud-init would write the file anew at every boot.
 * @param text of `hostsText`; empty in a fleet of one node
 */
export function renderHosts(
    node: string,
    fleet: string,
    text: string,
): Required<Pick<Role, "files" | "actions" | "removal">> {
    const owner = "root:root";
    const own = text === "" ? `127.0.1.1 ${node}.${fleet}.internal ${node}\n` : text;
    return {
        files: {
            [namesFile]: { mode: "0644", owner, text: own },
            "/etc/cloud/cloud.cfg.d/99-sovereign-edge.cfg": {
                mode: "0644",
                owner,
                text: "# Of sovereign-edge.\npreserve_hostname: true\nmanage_etc_hosts: false\n",
            },
        },
        actions: { "renew-hosts": { argv: ["sh", "-c", block, "sh", namesFile], on: { [namesFile]: true } } },
        removal: { hosts: { argv: ["sh", "-c", block, "sh", "/dev/null"] } },
    };
}

/** Puts a file's lines into the block; without any, the block goes. Last of all a rename, which is all or nothing. */
const block = `
set -e
new=/etc/.hosts.sovereign-edge
sed '/^# Begin of sovereign-edge$/,/^# End of sovereign-edge$/d; $a\\' /etc/hosts >"$new"
test ! -s "$1" || { echo '# Begin of sovereign-edge'; cat "$1"; echo '# End of sovereign-edge'; } >>"$new"
chmod --reference=/etc/hosts "$new"
sync "$new"
mv "$new" /etc/hosts
`.trim();
