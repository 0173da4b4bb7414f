import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { sizeOptions } from "../../components/models/engines/llamacpp/render";
import { artifactDirectory, artifactFile } from "../../lab/artifacts";

/** A llama-server on loopback, started with the options of the unit that the fleet installs. */
export interface Server {
    /** Lets it read so many tokens and answer with one: a whole batch touches its scratch memory. */
    complete(tokens: readonly number[]): Promise<void>;
    /** Bytes of memory it holds: `Rss` of /proc/PID/smaps_rollup. */
    resident(): number;
    stop(): Promise<void>;
}

/** What of a served model decides how much memory it takes. */
export type Sizes = Parameters<typeof sizeOptions>[0];

/** Unpacks the lab's build of llama.cpp into a directory. @returns the directory of its programs */
export function unpackLlama(into: string): string {
    const archive = readdirSync(artifactDirectory("llama.cpp")).find((file) => file.endsWith(".tar.gz")) ?? "";
    execFileSync("tar", ["-xzf", artifactFile("llama.cpp", archive), "-C", into]);
    return join(into, archive.replace(/-bin-.*/, ""));
}

/**
 * Starts a server and waits until it answers.
 * @throws Error when it has not after a minute, or has ended
 */
export async function startServer(programs: string, model: string, served: Sizes): Promise<Server> {
    const port = await freePort();
    const options = ["--model", model, ...sizeOptions(served)];
    const child = spawn(
        join(programs, "llama-server"),
        ["--host", "127.0.0.1", "--port", String(port), ...options, "--metrics", "--offline", "--no-ui"],
        { env: { LD_LIBRARY_PATH: programs }, stdio: "ignore" },
    );
    const url = `http://127.0.0.1:${port}`;
    const server = {
        complete: (tokens: readonly number[]): Promise<void> => complete(url, tokens),
        resident: (): number => residentOf(child.pid),
        stop: (): Promise<void> => stop(child),
    };
    try {
        await healthy(url, child);
    } catch (error) {
        await stop(child);
        throw error;
    }
    return server;
}

async function healthy(url: string, child: ChildProcess): Promise<void> {
    const last = Date.now() + 60_000;
    while (Date.now() < last && child.exitCode === null) {
        const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
        if (answer?.ok === true) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(child.exitCode === null ? "llama-server does not answer" : "llama-server has ended");
}

async function complete(url: string, tokens: readonly number[]): Promise<void> {
    const answer = await fetch(`${url}/completion`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ prompt: tokens, n_predict: 1 }),
        signal: AbortSignal.timeout(120_000),
    });
    if (!answer.ok) throw new Error(`llama-server says ${answer.status}: ${await answer.text()}`);
    await answer.text();
}

function residentOf(pid: number | undefined): number {
    const rollup = readFileSync(`/proc/${pid ?? 0}/smaps_rollup`, "utf8");
    return Number(/^Rss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? Number.NaN) * 1024;
}

function stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
        const hard = setTimeout(() => child.kill("SIGKILL"), 5000);
        child.once("exit", () => {
            clearTimeout(hard);
            resolve();
        });
        child.kill("SIGTERM");
    });
}

function freePort(): Promise<number> {
    return new Promise((resolve, reject) => {
        const probe = createServer();
        probe.once("error", reject);
        probe.listen(0, "127.0.0.1", () => {
            const { port } = probe.address() as AddressInfo;
            probe.close(() => {
                resolve(port);
            });
        });
    });
}
