import { createHash } from "node:crypto";

/** A pinned host key: the node's name and an ed25519 key as in authorized_keys, `ssh-ed25519 AAAA…`. */
export interface HostKey {
    readonly node: string;
    readonly key: string;
    /** Line in the file, from 1. */
    readonly line: number;
}

/**
 * Reads a `known_hosts` file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT) whose host field is the node's name; ssh is told that name by
 * HostKeyAlias. Lines of another form are passed over, as ssh does.
 */
export function readKnownHosts(text: string): HostKey[] {
    return text.split("\n").flatMap((line, index) => {
        const match = /^([a-z0-9-]+) (ssh-ed25519 [A-Za-z0-9+/]+={0,2})(\s|$)/.exec(line);
        return match?.[1] !== undefined && match[2] !== undefined
            ? [{ node: match[1], key: match[2], line: index + 1 }]
            : [];
    });
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
