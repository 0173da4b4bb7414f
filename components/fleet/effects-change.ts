import { canonical } from "../converge/canonical";
import type { DesiredState } from "../converge/schema";

/** Something that happens on a node, in words without the node's name: `caddy reloads`. */
export interface Clause {
    readonly text: string;
    /** What is said before the node's name, of what happens to the machine itself: `replaces`. */
    readonly lead?: string;
    /** Something that runs is stopped for a moment or for good. */
    readonly interrupts?: true;
}

/** Keys of a map that are only in the later one, only in the earlier one, and in both with another value. Sorted. */
export interface KeyChanges {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly string[];
}

/** Compares two maps of JSON values key by key. */
export function compareKeys(before: object = {}, after: object = {}): KeyChanges {
    const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>];
    const keys = Object.keys(now).sort();
    return {
        added: keys.filter((key) => !(key in old)),
        removed: Object.keys(old)
            .filter((key) => !(key in now))
            .sort(),
        changed: keys.filter((key) => key in old && canonical(old[key]) !== canonical(now[key])),
    };
}

/** Secrets that both use, with another generation. */
export function rotatedSecrets(before: DesiredState | undefined, after: DesiredState | undefined): readonly string[] {
    return compareKeys(before?.secrets, after?.secrets).changed;
}

/**
 * Paths of a role whose content is another one than before, or that are new: what `reloadOn`, `restartOn` and `on` look
 * at. A file that refers to a secret changes with the secret.
 */
export function changedPaths(before: DesiredState | undefined, after: DesiredState): ReadonlySet<string> {
    const sections = ["files", "links", "artifacts"] as const;
    const own = sections.flatMap((section) => {
        const { added, changed } = compareKeys(before?.[section], after[section]);
        return [...added, ...changed];
    });
    const rotated = rotatedSecrets(before, after).map((name) => `{{secret:${name}}}`);
    const filled = Object.entries(after.files ?? {})
        .filter(([, { text }]) => rotated.some((reference) => text.includes(reference)))
        .map(([path]) => path);
    return new Set([...own, ...filled]);
}
