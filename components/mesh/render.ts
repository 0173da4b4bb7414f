import type { DesiredCheck, Role } from "../converge/schema";
import { pairSecret, privateKeySecret } from "../secrets/plan";
import type { MeshNode, Peer } from "./plan";
import { relayRole } from "./relay";

/** The role `wireguard`: one interface, brought up by wg-quick(8), changed by `wg syncconf` without dropping a session. */
export function renderWireguard(node: string, mesh: MeshNode, generations: Readonly<Record<string, number>>): Role {
    const path = "/etc/wireguard/wg0.conf";
    const secrets = secretsOf(node, mesh, generations);
    const sections = mesh.peers.map(renderPeer);
    const dialled = sections.map(({ address }) => address).filter((address) => address !== "");
    const handOver = "/etc/systemd/system/wg-quick@wg0.service.d/restart.conf";
    const relay = relayRole(mesh);
    return {
        secrets,
        ...(relay.sysctl === undefined ? {} : { sysctl: relay.sysctl }),
        directories: { "/etc/wireguard": { mode: "0700", owner: "root:root" } },
        files: {
            [path]: {
                mode: "0600",
                owner: "root:root",
                text: renderConfig(node, mesh, sections, Object.keys(secrets)),
            },
            [interfacePath]: { mode: "0600", owner: "root:root", text: renderInterface(mesh) },
            // wg-quick@ has no Restart= (`domain.md` §2): a start that fails while the network is not yet up would be final.
            [handOver]: {
                mode: "0644",
                owner: "root:root",
                text: "[Service]\nRestart=on-failure\nRestartSec=5\n",
            },
            ...relay.files,
        },
        units: {
            "wg-quick@wg0.service": {
                enabled: true,
                running: true,
                reloadOn: { [path]: true },
                restartOn: { [interfacePath]: true },
            },
            ...relay.units,
        },
        // The operator may have come through this tunnel.
        confirm: { window: 60 },
        checks: { "wireguard-or-a-stand-in": carrier, ...(dialled.length > 0 ? { greeted: greet(dialled) } : {}) },
    };
}

/** What `wg syncconf`, which is what a reload does, leaves as it is: a change of it restarts the interface (wg-quick(8)). */
const interfacePath = "/etc/wireguard/wg0.interface";

function renderInterface({ address, prefixLength, mtu }: MeshNode): string {
    return `# Set when wg0 is brought up; a change of this file restarts it.\nAddress = ${address}/${prefixLength}\nMTU = ${mtu}\n`;
}

/**
 * Every system that a fleet may have brings WireGuard with its kernel; a kernel of somebody's own may lack it, and
 * wg-quick(8) then takes wireguard-go. Asked before anything is touched.
 */
const carrier: DesiredCheck = {
    argv: [
        "sh",
        "-c",
        "test -e /sys/module/wireguard || modprobe -q wireguard || command -v wireguard-go >/dev/null || { echo 'the kernel has no WireGuard, and wireguard-go is not installed: apt-get install wireguard-go'; exit 1; }",
    ],
    within: 5,
    when: "before",
};

/**
 * A changed tunnel opens with the first packet, which a NATed side may only send at the next keepalive: one packet to
 * every peer that can be dialled opens it now. Nothing is waited for: a peer that is off is not this node's failure.
 */
function greet(addresses: readonly string[]): DesiredCheck {
    return {
        argv: ["sh", "-c", `for peer in ${addresses.join(" ")}; do ping -c1 -W1 $peer & done; wait; true`],
        within: 10,
    };
}

/**
 * The text of wg0.conf (wg-quick(8)). Every optional line is written out, because `wg syncconf` of wireguard-tools before
 * 1.0.20260223 never clears what is merely left out.
 * @param pairs names of the preshared keys, in the order of the peers. As V8 keeps keys of an object: of other texts that
 *     were used as keys it makes a joined text of two bytes a letter (measured), which at 1,000 nodes are 200 MB more.
 */
function renderConfig(node: string, mesh: MeshNode, sections: readonly Section[], pairs: readonly string[]): string {
    const head = [
        "[Interface]",
        `Address = ${mesh.address}/${mesh.prefixLength}`,
        `ListenPort = ${mesh.port}`,
        `PrivateKey = {{secret:${privateKeySecret(node)}}}`,
        `MTU = ${mesh.mtu}\n`,
    ].join("\n");
    const pieces = [head];
    // A loop: 1,000 nodes have a million sections, for which flatMap takes four times as long (measured).
    for (const [index, { before, after }] of sections.entries()) pieces.push(before, pairs[index] ?? "", after);
    return pieces.join("");
}

/** A peer's part of the file, the same for all who see the peer alike, of which there are many. */
interface Section {
    /** What stands before and after the name of the pair's key. */
    readonly before: string;
    readonly after: string;
    /** Mesh address of a peer that can be dialled, else empty. */
    readonly address: string;
}

const rendered = new WeakMap<Peer, Section>();

function renderPeer(peer: Peer): Section {
    const known = rendered.get(peer);
    if (known !== undefined) return known;
    const before = [
        "",
        `# ${peer.name}`,
        "[Peer]",
        `PublicKey = {{wireguard:${peer.name}}}`,
        "PresharedKey = {{secret:",
    ];
    const after = [
        "}}",
        `AllowedIPs = ${peer.allowedIps.join(", ")}`,
        // An endpoint of a NATed peer would be re-applied at every syncconf; left out, the kernel learns it.
        ...(peer.endpoint === undefined ? [] : [`Endpoint = ${peer.endpoint}`]),
        `PersistentKeepalive = ${peer.keepalive === 0 ? "off" : peer.keepalive}`,
        "",
    ];
    const [own = ""] = peer.allowedIps;
    const address = peer.endpoint === undefined ? "" : own.slice(0, own.indexOf("/"));
    const section = { before: before.join("\n"), after: after.join("\n"), address };
    rendered.set(peer, section);
    return section;
}

/**
 * The keys of the node's pairs in the order of the peers, then its own. A loop over an object without a prototype, which
 * V8 keeps as a hash table from the first key on: 1,000 nodes have a million of them (measured: a third less time).
 */
function secretsOf(
    node: string,
    { peers }: MeshNode,
    generations: Readonly<Record<string, number>>,
): Record<string, number> {
    const own = privateKeySecret(node);
    const secrets = Object.create(null) as Record<string, number>;
    for (const peer of peers) {
        const pair = pairSecret(node, peer.name);
        secrets[pair] = generations[pair] ?? 1;
    }
    secrets[own] = generations[own] ?? 1;
    return secrets;
}
