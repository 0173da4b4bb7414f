import { describeWay, type Path } from "../../components/mesh/paths";
import { takenPlaceOf } from "../../components/mesh/turn";
import { formatAge } from "./output";

/** A peer as WireGuard sees it. */
export interface Peer {
    /** Whose key it is, as the machine was told; empty when it was not. */
    readonly node: string;
    /** Where packets go now, `address:port`; empty while nobody knows. */
    readonly endpoint: string;
    readonly allowedIps: readonly string[];
    /** Seconds since the last handshake; less than 0 when the clock went back since. */
    readonly handshake: number | null;
    /** Bytes. */
    readonly received: number;
    readonly sent: number;
}

/** What a node says of its end of the mesh: what `converge.py pairs` prints. Public keys only. */
export interface View {
    /** Its own; empty without an interface. */
    readonly publicKey: string;
    readonly port: number;
    /** By public key. */
    readonly peers: Readonly<Record<string, Peer>>;
    /** By node: answers, and milliseconds of the fastest. */
    readonly pings: Readonly<Record<string, { readonly answers: number; readonly latency: number | null }>>;
}

/** The mesh as planned and as its nodes see it. */
export interface Sight {
    /** Mesh address of every node. */
    readonly addresses: Readonly<Record<string, string>>;
    readonly paths: readonly Path[];
    /** Of the nodes that were asked; those that did not answer have none. */
    readonly views: Readonly<Record<string, View | undefined>>;
}

/** One node reaching another, or not. */
export interface Pair {
    readonly from: string;
    readonly to: string;
    readonly answers: boolean;
    /** The way that packets take: `direct LAN`, `relayed via gematria`; `unknown` when the node does not say. */
    readonly path: string;
    /** The way that was planned, when it is another. */
    readonly planned?: string;
    /** Where the packets go, seconds since the handshake with whoever is there, milliseconds to the other and back. */
    readonly endpoint: string;
    readonly handshake: number | null;
    readonly latency: number | null;
    /** Why there is no answer. */
    readonly why?: string;
}

/** Seconds after which WireGuard gives up a session without a new handshake (Reject-After-Time). */
const rejectAfter = 180;

/** Every pair from a node that was asked to every other node, both directions of one path apart. Pure. */
export function judgePairs(sight: Sight): Pair[] {
    const names = Object.keys(sight.addresses).sort();
    return names
        .filter((from) => from in sight.views)
        .flatMap((from) => names.filter((to) => to !== from).map((to) => judge(sight, from, to)));
}

function judge(sight: Sight, from: string, to: string): Pair {
    const view = sight.views[from];
    const hop = view === undefined ? undefined : hopTo(sight, view, to);
    const planned = plannedWay(sight, from, to);
    const path = hop === undefined ? "unknown" : wayBy(sight, hop, to, planned);
    const ping = view?.pings[to];
    const answers = (ping?.answers ?? 0) > 0;
    return {
        from,
        to,
        answers,
        path,
        ...(path === planned || path === "unknown" ? {} : { planned }),
        endpoint: hop?.peer.endpoint ?? "",
        handshake: hop === undefined ? null : sinceHandshake(hop.peer),
        latency: ping?.latency ?? null,
        ...(answers ? {} : { why: whyNot(sight, from, to) }),
    };
}

/** Seconds that no clock denies. */
function sinceHandshake({ handshake }: Peer): number | null {
    return handshake === null ? null : Math.max(0, handshake);
}

interface Hop {
    readonly key: string;
    readonly peer: Peer;
}

/** The peer that packets for a node go to. */
function hopTo({ addresses }: Sight, view: View, to: string): Hop | undefined {
    const found = Object.entries(view.peers).find(([, peer]) => peer.allowedIps.includes(`${addresses[to] ?? ""}/32`));
    return found === undefined ? undefined : { key: found[0], peer: found[1] };
}

/** The node behind a peer: whose own key it is, else whose it was when the machine was told. */
function ownerOf({ views }: Sight, { key, peer }: Hop): string | undefined {
    const told = takenPlaceOf(peer.node) ?? peer.node;
    return Object.keys(views).find((name) => views[name]?.publicKey === key) ?? (told === "" ? undefined : told);
}

function plannedWay({ paths }: Sight, from: string, to: string): string {
    const [a, b] = [from, to].sort();
    const path = paths.find(({ between }) => between[0] === a && between[1] === b);
    return path === undefined ? "unknown" : describeWay(path.way);
}

function wayBy(sight: Sight, hop: Hop, to: string, planned: string): string {
    const owner = ownerOf(sight, hop);
    if (owner === undefined) return planned;
    return owner === to ? planned.replace(/^relayed.*/, "direct") : `relayed via ${owner}`;
}

