import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LOGS, RUN } from "./paths";
import { end, identify, isAlive } from "./processes";
import type { ProcessId } from "./processes";
import { waitFor } from "./shell";

const READY_SECONDS = 15;
const RECORDS = join(RUN, "services");

/** A program that runs as long as the lab is up. */
export interface Service {
    readonly name: string;
    /** Prepares what it reads and returns what to start; it must not fork away. */
    readonly argv: () => readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    /** Asks it something that it can only answer when it works. */
    readonly isReady: () => boolean;
}

function recordOf(name: string): string {
    return join(RECORDS, `${name}.json`);
}

function processOf(name: string): ProcessId | undefined {
    return existsSync(recordOf(name)) ? (JSON.parse(readFileSync(recordOf(name), "utf8")) as ProcessId) : undefined;
}

/**
 * Starts a program that outlives this one, its output at the end of a log file.
 * @throws Error when there is no such program.
 */
export function startDetached(argv: readonly string[], log: string, env?: Readonly<Record<string, string>>): ProcessId {
    mkdirSync(dirname(log), { recursive: true });
    const [program = "", ...rest] = argv;
    const output = openSync(log, "a");
    const child = spawn(program, rest, {
        detached: true,
        stdio: ["ignore", output, output],
        env: { ...process.env, ...env },
    });
    closeSync(output);
    child.on("error", () => undefined);
    child.unref();
    const started = child.pid === undefined ? undefined : identify(child.pid);
    if (started === undefined) throw new Error(`${program} cannot be started. Run \`tools/setup --lab\`; log: ${log}`);
    return started;
}

/** Whether the service's process is there. */
export function isRunning(name: string): boolean {
    return isAlive(processOf(name));
}

/**
 * Starts a service and waits until it answers.
 * @throws Error naming its log when it does not.
 */
export function startService(service: Service): void {
    mkdirSync(RECORDS, { recursive: true });
    const log = join(LOGS, `${service.name}.log`);
    const started = startDetached(service.argv(), log, service.env);
    writeFileSync(recordOf(service.name), JSON.stringify(started));
    const probe = (): boolean => {
        if (!isRunning(service.name))
            throw new Error(`The lab's ${service.name} service ended at once; its log: ${log}`);
        return service.isReady();
    };
    waitFor(probe, READY_SECONDS, () => `The lab's ${service.name} service does not answer; its log: ${log}`);
}

/** Ends every service that was ever started. */
export function stopServices(): void {
    if (!existsSync(RECORDS)) return;
    for (const file of readdirSync(RECORDS)) {
        const record = processOf(file.replace(/\.json$/, ""));
        if (record !== undefined) end(record);
    }
}
