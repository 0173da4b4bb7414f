import { readKnownHosts } from "../../components/fleet/known-hosts";

/** A known_hosts file without a node's line; every other byte stays. */
export function withoutPin(text: string, node: string): string {
    const lines = readKnownHosts(text)
        .filter((pin) => pin.node === node)
        .map(({ line }) => line - 1);
    return text
        .split("\n")
        .filter((_, index) => !lines.includes(index))
        .join("\n");
}
