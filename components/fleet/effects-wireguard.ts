import type { DesiredState } from "../converge/schema";
import { compareKeys, rotatedSecrets, type Clause } from "./effects-change";
import { unitClauses } from "./effects-units";
import { count, someOf } from "./words";

type Settings = Readonly<Record<string, string>>;

/** A wg-quick(8) configuration: its interface, and its peers by the name of their public key. */
interface Tunnel {
    readonly interface: Settings;
    readonly peers: Readonly<Record<string, Settings>>;
}

/**
 * What wg-quick(8) alone sets, when it brings the interface up: `wg syncconf`, which is what a reload does, leaves all of
 * it as it is.
 */
const needsRestart: readonly string[] = ["Address", "MTU", "DNS", "Table", "PreUp", "PostUp", "PreDown", "PostDown"];

/** What a changed role `wireguard` does: peers that come, go and change, and whether the tunnels stay up meanwhile. */
export function wireguardClauses(before: DesiredState, after: DesiredState, paths: ReadonlySet<string>): Clause[] {
    const [old, now] = [readTunnel(before), readTunnel(after)];
    const restarts = unitClauses(before, after, paths).some(({ interrupts }) => interrupts === true);
    const set = needsRestart.filter((key) => old.interface[key] !== now.interface[key]);
    const parts = [...changedParts(old, now), ...rotatedParts(before, after)];
    if (!restarts && set.length === 0 && parts.length === 0) return [];
    const ending = restarts ? restartWords(set, old, now, after) : reloadWords(set, old, now);
    const text = parts.length === 0 ? ending : `${parts.join(", ")}; ${ending}`;
    return [restarts ? { text, interrupts: true } : { text }];
}

function changedParts(old: Tunnel, now: Tunnel): string[] {
    const { added, removed, changed } = compareKeys(old.peers, now.peers);
    const [from, to] = [old.interface["ListenPort"], now.interface["ListenPort"]];
    return [
        ...(added.length > 0 ? [`${count(added.length, "peer")} added (${someOf(added)})`] : []),
        ...(removed.length > 0 ? [`${count(removed.length, "peer")} removed (${someOf(removed)})`] : []),
        ...(changed.length > 0 ? [`${count(changed.length, "peer")} changed (${peerWords(changed, old, now)})`] : []),
        ...(from === to ? [] : [`the tunnel moves to port ${to ?? "of its own choice"}`]),
    ];
}

function rotatedParts(before: DesiredState, after: DesiredState): string[] {
    const rotated = rotatedSecrets(before, after).filter((name) => name.startsWith("wireguard"));
    return rotated.length > 0 ? [`${count(rotated.length, "key")} rotated`] : [];
}

function reloadWords(set: readonly string[], old: Tunnel, now: Tunnel): string {
    if (set.length === 0) return "no tunnel restarts";
    return `no tunnel restarts, so ${settingWords(set, old, now)} takes hold only when the interface is brought up again`;
}

function restartWords(set: readonly string[], old: Tunnel, now: Tunnel, after: DesiredState): string {
    const why = set.length === 0 ? "" : ` because ${settingWords(set, old, now)}`;
    const window = after.confirm?.window ?? 60;
    const back = after.confirm === undefined ? "" : `; undone unless a fresh connection confirms it within ${window} s`;
    return `every tunnel restarts${why}${back}`;
}

function settingWords(set: readonly string[], old: Tunnel, now: Tunnel): string {
    return set
        .map((key) => `${key} ${old.interface[key] ?? "nothing"} → ${now.interface[key] ?? "nothing"}`)
        .join(", ");
}

/** Which settings of the peers changed: `gematria: Endpoint`. */
function peerWords(peers: readonly string[], old: Tunnel, now: Tunnel): string {
    return someOf(
        peers.map((name) => {
            const { added, removed, changed } = compareKeys(old.peers[name], now.peers[name]);
            return `${name}: ${[...added, ...removed, ...changed].sort().join(" and ")}`;
        }),
    );
}

function readTunnel({ files = {} }: DesiredState): Tunnel {
    const text = Object.entries(files).find(([path]) => /^\/etc\/wireguard\/.*\.conf$/.test(path))?.[1].text ?? "";
    const [head = "", ...blocks] = text.split(/^\[Peer\]$/m);
    const peers = blocks.map(readSettings).map((settings): [string, Settings] => {
        const key = settings["PublicKey"] ?? "";
        return [/^\{\{wireguard:(.+)\}\}$/.exec(key)?.[1] ?? key, settings];
    });
    return { interface: readSettings(head), peers: Object.fromEntries(peers) };
}

function readSettings(block: string): Settings {
    const lines = block.split("\n").map((line) => /^(\w+)\s*=\s*(.*?)\s*$/.exec(line));
    return Object.fromEntries(lines.flatMap((match) => (match === null ? [] : [[match[1] ?? "", match[2] ?? ""]])));
}
