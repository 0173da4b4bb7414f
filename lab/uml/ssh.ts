import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDetached } from "../daemon";
import { end, isAlive } from "../processes";
import type { ProcessId } from "../processes";
import { isOn, lastWords } from "./handle";
import type { UmlMachine } from "./handle";
import { ADMIN } from "./plan";
import { inRig, operatorKeyOf } from "./rig";

const BOOT_SECONDS = 120;
/** On a processor that others use too a login may take long, and ssh counts silence while keys are exchanged as well. */
const SILENCE_SECONDS = 120;
const POLL_MS = 20;

/** How a command on a machine ended. */
export interface ExecResult {
    /** Exit code; 255 also when the connection broke. */
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
}

/** How a command is run. */
export interface ExecOptions {
    /** Its standard input; empty without it. */
    readonly input?: string | Buffer;
    /** false: an exit code other than 0 is no error. */
    readonly check?: boolean;
    /** true: a connection and a login of its own, instead of a channel of the one that `exec` keeps. */
    readonly fresh?: boolean;
}

/** Runs ssh in the machine's folder, so that the path of the shared connection's socket stays short. */
function ssh(machine: UmlMachine, options: readonly string[]): string[] {
    const settings = [
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "UserKnownHostsFile=known_hosts",
        "GlobalKnownHostsFile=/dev/null",
        "StrictHostKeyChecking=yes",
        "BatchMode=yes",
        `ConnectTimeout=${SILENCE_SECONDS}`,
        `ServerAliveInterval=${SILENCE_SECONDS / 4}`,
        "ServerAliveCountMax=4",
    ].flatMap((setting) => ["-o", setting]);
    const place = ["env", `--chdir=${machine.folder}`, "ssh", "-F", "/dev/null", "-i", operatorKeyOf(machine.rig)];
    return inRig(machine.rig, [...place, ...settings, ...options]);
}

function destinationOf(machine: UmlMachine): string {
    return `${ADMIN}@${machine.address}`;
}

function socketOf(machine: UmlMachine): string {
    return join(machine.folder, "ssh");
}

function connectionRecord(machine: UmlMachine): string {
    return join(machine.folder, "ssh.process.json");
}

function connectionOf(machine: UmlMachine): ProcessId | undefined {
    const record = connectionRecord(machine);
    return existsSync(record) ? (JSON.parse(readFileSync(record, "utf8")) as ProcessId) : undefined;
}

/** Ends the connection that `exec` keeps. */
export function closeConnection(machine: UmlMachine): void {
    const connection = connectionOf(machine);
    if (connection !== undefined) end(connection, 0);
    for (const file of [socketOf(machine), connectionRecord(machine)]) rmSync(file, { force: true });
}

/** Lets others run between two looks at something. */
export async function pauseAsync(): Promise<void> {
    await new Promise((done) => setTimeout(done, POLL_MS));
}

/** One login serves all commands: it costs such a machine most of a second. */
async function ensureConnection(machine: UmlMachine): Promise<void> {
    if (isAlive(connectionOf(machine)) && existsSync(socketOf(machine))) return;
    closeConnection(machine);
    const log = join(machine.folder, "ssh.log");
    rmSync(log, { force: true });
    const connection = startDetached(ssh(machine, ["-M", "-S", "ssh", "-N", destinationOf(machine)]), log);
    writeFileSync(connectionRecord(machine), JSON.stringify(connection));
    while (!existsSync(socketOf(machine))) {
        if (!isAlive(connection))
            throw new Error(`No login on ${machine.name}: ${readFileSync(log, "utf8").trim()}\n${lastWords(machine)}`);
        await pauseAsync();
    }
}

/**
 * Starts a command on a machine and returns ssh's process.
 * @throws Error when the login fails.
 */
export async function spawnOn(machine: UmlMachine, command: string, options: ExecOptions = {}): Promise<ChildProcess> {
    if (!isOn(machine)) throw new Error(`${machine.name} is off; \`boot\` gives it power.`);
    if (options.fresh !== true) await ensureConnection(machine);
    const way = options.fresh === true ? [] : ["-S", "ssh"];
    const [program = "", ...rest] = ssh(machine, [...way, destinationOf(machine), command]);
    const child = spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => undefined).end(options.input ?? "");
    return child;
}

/** Resolves to the exit code of a process, and to 255 when a signal ended it. */
export function ended(child: ChildProcess): Promise<number> {
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            resolve(code ?? 255);
        });
    });
}

/**
 * Runs a command as the administrator, through his shell.
 * @throws Error with what it printed when it fails, unless `check` is false.
 */
export async function exec(machine: UmlMachine, command: string, options: ExecOptions = {}): Promise<ExecResult> {
    const child = await spawnOn(machine, command, options);
    let [stdout, stderr] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const code = await ended(child);
    if (code !== 0 && options.check !== false)
        throw new Error(`\`${command}\` on ${machine.name} ended with ${code}:\n${stdout}${stderr}`);
    return { code, stdout, stderr };
}

/**
 * Waits until a machine's sshd says its name.
 * @throws Error with the end of the machine's console when it has died, or does not answer within two minutes.
 */
export async function waitForSsh(machine: UmlMachine): Promise<void> {
    const probe = ["python3", "-I", "-B", join(__dirname, "probe.py"), machine.address, String(BOOT_SECONDS)];
    const [program = "", ...rest] = inRig(machine.rig, probe);
    const child = spawn(program, rest, { stdio: "ignore" });
    const watchdog = setInterval(() => {
        if (!isOn(machine)) child.kill();
    }, 200);
    const code = await ended(child).finally(() => {
        clearInterval(watchdog);
    });
    if (code === 0) return;
    const what = isOn(machine) ? `does not answer on port 22 (waited ${BOOT_SECONDS} s)` : "died while it started";
    throw new Error(`${machine.name} ${what}. ${lastWords(machine)}`);
}
