import type { DesiredCheck, Role } from "../converge/schema";
import { pairGeneration, pairSecret, privateKeySecret } from "../secrets/plan";
import { meshAddress6, type MeshNode, type Peer } from "./plan";
import { relayRole } from "./relay";

/** The role `wireguard`: one interface, brought up by wg-quick(8), changed by `wg syncconf` without dropping a session. */
export function renderWireguard(node: string, mesh: MeshNode, generations: Readonly<Record<string, number>>): Role {
    const path = "/etc/wireguard/wg0.conf";
    const { secrets, dialled, text } = renderTunnels(node, mesh, generations);
    const handOver = "/etc/systemd/system/wg-quick@wg0.service.d/restart.conf";
    const relay = relayRole(mesh);
    return {
        secrets,
        ...(relay.sysctl === undefined ? {} : { sysctl: relay.sysctl }),
        directories: { "/etc/wireguard": { mode: "0700", owner: "root:root" } },
        files: {
            [path]: { mode: "0600", owner: "root:root", text },
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

function renderInterface(mesh: MeshNode): string {
    return `# Set when wg0 is brought up; a change of this file restarts it.\n${renderAddress(mesh)}\nMTU = ${mesh.mtu}\n`;
}

function renderAddress({ address, prefixLength, ipv6 }: MeshNode): string {
    const beside = ipv6 === undefined ? "" : `, ${meshAddress6(ipv6, address)}/64`;
    return `Address = ${address}/${prefixLength}${beside}`;
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

/** What a node's tunnels amount to. */
interface Tunnels {
    /** The keys of the node's pairs in the order of the peers, then its own, with their generations. */
    readonly secrets: Readonly<Record<string, number>>;
    /** Mesh addresses of the peers that can be dialled. */
    readonly dialled: readonly string[];
    /** wg0.conf (wg-quick(8)). */
    readonly text: string;
}

/**
 * One loop over the peers, because 1,000 nodes have a million of them. Measured: what V8 keeps as a hash table from the
 * first key on (no prototype) takes a third less than `{}`.
 */
function renderTunnels(node: string, mesh: MeshNode, generations: Readonly<Record<string, number>>): Tunnels {
    const secrets = Object.create(null) as Record<string, number>;
    const dialled: string[] = [];
    const own = privateKeySecret(node);
    const generation = generations[own] ?? 1;
    const pieces = [renderHead(node, mesh)];
    for (const peer of mesh.peers) {
        const { text, pair, key, address } = renderPeer(peer);
        secrets[pair] = pairGeneration(generation, generations[key] ?? 1);
        pieces.push(text);
        if (address !== "") dialled.push(address);
    }
    secrets[own] = generation;
    return { secrets, dialled, text: pieces.join("") };
}

function renderHead(node: string, mesh: MeshNode): string {
    return [
        "[Interface]",
        renderAddress(mesh),
        `ListenPort = ${mesh.port}`,
        `PrivateKey = {{secret:${privateKeySecret(node)}}}`,
        `MTU = ${mesh.mtu}\n`,
    ].join("\n");
}

/** A peer's part of the file, the same for all who see the peer alike, of which there are many. */
interface Section {
    readonly text: string;
    /** Name of the secret that is shared with the peer. */
    readonly pair: string;
    /** Name of the peer's own key. */
    readonly key: string;
    /** Mesh address of a peer that can be dialled, else empty. */
    readonly address: string;
}

const rendered = new WeakMap<Peer, Section>();

/**
 * A peer's section. Every optional line is written out, because `wg syncconf` of wireguard-tools before 1.0.20260223 never
 * clears what is merely left out.
 */
function renderPeer(peer: Peer): Section {
    const known = rendered.get(peer);
    if (known !== undefined) return known;
    const { name, endpoint, keepalive, allowedIps } = peer;
    const pair = pairSecret(name);
    const text = [
        "",
        `# ${name}`,
        "[Peer]",
        `PublicKey = {{wireguard:${name}}}`,
        `PresharedKey = {{secret:${pair}}}`,
        `AllowedIPs = ${allowedIps.join(", ")}`,
        // An endpoint of a NATed peer would be re-applied at every syncconf; left out, the kernel learns it.
        ...(endpoint === undefined ? [] : [`Endpoint = ${endpoint}`]),
        `PersistentKeepalive = ${keepalive === 0 ? "off" : keepalive}`,
        "",
    ].join("\n");
    const [own = ""] = allowedIps;
    const address = endpoint === undefined ? "" : own.slice(0, own.indexOf("/"));
    const section = { text, pair, key: privateKeySecret(name), address };
    rendered.set(peer, section);
    return section;
}
