import { neededArtifacts, type NeededArtifact } from "../../../components/fleet/artifacts";
import { nearest } from "../../../components/fleet/errors";
import { staying } from "../../../components/fleet/leaving";
import { assignRoads, type Lock, type LockedVariant } from "../../../components/fleet/lock";
import type { Stack } from "../../../components/fleet/stack";
import { count } from "../../../components/fleet/words";
import { loadStack, type Context } from "../context";
import { download, type Download } from "../download";
import { exitCodes, Failure, Refusal, type ExitCode } from "../failure";
import { updateLock } from "../files";
import { formatBytes, formatSeconds } from "../output";

/** `./fleet pin [NAME]`: downloads what is not locked yet, once, and locks its hash. */
export async function run(context: Context): Promise<ExitCode> {
    const { args, out } = context;
    const stack = loadStack(context);
    const wanted = select(neededArtifacts(stack.inventory), args.positionals[0]);
    const again = args.flags["refresh"] === true || args.positionals.length > 0;
    const open = wanted.filter((artifact) => again || lockedVariant(stack.lock, artifact) === undefined);
    noteRoads(stack);
    const locked: Record<string, LockedVariant> = {};
    for (const artifact of open) {
        const label = labelOf(artifact);
        const start = performance.now();
        const got = await download(artifact.url, (done, total) => {
            out.say(`  ${label}  ${formatBytes(done)}${total === undefined ? "" : ` of ${formatBytes(total)}`}`);
        });
        const before = lockedVariant(stack.lock, artifact);
        requireSame(artifact, before, got, args.flags["accept-changed"] === true);
        locked[label] = lock(stack, artifact, got);
        const size = `${formatBytes(got.bytes)} in ${formatSeconds(performance.now() - start)}`;
        out.say(`  ${label}  sha256 ${got.sha256}  ${size}${before?.sha256 === got.sha256 ? ", as locked" : ""}`);
    }
    out.say(closing(wanted.length, Object.keys(locked).length));
    out.result({ stack: stack.name, pinned: locked, unchanged: wanted.length - open.length });
    return exitCodes.done;
}

/** A loopback port for every node that was written by hand; `add` notes those of its own. */
function noteRoads({ files, lock, inventory }: Stack): void {
    const names = Object.keys(staying(inventory).nodes);
    if (names.every((name) => lock.roads[name] !== undefined)) return;
    updateLock(files.lock, (current) => ({ ...current, roads: assignRoads(inventory.fleet, names, current.roads) }));
}

/**
 * Refuses other bytes under the version that is locked.
 * @throws Failure with both hashes
 */
export function requireSame(
    artifact: NeededArtifact,
    before: LockedVariant | undefined,
    got: Download,
    accept: boolean,
): void {
    if (before === undefined || before.sha256 === got.sha256 || accept) return;
    throw new Failure(
        [
            `${labelOf(artifact)} is not the file that was locked on ${before.at}, under the same version.`,
            `    locked  ${before.sha256}  ${before.bytes} bytes`,
            `    now     ${got.sha256}  ${got.bytes} bytes  ${artifact.url}`,
            "    Find out why before you trust it. To take it: --accept-changed. Nothing was written.",
        ].join("\n"),
    );
}

function select(needed: readonly NeededArtifact[], name: string | undefined): readonly NeededArtifact[] {
    if (name === undefined) return needed;
    const chosen = needed.filter(({ key }) => key === name || key === `model ${name}`);
    if (chosen.length > 0) return chosen;
    const keys = [...new Set(needed.map(({ key }) => key))];
    const near = nearest(name, keys);
    throw new Refusal(
        `The fleet needs no "${name}". ${near === undefined ? `It needs ${keys.join(", ")}.` : `Did you mean "${near}"?`}`,
    );
}

function lockedVariant(lock: Lock, { key, version, arch }: NeededArtifact): LockedVariant | undefined {
    const entry = lock.artifacts[key];
    return entry?.version === version ? entry[arch] : undefined;
}

/** Writes one artifact into the lock file at once: an interrupted run keeps what it has. */
function lock(stack: Stack, { key, version, arch, url }: NeededArtifact, { sha256, bytes }: Download): LockedVariant {
    const variant = { url, sha256, bytes, verified: "first use", at: new Date().toISOString().slice(0, 10) };
    updateLock(stack.files.lock, (current) => {
        const entry = current.artifacts[key];
        const kept = entry?.version === version ? entry : { version };
        return { ...current, artifacts: { ...current.artifacts, [key]: { ...kept, [arch]: variant } } };
    });
    return variant;
}

function labelOf({ key, version, arch }: NeededArtifact): string {
    return `${key} ${version}${arch === "any" ? "" : ` ${arch}`}`;
}

function closing(wanted: number, pinned: number): string {
    if (pinned === 0) return `All ${count(wanted, "artifact")} locked already.`;
    return `${count(pinned, "artifact")} locked by first use: these bytes are what every node will install, but no signature of their makers was checked.`;
}
