import { withoutPin } from "./known-hosts-text";

/** The keys of a node while its host key changes hands. */
export interface Turn {
    /** The one that its card holds as well; it is to be replaced after the first login. None in a rotation. */
    readonly card?: string;
    /** The one that the machine made to replace it. */
    readonly next?: string;
}

/** A known_hosts file with the key of a card pinned; what stands behind a key is a comment to ssh. */
export function pinCard(text: string, node: string, key: string): string {
    return `${ended(text)}${node} ${key} card\n`;
}

/** The file with the key pinned that the machine is about to show; the card's stays until that was seen. */
export function pinNext(text: string, node: string, key: string): string {
    return `${ended(withoutNext(text, node))}${node} ${key} next\n`;
}

/** The file without the key that a machine was about to show. */
export function withoutNext(text: string, node: string): string {
    const kept = text.split("\n").filter((line) => !(line.startsWith(`${node} `) && line.endsWith(" next")));
    return kept.join("\n");
}

/** The file with one key of the node alone. */
export function pinAlone(text: string, node: string, key: string): string {
    return `${ended(withoutPin(text, node))}${node} ${key}\n`;
}

/** Nodes whose host key is, or may still be, one that a card holds, and those whose key is being rotated. */
export function readTurns(text: string): Record<string, Turn> {
    const turns: Record<string, Turn> = {};
    for (const line of text.split("\n")) {
        const [, node, key, mark] = /^([a-z0-9-]+) (ssh-ed25519 \S+) (card|next)$/.exec(line) ?? [];
        if (node !== undefined && mark !== undefined) turns[node] = { ...turns[node], [mark]: key };
    }
    return turns;
}

function ended(text: string): string {
    return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
