import type { DesiredCheck, Role } from "../converge/schema";
import { pairSecret, privateKeySecret } from "../secrets/plan";
import type { MeshNode, Peer } from "./plan";

/** The role `wireguard`: one interface, brought up by wg-quick(8), changed by `wg syncconf` without dropping a session. */
export function renderWireguard(node: string, mesh: MeshNode, generations: Readonly<Record<string, number>>): Role {
    const path = "/etc/wireguard/wg0.conf";
    const secrets = [privateKeySecret(node), ...mesh.peers.map((peer) => pairSecret(node, peer.name))];
    const handOver = "/etc/systemd/system/wg-quick@wg0.service.d/restart.conf";
    return {
        secrets: Object.fromEntries(secrets.map((name) => [name, generations[name] ?? 1])),
        directories: { "/etc/wireguard": { mode: "0700", owner: "root:root" } },
        files: {
            [path]: { mode: "0600", owner: "root:root", text: renderConfig(node, mesh) },
            // wg-quick@ has no Restart= (`domain.md` §2): a start that fails while the network is not yet up would be final.
            [handOver]: {
                mode: "0644",
                owner: "root:root",
                text: "[Service]\nRestart=on-failure\nRestartSec=5\n",
            },
        },
        units: { "wg-quick@wg0.service": { enabled: true, running: true, reloadOn: { [path]: true } } },
        // The operator may have come through this tunnel.
        confirm: { window: 60 },
        ...(mesh.peers.some((peer) => peer.endpoint !== undefined) ? { checks: { greeted: greet(mesh) } } : {}),
    };
}

/**
 * A changed tunnel opens with the first packet, which a NATed side may only send at the next keepalive: one packet to
 * every peer that can be dialled opens it now. Nothing is waited for: a peer that is off is not this node's failure.
 */
function greet(mesh: MeshNode): DesiredCheck {
    const addresses = mesh.peers
        .filter((peer) => peer.endpoint !== undefined)
        .map((peer) => peer.allowedIps[0]?.split("/")[0]);
    return {
        argv: ["sh", "-c", `for peer in ${addresses.join(" ")}; do ping -c1 -W1 $peer & done; wait; true`],
        within: 10,
    };
}

/**
 * The text of wg0.conf (wg-quick(8)). Every optional line is written out, because `wg syncconf` of wireguard-tools before
 * 1.0.20260223 never clears what is merely left out.
 */
function renderConfig(node: string, mesh: MeshNode): string {
    const head = [
        "[Interface]",
        `Address = ${mesh.address}/${mesh.prefixLength}`,
        `ListenPort = ${mesh.port}`,
        `PrivateKey = {{secret:${privateKeySecret(node)}}}`,
        "MTU = 1420",
    ];
    return [head, ...mesh.peers.map((peer) => renderPeer(node, peer))]
        .map((block) => block.join("\n") + "\n")
        .join("\n");
}

function renderPeer(node: string, peer: Peer): string[] {
    return [
        `# ${peer.name}`,
        "[Peer]",
        `PublicKey = {{wireguard:${peer.name}}}`,
        `PresharedKey = {{secret:${pairSecret(node, peer.name)}}}`,
        `AllowedIPs = ${peer.allowedIps.join(", ")}`,
        // An endpoint of a NATed peer would be re-applied at every syncconf; left out, the kernel learns it.
        ...(peer.endpoint === undefined ? [] : [`Endpoint = ${peer.endpoint}`]),
        `PersistentKeepalive = ${peer.keepalive === 0 ? "off" : peer.keepalive}`,
    ];
}
