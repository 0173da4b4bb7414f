import type { Role } from "../converge/schema";
import { raised } from "../fleet/lock";
import { pairGeneration, pairSecret, peerOf, privateKeySecret } from "../secrets/plan";
import type { MeshNode, Peer } from "./plan";

/**
 * The rotation of one node's key in the mesh, make before break. `prepare`: its peers know its next key too, without allowed
 * IPs. `switch`: the node has taken it, and each peer moves the allowed IPs when the next key answers. Afterwards the node's
 * generations are one higher, and the turn is over. Kept in the lock, so that a turn that was cut off is known.
 */
export interface Turn {
    readonly node: string;
    readonly phase: "prepare" | "switch";
}

/** Seconds between keepalives to the next key: it answers within that time once the node has taken it. */
const knocking = 2;

/** Name of the next public key, or of the next preshared key, beside the one that is in use. Names of nodes hold no dots. */
export function nextOf(name: string): string {
    return `${name}.next`;
}

/** The secret that a next one takes the place of; nothing for one that is in use. */
export function takenPlaceOf(secret: string): string | undefined {
    return secret.endsWith(".next") ? secret.slice(0, -".next".length) : undefined;
}

/** The generation in which a node holds a secret: in the second half of its turn it is one ahead with the keys of the mesh. */
export function generationOn(
    node: string,
    secret: string,
    generations: Readonly<Record<string, number>>,
    turn: Turn | undefined,
): number {
    const current = takenPlaceOf(secret);
    if (current !== undefined) return generationOn(node, current, generations, undefined) + 1;
    const own = privateKeySecret(node);
    const peer = peerOf(secret);
    if (secret !== own && peer === undefined) return generations[secret] ?? 1;
    const ahead = turn?.phase === "switch" && turn.node === node ? 1 : 0;
    const mine = (generations[own] ?? 1) + ahead;
    return peer === undefined ? mine : pairGeneration(mine, generations[privateKeySecret(peer)] ?? 1);
}

/** The generations once a node has its next key: that of its own is one higher, and with it those of its pairs. */
export function withNextKey(node: string, generations: Readonly<Record<string, number>>): Record<string, number> {
    return raised(generations, [privateKeySecret(node)]);
}

/** The role `wireguard` of a node during a turn: its own, or that of one of its peers. */
export function takeTurn(node: string, role: Role, mesh: MeshNode, turn: Turn | undefined): Role {
    if (turn === undefined) return role;
    if (turn.node === node) return turn.phase === "switch" ? ahead(role) : role;
    const peer = mesh.peers.find(({ name }) => name === turn.node);
    return peer === undefined ? role : expecting(role, peer);
}

function ahead(role: Role): Role {
    const secrets = Object.entries(role.secrets ?? {}).map(([name, generation]) => [name, generation + 1]);
    return { ...role, secrets: Object.fromEntries(secrets) as Record<string, number> };
}

/** A peer that knows both keys, with the unit that moves the allowed IPs to the one that answers. */
function expecting(role: Role, peer: Peer): Role {
    const config = "/etc/wireguard/wg0.conf";
    const pair = pairSecret(peer.name);
    const { text = "", ...file } = role.files?.[config] ?? { mode: "0600", owner: "root:root" };
    const next = nextOf(pair);
    return {
        ...role,
        secrets: { ...role.secrets, [next]: (role.secrets?.[pair] ?? 1) + 1 },
        files: {
            ...role.files,
            [config]: { ...file, text: text + renderNext(peer, next) },
            [keysFile]: { mode: "0600", owner: "root:root", text: renderKeys(peer.name) },
            [`/etc/systemd/system/${follower}`]: { mode: "0644", owner: "root:root", text: renderFollower(peer.name) },
        },
        units: { ...role.units, [follower]: { enabled: true, running: true, restartOn: { [keysFile]: true } } },
    };
}

const keysFile = "/etc/wireguard/turn.json";
const follower = "sovereign-edge-turn.service";

function renderNext(peer: Peer, secret: string): string {
    return [
        "",
        `# ${peer.name}, its next key`,
        "[Peer]",
        `PublicKey = {{wireguard:${nextOf(peer.name)}}}`,
        `PresharedKey = {{secret:${secret}}}`,
        ...(peer.endpoint === undefined ? [] : [`Endpoint = ${peer.endpoint}`]),
        // Keepalives start handshakes without a packet that is meant for the peer.
        `PersistentKeepalive = ${peer.endpoint === undefined ? "off" : knocking}`,
        "",
    ].join("\n");
}

function renderKeys(peer: string): string {
    const keys = { interface: "wg0", keys: [`{{wireguard:${peer}}}`, `{{wireguard:${nextOf(peer)}}}`] };
    return `${JSON.stringify(keys, undefined, 4)}\n`;
}

function renderFollower(peer: string): string {
    return [
        "[Unit]",
        `Description=Moves the allowed IPs of ${peer} to the key that answers`,
        "After=wg-quick@wg0.service",
        "",
        "[Service]",
        `ExecStart=/usr/bin/python3 -I /usr/local/lib/sovereign-edge/converge.py turn ${keysFile}`,
        "Restart=always",
        "RestartSec=1",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ].join("\n");
}
