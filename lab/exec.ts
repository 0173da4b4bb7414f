import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { initOf } from "./cgroup";
import { isOn } from "./machine";
import { ensureAgentOf, visitorNamed } from "./visitor";
import { requireUp } from "./owner";
import { AGENT, BUNDLE, LOGS } from "./paths";
import { OPERATOR, machineNamed, namespaceOf } from "./plan";

const MACHINE_ENVIRONMENT = ["HOME=/root", "USER=root", "LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];

/** Runs a program with this process's terminal and returns its exit code (128 + signal when it was killed). */
export function passThrough(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
    const [program = "", ...rest] = argv;
    // The terminal sends its signals to the child as well; this process only has to outlive it.
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => child.kill(name));
    const child = spawn(program, rest, { stdio: "inherit", env });
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            resolve(code ?? 129);
        });
    });
}

/**
 * Argument list that runs a command on a machine as root, past sshd.
 * @throws Error when the machine is off.
 */
export function onMachine(name: string, command: readonly string[]): string[] {
    machineNamed(name);
    const init = initOf(name);
    if (!isOn(name) || init === undefined) throw new Error(`${name} is off. Switch it on first: \`npm run lab -- power on ${name}\`.`);
    const enter = ["nsenter", "--target", String(init), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root"];
    return [...enter, "--", "env", "--chdir=/root", "-i", ...MACHINE_ENVIRONMENT, ...(process.env.TERM === undefined ? [] : [`TERM=${process.env.TERM}`]), ...command];
}

/** Environment of the operator's commands: the lab's trust anchors and agent, and no way around the lab. */
export function operatorEnvironment(base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const kept = Object.entries(base).filter(([key]) => !/^(https?|all|no|ftp)_proxy$/i.test(key) && key !== "SSL_CERT_DIR");
    const anchors = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"].map((key) => [key, BUNDLE]);
    return { ...Object.fromEntries([...kept, ...anchors]), SSH_AUTH_SOCK: AGENT };
}

function asOperator(options: readonly string[], command: readonly string[]): Promise<number> {
    const enter = ["ip", "netns", "exec", namespaceOf(OPERATOR.name)];
    const environment = operatorEnvironment(process.env);
    if (options[0] !== "--user") return passThrough([...enter, ...command], environment);
    const visitor = visitorNamed(options[1] ?? "");
    const become = ["setpriv", `--reuid=${visitor.uid}`, `--regid=${visitor.gid}`, "--init-groups", "--"];
    const own = { HOME: visitor.home, USER: visitor.name, LOGNAME: visitor.name, SSH_AUTH_SOCK: ensureAgentOf(visitor) };
    return passThrough([...enter, ...become, ...command], { ...environment, ...own });
}

/** Runs a command on a machine (as root), where the operator stands, or in the namespace of a segment; resolves to its exit code. */
export function execute(place: string, options: readonly string[], command: readonly string[]): Promise<number> {
    requireUp();
    if (command.length === 0) throw new Error(`What shall run? \`npm run lab -- exec ${place} -- COMMAND…\``);
    if (place === OPERATOR.name) return asOperator(options, command);
    if (place === "home" || place === "internet") return passThrough(["ip", "netns", "exec", namespaceOf(place), ...command]);
    return passThrough(onMachine(place, command));
}

/** Follows a machine's journal, or the console's record when it is off; resolves when it ends. */
export function followConsole(name: string): Promise<number> {
    requireUp();
    machineNamed(name);
    if (isOn(name)) return passThrough(onMachine(name, ["journalctl", "--follow", "--lines=50", "--no-hostname"]));
    const log = join(LOGS, `${name}.console`);
    if (!existsSync(log)) throw new Error(`${name} has never been on.`);
    return passThrough(["tail", "-n", "50", log]);
}
