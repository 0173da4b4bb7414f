import { spawnSync } from "node:child_process";

/** What a program reads and sees. */
export interface RunOptions {
    readonly input?: string;
    readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program to its end and returns what it printed.
 * @throws Error naming the command and what it said on standard error.
 */
export function run(argv: readonly string[], options: RunOptions = {}): string {
    const [program = "", ...rest] = argv;
    const { status, stdout, stderr, error } = spawnSync(program, rest, { ...options, encoding: "utf8" });
    if (status === 0) return stdout;
    throw new Error(`\`${argv.join(" ")}\` failed: ${error?.message ?? stderr.trim()}`);
}

/** As `run`, for a question whose failure is an answer: undefined when the program failed. */
export function ask(argv: readonly string[], options: RunOptions = {}): string | undefined {
    try {
        return run(argv, options);
    } catch {
        return undefined;
    }
}

/** Argument list that runs a program inside a network namespace (and in nothing else of it). */
export function inNamespace(namespace: string, argv: readonly string[]): string[] {
    return ["nsenter", `--net=/run/netns/${namespace}`, "--", ...argv];
}

/** Sleeps, blocking. */
export function pause(milliseconds: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/**
 * Polls until `probe` holds.
 * @throws Error with `complaint` when `seconds` have passed.
 */
export function waitFor(probe: () => boolean, seconds: number, complaint: () => string): void {
    const deadline = Date.now() + seconds * 1000;
    while (!probe()) {
        if (Date.now() > deadline) throw new Error(`${complaint()} (waited ${seconds} s)`);
        pause(50);
    }
}

/** Does one step of the work, and prints its name with the time it took. */
export function step<T>(name: string, action: () => T): T {
    const started = Date.now();
    const result = action();
    console.log(`  ${name.padEnd(44)} ${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s`);
    return result;
}
