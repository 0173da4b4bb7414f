import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/**
 * The state of a stack as the file backend in the clone keeps it, read without the engine.
 * @returns nothing with another backend, and when there is no such state
 */
export function stateInClone(root: string, stack: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
    if ((env["PULUMI_BACKEND_URL"] ?? "") !== "") return undefined;
    const file = resolve(root, ".state/.pulumi/stacks/sovereign-edge", `${stack}.json`);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
