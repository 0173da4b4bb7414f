import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { initOf } from "./cgroup";
import { consoleOf, isOn } from "./machine";
import { ensureAgentOf, visitorNamed } from "./visitor";
import { requireUp } from "./owner";
import { AGENT, BUNDLE } from "./paths";
import { OPERATORS, SEGMENTS, namespaceOf } from "./plan";
import { machineNamed } from "./roster";

const MACHINE_ENVIRONMENT = [
    "HOME=/root",
    "USER=root",
    "LANG=C.UTF-8",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
];

/**
 * Milliseconds between two times that a program is told to go on. A machine that shuts down stops all that runs on it before it
 * kills it (systemd-shutdown), and nsenter stops with its child (`continue_as_child` in util-linux): nobody would collect what is
 * dead, and the machine would wait for that for ever.
 */
const resumeEvery = 500;

/** Runs a program with this process's terminal and returns its exit code (128 + signal when it was killed). */
export function passThrough(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
    const [program = "", ...rest] = argv;
    // The terminal sends its signals to the child as well; this process only has to outlive it.
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => child.kill(name));
    const child = spawn(program, rest, { stdio: "inherit", env });
    const resuming = setInterval(() => child.kill("SIGCONT"), resumeEvery).unref();
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            clearInterval(resuming);
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
    if (!isOn(name) || init === undefined)
        throw new Error(`${name} is off. Switch it on first: \`npm run lab -- power on ${name}\`.`);
    const enter = [
        "nsenter",
        "--target",
        String(init),
        "--mount",
        "--uts",
        "--ipc",
        "--net",
        "--pid",
        "--cgroup",
        "--root",
    ];
    return [
        ...enter,
        "--",
        "env",
        "--chdir=/root",
        "-i",
        ...MACHINE_ENVIRONMENT,
        ...(process.env.TERM === undefined ? [] : [`TERM=${process.env.TERM}`]),
        ...command,
    ];
}

/** Environment of the operator's commands: the lab's trust anchors and agent, and no way around the lab. */
export function operatorEnvironment(base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const kept = Object.entries(base).filter(
        ([key]) => !/^(https?|all|no|ftp)_proxy$/i.test(key) && key !== "SSL_CERT_DIR",
    );
    const anchors = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"].map(
        (key): [string, string] => [key, BUNDLE],
    );
    return { ...Object.fromEntries([...kept, ...anchors]), SSH_AUTH_SOCK: AGENT };
}

function asOperator(place: string, command: readonly string[], user: string | undefined): Promise<number> {
    const enter = ["ip", "netns", "exec", namespaceOf(place)];
    const environment = operatorEnvironment(process.env);
    if (user === undefined) return passThrough([...enter, ...command], environment);
    const visitor = visitorNamed(user);
    const become = ["setpriv", `--reuid=${visitor.uid}`, `--regid=${visitor.gid}`, "--init-groups", "--"];
    const own = {
        HOME: visitor.home,
        USER: visitor.name,
        LOGNAME: visitor.name,
        SSH_AUTH_SOCK: ensureAgentOf(visitor),
    };
    return passThrough([...enter, ...become, ...command], { ...environment, ...own });
}

/** What `exec` was asked for. */
export interface Order {
    /** A machine, an operator's place, or a segment. */
    readonly place: string;
    /** User of the host to run as; only where an operator stands, else root. */
    readonly user?: string;
    readonly command: readonly string[];
}

/**
 * Reads the arguments of `exec`: [--user NAME] PLACE [--user NAME] -- COMMAND…
 * @throws Error when they are something else.
 */
export function parseOrder(args: readonly string[]): Order {
    const dashes = args.indexOf("--");
    const [command, before] = [args.slice(dashes + 1), dashes < 0 ? [] : args.slice(0, dashes)];
    const option = before.indexOf("--user");
    const user = option < 0 ? undefined : before[option + 1];
    const [place, ...more] = before.filter((_, index) => option < 0 || (index !== option && index !== option + 1));
    const wrong = place === undefined || more.length > 0 || command.length === 0 || (option >= 0 && user === undefined);
    if (wrong) throw new Error("usage: npm run lab -- exec [--user NAME] PLACE -- COMMAND…");
    if (user !== undefined && !isOperator(place))
        throw new Error("Only `exec operator` and `exec roamer` take --user.");
    return { place, command, ...(user === undefined ? {} : { user }) };
}

function isOperator(place: string): boolean {
    return OPERATORS.some(({ name }) => name === place);
}

/** Runs a command on a machine (as root), where an operator stands, or in the namespace of a segment; resolves to its exit code. */
export function execute({ place, user, command }: Order): Promise<number> {
    requireUp();
    if (isOperator(place)) return asOperator(place, command, user);
    if (SEGMENTS.some((segment) => segment === place))
        return passThrough(["ip", "netns", "exec", namespaceOf(place), ...command]);
    return passThrough(onMachine(place, command));
}

/** Follows a machine's journal, or the console's record when it is off; resolves when it ends. */
export function followConsole(name: string): Promise<number> {
    requireUp();
    machineNamed(name);
    if (isOn(name)) return passThrough(onMachine(name, ["journalctl", "--follow", "--lines=50", "--no-hostname"]));
    const log = consoleOf(name);
    if (!existsSync(log)) throw new Error(`${name} has never been on.`);
    return passThrough(["tail", "-n", "50", log]);
}
