/*
 * Confirmed commit (RFC 6241 §8.4), the engine's side: a role that can cut the operator off is applied, armed to go back by
 * itself, and ends with exit status 75. The same command over a fresh connection confirms it.
 */

/** The first version of the engine that lets the program look at every failure of a command (pulumi/pulumi#23347). */
export const hooksSince = "3.244.0";

/** How long a node that has to confirm a change is dialled, in milliseconds. */
export const freshConnectionWithin = 12_000;

/** How often a command is run again. */
const retries = 2;

/** Seconds before an unconfirmed change goes back, unless the role says otherwise. */
const defaultWindow = 60;

/**
 * Why a command failed: `armed`, it waits to be confirmed; `lost`, the connection broke while it ran; `other`, everything
 * else, a connection that never came about included.
 */
export type Cause = "armed" | "lost" | "other";

/** Reads the cause from the provider's words: `CAUSE: running "COMMAND":` and the command's output. */
export function causeOf(error: string): Cause {
    const [cause, ...rest] = error.split(': running "');
    const output = rest.join(': running "');
    if (cause === undefined || rest.length === 0) return "other";
    if (/exited with status 75$/.test(cause)) return /^confirm: /m.test(output) ? "armed" : "other";
    return cause.includes("exited with status") ? "other" : "lost";
}

/** Whether to run a command again. @param errors why it failed so far, newest first */
export function runAgain(errors: readonly string[]): boolean {
    const [newest = ""] = errors;
    return errors.length <= retries && causeOf(newest) !== "other";
}

/**
 * What to say when a command is not run again: only when it may be in place and waits to be confirmed.
 * @param errors why it failed so far, newest first @param window seconds that it waits to be confirmed
 */
export function unconfirmed(
    what: string,
    node: string,
    errors: readonly string[],
    window = defaultWindow,
): string | undefined {
    if (!errors.some((error) => causeOf(error) !== "other")) return undefined;
    return `${what} was not confirmed over a fresh connection. If it was applied, ${node} goes back to what it was by itself, ${window} s after the change. Mend the change, or the way to ${node}, and run \`up\` again.`;
}

/** What to say when the engine cannot run a command again. @param roles names of the commands that need it */
export function engineTooOld(roles: readonly string[]): string {
    return `This Pulumi engine is older than ${hooksSince} and cannot confirm a change over a fresh connection. Without that, ${roles.join(", ")} could lock you out. Nothing was changed. Use the engine that this clone pins (\`npx pulumi\`, \`./fleet\`), or update yours.`;
}
