import { existsSync, readFileSync } from "node:fs";
import type { RunResult } from "./events";
import type { Finished } from "./process";

/**
 * What a run is about to do, as its preview shows: `nothing`; `commands`, which can be run twice with the same end; or
 * `resources`, among them what exists nowhere but in the state, such as a key or a password.
 */
export type Forecast = "nothing" | "commands" | "resources";

/**
 * Commands of converge.py apply the same text once or twice to the same end. Groups, providers and the stack itself stand in
 * the state alone: what is not recorded of them is made anew.
 */
const repeatable =
    /^(command:remote:(Command|CopyToRemote)|sovereign-edge:.*|pulumi:providers:.*|pulumi:pulumi:Stack)$/;

/** Whether doing something twice to a resource of this type comes to the same end, and its record can be lost. */
export function isRepeatable(type: string): boolean {
    return repeatable.test(type);
}

/** Reads a preview. */
export function forecast({ touched, outputsChanged }: RunResult): Forecast {
    if (touched.size === 0) return outputsChanged ? "commands" : "nothing";
    return [...touched].every(isRepeatable) ? "commands" : "resources";
}

/**
 * The environment of a run. The engine writes the whole state around every step, which is most of the time of a run over many
 * nodes; it does so once, at the end, when a run that is cut off loses nothing but the knowledge of what it has done.
 */
export function checkpointing(coming: Forecast): NodeJS.ProcessEnv {
    return coming === "commands" ? { PULUMI_SKIP_CHECKPOINTS: "true" } : {};
}

/** Whether a state file holds no resource yet: then keys are going to be made, and no preview need be asked. */
export function isEmptyState(file: string): boolean {
    return existsSync(file) && !readFileSync(file, "utf8").includes('"urn"');
}

/** The result of a finished run, with the engine's last words when it failed without saying why in an event. */
export function withLastWords(result: RunResult, { code, stderr }: Pick<Finished, "code" | "stderr">): RunResult {
    if (code === 0 || result.failed.size > 0 || result.errors.length > 0) return result;
    const killed =
        "The engine was ended in the middle. Run it again; `./fleet unlock` if the stack is still locked then.";
    const silence = code > 128 ? killed : `pulumi ended with ${code}.`;
    return { ...result, errors: [stderr.trim() === "" ? silence : stderr.trim()] };
}