/** Why a node gets no answer from another, as far as both ends and those between say. */
function whyNot(sight: Sight, from: string, to: string): string {
    const [a, b] = [sight.views[from], sight.views[to]];
    if (a === undefined) return `${from} does not answer us`;
    if (b === undefined && to in sight.views) return `${to} does not answer us either: it is off or cut off`;
    if (a.publicKey === "") return `${from} has no WireGuard interface: ${mend(from)}`;
    const hop = hopTo(sight, a, to);
    const back = b === undefined ? undefined : b.peers[a.publicKey];
    if (hop === undefined) {
        return back === undefined
            ? `${from} does not have ${to} as a peer: ${mend(from)}`
            : `one-sided: ${to} has ${from} as a peer, and ${from} does not have ${to}: ${mend(from)}`;
    }
    const owner = ownerOf(sight, hop);
    if (owner !== undefined && owner !== to) return whyNotRelayed(sight, from, to, owner);
    return (b === undefined ? undefined : keyTrouble(sight, from, to, hop, b)) ?? tunnelTrouble(sight, from, to, hop);
}

function whyNotRelayed(sight: Sight, from: string, to: string, relay: string): string {
    if (relay in sight.views && sight.views[relay] === undefined) return `its relay ${relay} is down`;
    if (!judge(sight, from, relay).answers)
        return `it does not reach its relay ${relay}: ${whyNot(sight, from, relay)}`;
    if (!judge(sight, relay, to).answers) return `its relay ${relay} does not reach ${to}: ${whyNot(sight, relay, to)}`;
    return `both reach the relay ${relay}, and it does not pass their packets on`;
}

/** What two ends that name each other by keys do not agree on. */
function keyTrouble(sight: Sight, from: string, to: string, { key }: Hop, b: View): string | undefined {
    const a = sight.views[from];
    if (a === undefined) return undefined;
    if (b.publicKey === "") return `${to} has no WireGuard interface: ${mend(to)}`;
    if (key !== b.publicKey && a.peers[b.publicKey] !== undefined) return turning(to, from);
    if (key !== b.publicKey)
        return `wrong key: the public key that ${from} has for ${to} is not ${to}'s: ${mend(from)}`;
    const named = hopTo(sight, b, from);
    if (b.peers[a.publicKey] !== undefined) {
        if (named !== undefined && named.key !== a.publicKey) return turning(from, to);
        return named === undefined ? `${to} takes no packets from the mesh address of ${from}` : undefined;
    }
    const owner = named === undefined ? to : (ownerOf(sight, named) ?? from);
    return owner !== from
        ? `one-sided: ${from} has ${to} as a peer, and ${to} does not have ${from}: ${mend(to)}`
        : `wrong key: the public key that ${to} has for ${from} is not ${from}'s: ${mend(to)}`;
}

/** A peer knows both keys of a node whose key is being rotated, and sends to the one before until the next one answers. */
function turning(node: string, peer: string): string {
    return `${node} has its next key, which ${peer} knows and has not moved to yet: \`./fleet rotate mesh\` ends a turn that was cut off`;
}

/** What puts a node's peers right: a change that it missed is sent again, one made by hand is not. */
function mend(node: string): string {
    return `run \`./fleet up\`, or when that has nothing to do \`./fleet ssh ${node} -- sudo systemctl reload wg-quick@wg0\``;
}

function tunnelTrouble(sight: Sight, from: string, to: string, { key, peer }: Hop): string {
    const { handshake, endpoint } = peer;
    if (handshake !== null && handshake < 0) return clockTrouble(sight, from, to, -handshake);
    if (handshake !== null && handshake < rejectAfter) {
        return `their tunnel is up (handshake ${formatAge(handshake)} ago), and the ping is not answered: a firewall on ${to}?`;
    }
    const since = handshake === null ? "no handshake ever" : `no handshake for ${formatAge(handshake)}`;
    if (endpoint === "") return `${since}: ${from} waits to be dialled by ${to}, and nothing arrives`;
    const port = Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
    const listens = sight.views[to]?.port ?? port;
    if (listens !== port) return `${since}: ${from} sends to port ${port} of ${to}, which listens on ${listens}`;
    return `${since}, nothing comes back from ${endpoint}: ${blockedWhere(sight, from, to, key)}`;
}

/** WireGuard answers no handshake that is older than the latest one it knows, by the clock of who began it (TAI64N). */
function clockTrouble({ addresses }: Sight, from: string, to: string, seconds: number): string {
    const address = addresses[from] ?? "";
    return `the clock of ${from} went back since their last handshake, and ${to} takes new ones for old ones for ${formatAge(seconds)}, unless it begins one itself: \`./fleet ssh ${to} -- ping -c 20 ${address}\``;
}

/** Where packets are lost on a way: at an end that hears nobody, else in between. */
function blockedWhere({ views }: Sight, from: string, to: string, key: string): string {
    const lately = (peer: Peer | undefined): boolean => (peer?.handshake ?? rejectAfter) < rejectAfter;
    const own = Object.values(views[from]?.peers ?? {});
    if (own.length > 1 && !own.some(lately))
        return `${from} hears nobody: is UDP port ${views[from]?.port ?? 0} of ${from} blocked?`;
    const names = Object.keys(views).filter((name) => name !== from && lately(views[name]?.peers[key]));
    return names.length > 0
        ? `${to} has handshakes with ${names.join(", ")}, so it is blocked between these two`
        : `is UDP port ${views[to]?.port ?? 0} of ${to} blocked?`;
}
