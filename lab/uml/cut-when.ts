import { readFileSync, statSync, watch } from "node:fs";
import { consoleOf } from "./handle";
import type { UmlMachine } from "./handle";
import { cut, start } from "./machine";
import { ended, pauseAsync, spawnOn } from "./ssh";
import type { ExecOptions } from "./ssh";

const PATIENCE_SECONDS = 120;

/** How `cutWhen` watches. */
export interface CutOptions extends Pick<ExecOptions, "input" | "fresh"> {
    /** Where the pattern is looked for: in what the command prints (both streams; default), or on the machine's console. */
    readonly watch?: "output" | "console";
    /** How long to wait for the pattern; 120. */
    readonly seconds?: number;
}

/** What has appeared so far. */
interface Sight {
    seen: string;
    isCut: boolean;
    /** The command has ended, and nothing more can come. */
    isOver: boolean;
}

function cutAtSight(machine: UmlMachine, pattern: RegExp | string, sight: Sight, text: string): void {
    if (sight.isCut) return;
    sight.seen += text;
    sight.isCut = typeof pattern === "string" ? sight.seen.includes(pattern) : pattern.test(sight.seen);
    if (sight.isCut) cut(machine);
}

/** Calls `seen` with what is appended to a file from now on; returns what ends that. */
function follow(file: string, seen: (text: string) => void): () => void {
    let offset = statSync(file).size;
    const watcher = watch(file, () => {
        const fresh = readFileSync(file).subarray(offset);
        offset += fresh.length;
        seen(fresh.toString());
    });
    return () => {
        watcher.close();
    };
}

/** Looks until the power is cut, or nothing more can come; ends with what appeared. @throws Error without a cut */
async function watched(sight: Sight, what: string, pattern: RegExp | string, seconds: number): Promise<string> {
    const deadline = Date.now() + seconds * 1000;
    while (!sight.isCut && !sight.isOver && Date.now() < deadline) await pauseAsync();
    if (sight.isCut) return sight.seen;
    throw new Error(`${what} did not come to ${String(pattern)} within ${seconds} s. What appeared:\n${sight.seen}`);
}

/**
 * Starts a command on a machine and takes the machine's power the moment a pattern appears. A program that is to be cut at an exact point prints
 * a line there and waits for what never comes: its standard input has ended, so it sleeps, or calls `signal.pause()`. One that detaches itself
 * prints to /dev/console and is watched there.
 * @returns what appeared until then
 * @throws Error when the command ends, or the time is up, before the pattern appears; the machine then keeps its power.
 */
export async function cutWhen(
    machine: UmlMachine,
    command: string,
    pattern: RegExp | string,
    options: CutOptions = {},
): Promise<string> {
    const { seconds = PATIENCE_SECONDS, watch: place = "output" } = options;
    const sight: Sight = { seen: "", isCut: false, isOver: false };
    const look = (text: string): void => {
        cutAtSight(machine, pattern, sight, text);
    };
    const unfollow = place === "console" ? follow(consoleOf(machine), look) : undefined;
    const child = await spawnOn(machine, command, options);
    for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding("utf8").on("data", place === "output" ? look : () => undefined);
    // What runs detached goes on after the command that started it.
    void ended(child).then(() => (sight.isOver = place === "output"));
    return watched(sight, `\`${command}\` on ${machine.name}`, pattern, seconds).finally(() => {
        unfollow?.();
        child.kill("SIGKILL");
    });
}

/**
 * Gives a machine power and takes it again the moment a pattern appears on its console.
 * @returns what appeared until then
 * @throws Error when the time is up; the machine then keeps its power.
 */
export async function cutWhileBooting(
    machine: UmlMachine,
    pattern: RegExp | string,
    seconds = PATIENCE_SECONDS,
): Promise<string> {
    const sight: Sight = { seen: "", isCut: false, isOver: false };
    const unfollow = follow(consoleOf(machine), (text) => {
        cutAtSight(machine, pattern, sight, text);
    });
    start(machine);
    return watched(sight, `The boot of ${machine.name}`, pattern, seconds).finally(unfollow);
}
