import { createHash } from "node:crypto";

/** A pinned host key: the node's name and an ed25519 key as in authorized_keys, `ssh-ed25519 AAAA…`. */
export interface HostKey {
    readonly node: string;
    readonly key: string;
    /** Line in the file, from 1. */
    readonly line: number;
    /** Of a rented machine that has made this key itself: the incarnation that did. It holds instead of what the state says. */
    readonly own?: number;
}

/** What stands behind the key of a rented machine that has made it itself; a comment to ssh. */
export function ownMark(incarnation: number): string {
    return ` own ${incarnation}`;
}

/**
 * Reads a `known_hosts` file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) whose host field is the node's name; ssh is told that name by
 * HostKeyAlias. Lines of another form are passed over, as ssh does.
 */
export function readKnownHosts(text: string): HostKey[] {
    return text.split("\n").flatMap((line, index) => {
        const match = /^([a-z0-9-]+) (ssh-ed25519 [A-Za-z0-9+/]+={0,2})(?: own (\d+)$|\s|$)/.exec(line);
        const [, node, key, own] = match ?? [];
        if (node === undefined || key === undefined) return [];
        return [{ node, key, line: index + 1, ...(own === undefined ? {} : { own: Number(own) }) }];
    });
}

/** The key that this incarnation of a rented machine has made itself; nothing when it has made none. */
export function ownKey(pins: readonly HostKey[], node: string, incarnation: number | undefined): string | undefined {
    return pins.find((pin) => pin.node === node && pin.own !== undefined && pin.own === incarnation)?.key;
}

/** The fingerprint as `ssh-keygen -l` prints it: `SHA256:` and base64 without padding. */
export function fingerprint(key: string): string {
    const blob = Buffer.from(key.split(" ")[1] ?? "", "base64");
    return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/**
 * What is said when a node shows another host key than the pinned one.
 * @param found the key it shows @param pinned the one it should show @param place where that stands, `FILE:LINE`
 * @param owner the node whose pinned key it shows instead
 */
export function wrongKeyMessage(
    { node, address, port }: { readonly node: string; readonly address: string; readonly port: number },
    found: string,
    pinned: string,
    place: string,
    owner?: string,
): string {
    const otherwise = `If the machine was installed anew, delete that line and run \`./fleet add ${node} ${address}\`. If not, somebody may stand in between.`;
    const exchanged = `That is the key of ${owner ?? ""}: ${address} is the address of ${owner ?? ""}, not of ${node}. Are two addresses exchanged in the inventory?`;
    return [
        `${node} (${address}:${port}) shows another host key than the pinned one. Nothing was sent to it.`,
        `    shown   ${fingerprint(found)}`,
        `    pinned  ${fingerprint(pinned)}  ${place}`,
        `    ${owner === undefined ? otherwise : exchanged}`,
    ].join("\n");
}
