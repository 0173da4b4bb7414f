import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** What a finished program left. */
export interface Finished {
    /** Exit code; 128 and more when a signal ended it, 127 when it could not be started. */
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
}

/** How a program is run. */
export interface RunOptions {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    /** Written to its standard input, which is closed after; nothing to read when left out. */
    readonly input?: string;
    /** Milliseconds after which it is ended. */
    readonly timeout?: number;
    /** Called with every line of its standard output as it comes; then `stdout` stays empty. */
    readonly onLine?: (line: string) => void;
}

/** Runs a program and collects what it writes. Never throws: a program that cannot be started gives 127. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const { cwd, env, input = "", timeout, onLine } = options;
    const child = spawn(program, args, {
        ...(cwd === undefined ? {} : { cwd }),
        ...(env === undefined ? {} : { env }),
        ...(timeout === undefined ? {} : { timeout, killSignal: "SIGKILL" as const }),
        stdio: ["pipe", "pipe", "pipe"],
    });
    // A program that does not read its input closes the pipe: not our failure.
    child.stdin.on("error", () => undefined).end(input);
    const [stdout, stderr, code] = await Promise.all([
        onLine === undefined ? collect(child.stdout) : eachLine(child.stdout, onLine),
        collect(child.stderr),
        ended(child),
    ]);
    return typeof code === "number" ? { code, stdout, stderr } : { code: 127, stdout, stderr: code };
}

/** Runs a program on this terminal and gives its exit code; an interrupt from the keyboard is the program's to handle. */
export async function runAttached(
    program: string,
    args: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<number> {
    return ignoringInterrupts(async () => {
        const code = await ended(spawn(program, args, { ...options, stdio: "inherit" }));
        return typeof code === "number" ? code : 127;
    });
}

/** Leaves an interrupt from the keyboard to the programs that are running, which get it too, and waits for their end. */
export async function ignoringInterrupts<T>(action: () => Promise<T>): Promise<T> {
    const ignore = (): void => undefined;
    process.on("SIGINT", ignore);
    try {
        return await action();
    } finally {
        process.off("SIGINT", ignore);
    }
}

function ended(child: ChildProcess): Promise<number | string> {
    return new Promise((resolve) => {
        child.once("error", (error) => {
            resolve(error.message);
        });
        child.once("close", (code, signal) => {
            resolve(code ?? (signal === "SIGINT" ? 130 : 137));
        });
    });
}

async function collect(stream: Readable): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
}

async function eachLine(stream: Readable, onLine: (line: string) => void): Promise<string> {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
    return "";
}
