import { createHash } from "node:crypto";
import { dump } from "js-yaml";
import { z } from "zod";
import type { PlacedProblem, Problem } from "./errors";
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
    turn: z.strictObject({ node: z.string(), phase: z.enum(["prepare", "switch"]) }).optional(),
    people: z.record(z.string(), z.strictObject({ old: z.string(), new: z.string() })).optional(),
    artifacts: z.record(z.string(), lockedArtifact).default({}),
});

/**
 * What `stacks/NAME.lock.yaml` holds: the loopback port of every node, the generation of every rotated secret, whose
 * key is being rotated, fingerprints of people's keys that are, and every artifact with its hash and how that was verified. Written by `./fleet`, committed, read by the plan.
 */
export type Lock = z.infer<typeof lockSchema>;

/** One downloadable file of an artifact: address, SHA-256 in hex, size in bytes, how and when it was verified. */
export type LockedVariant = z.infer<typeof variant>;

/** A lock with nothing in it. */
export const emptyLock: Lock = { version: 1, roads: {}, generations: {}, artifacts: {} };

/** The generations once each of these secrets has its next value: whatever uses it is rendered again. */
export function raised(generations: Lock["generations"], names: readonly string[]): Lock["generations"] {
    const next = names.map((name): [string, number] => [name, (generations[name] ?? 1) + 1]);
    return { ...generations, ...Object.fromEntries(next) };
}

/** A lock, what is wrong with its text, and the means to say where a path of it stands. */
export interface LoadedLock {
    readonly lock: Lock;
    readonly problems: readonly PlacedProblem[];
    readonly place: (problem: Problem) => PlacedProblem;
}

/** Reads a lock file's text; `undefined` (no file) is an empty lock. Never throws. */
export function readLock(file: string, text: string | undefined): LoadedLock {
    const source = readSource(file, text ?? "");
    const place = source.place.bind(source);
    if (text === undefined) return { lock: emptyLock, problems: [], place };
    if (source.problems.length > 0) return { lock: emptyLock, problems: source.problems, place };
    const result = lockSchema.safeParse(source.value);
    if (result.success) return { lock: result.data, problems: [], place };
    const problems = result.error.issues.map((issue) =>
        source.place({
            code: "SE003",
            path: issue.path.map((key) => (typeof key === "symbol" ? String(key) : key)),
            message: `The lock cannot be read here: ${issue.message}.`,
            fix: "Take the last committed version of the file, or let `./fleet pin` write it anew.",
        }),
    );
    return { lock: emptyLock, problems, place };
}

/** The text of a lock file: keys sorted, so that its own diffs are small. */
export function writeLock(lock: Lock): string {
    return `# Written by ./fleet. Commit it.\n${dump(lock, { sortKeys: true, lineWidth: -1, noRefs: true })}`;
}

/**
 * A loopback port for each node that has none yet: the first free one from a start that depends on the fleet's name,
 * so that two fleets on one workstation rarely meet. Ports that are there never change, and no road is taken away: it
 * stands for a machine that may still hold roles.
 */
export function assignRoads(
    fleet: string,
    nodes: readonly string[],
    roads: Readonly<Record<string, number>>,
): Record<string, number> {
    const assigned: Record<string, number> = { ...roads };
    let port = 20000 + (createHash("sha256").update(fleet).digest().readUInt16BE(0) % 100) * 100;
    for (const name of nodes) {
        if (assigned[name] !== undefined) continue;
        while (Object.values(assigned).includes(port)) port += 1;
        assigned[name] = port;
    }
    return assigned;
}

/** The lock without the roads of nodes that have left. */
export function withoutRoads(lock: Lock, nodes: readonly string[]): Lock {
    const kept = Object.entries(lock.roads).filter(([name]) => !nodes.includes(name));
    return { ...lock, roads: Object.fromEntries(kept) };
}
