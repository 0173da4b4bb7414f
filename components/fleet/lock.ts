import { createHash } from "node:crypto";
import { dump } from "js-yaml";
import { z } from "zod";
import type { PlacedProblem } from "./errors";
import { readSource } from "./source";

const variant = z.strictObject({
    url: z.url(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: z.int().positive(),
    verified: z.string(),
    at: z.string(),
});

const lockedArtifact = z.strictObject({
    version: z.string(),
    amd64: variant.optional(),
    arm64: variant.optional(),
    any: variant.optional(),
});

const lockSchema = z.strictObject({
    version: z.literal(1),
    roads: z.record(z.string(), z.int().min(1024).max(65535)).default({}),
    generations: z.record(z.string(), z.int().min(1)).default({}),
    artifacts: z.record(z.string(), lockedArtifact).default({}),
});

/**
 * What `stacks/NAME.lock.yaml` holds: the loopback port of every node, the generation of every rotated secret, and
 * every artifact with its hash and how that was verified. Written by `./fleet`, committed, read by the plan.
 */
export type Lock = z.infer<typeof lockSchema>;

/** One downloadable file of an artifact: address, SHA-256 in hex, size in bytes, how and when it was verified. */
export type LockedVariant = z.infer<typeof variant>;

/** A lock with nothing in it. */
export const emptyLock: Lock = { version: 1, roads: {}, generations: {}, artifacts: {} };

/** Reads a lock file's text; `undefined` (no file) is an empty lock. Never throws. */
export function readLock(file: string, text: string | undefined): { lock: Lock; problems: PlacedProblem[] } {
    if (text === undefined) return { lock: emptyLock, problems: [] };
    const source = readSource(file, text);
    if (source.problems.length > 0) return { lock: emptyLock, problems: [...source.problems] };
    const result = lockSchema.safeParse(source.value);
    if (result.success) return { lock: result.data, problems: [] };
    const problems = result.error.issues.map((issue) =>
        source.place({
            code: "SE003",
            path: issue.path.map((key) => (typeof key === "symbol" ? String(key) : key)),
            message: `The lock cannot be read here: ${issue.message}.`,
            fix: "Take the last committed version of the file, or let `./fleet pin` write it anew.",
        }),
    );
    return { lock: emptyLock, problems };
}

/** The text of a lock file: keys sorted, so that its own diffs are small. */
export function writeLock(lock: Lock): string {
    return `# Written by ./fleet. Commit it.\n${dump(lock, { sortKeys: true, lineWidth: -1, noRefs: true })}`;
}

/**
 * A loopback port for each node that has none yet: the first free one from a start that depends on the fleet's name,
 * so that two fleets on one workstation rarely meet. Ports that are there never change.
 */
export function assignRoads(
    fleet: string,
    nodes: readonly string[],
    roads: Readonly<Record<string, number>>,
): Record<string, number> {
    const assigned = Object.fromEntries(Object.entries(roads).filter(([name]) => nodes.includes(name)));
    let port = 20000 + (createHash("sha256").update(fleet).digest().readUInt16BE(0) % 100) * 100;
    for (const name of nodes) {
        if (assigned[name] !== undefined) continue;
        while (Object.values(assigned).includes(port)) port += 1;
        assigned[name] = port;
    }
    return assigned;
}
