import { run, runAttached, type Finished } from "./process";

/** Where to log in, and which pin holds. */
export interface Login {
    /** Name of the node: what its key stands under in the known_hosts file. */
    readonly node: string;
    readonly address: string;
    readonly port: number;
    readonly user: string;
    /** Absolute path. */
    readonly knownHosts: string;
}

/**
 * Arguments of OpenSSH's `ssh`: nothing but the pinned ed25519 key is accepted, no file of the operator's configuration
 * is read, and only the agent's keys are shown, because the engine's connections know nothing else either.
 */
export function sshArguments({ node, address, port, user, knownHosts }: Login, batch: boolean): string[] {
    const options = [
        `UserKnownHostsFile="${knownHosts}"`,
        "GlobalKnownHostsFile=/dev/null",
        `HostKeyAlias=${node}`,
        "HostKeyAlgorithms=ssh-ed25519",
        "StrictHostKeyChecking=yes",
        "UpdateHostKeys=no",
        "IdentityFile=none",
        "ConnectTimeout=5",
        "ServerAliveInterval=5",
        "ServerAliveCountMax=3",
        "LogLevel=ERROR",
        ...(batch ? ["BatchMode=yes"] : []),
    ];
    return ["-F", "none", ...options.flatMap((option) => ["-o", option]), "-p", String(port), `${user}@${address}`];
}

/** Runs a command on a node without a terminal. `input` is its standard input; milliseconds until it is ended. */
export async function sshRun(login: Login, command: string, input: string, timeout: number): Promise<Finished> {
    return run("ssh", ["-T", ...sshArguments(login, true), command], { input, timeout });
}

/** Runs a command (or a shell) on a node on this terminal and gives its exit code. */
export async function sshAttached(login: Login, command: readonly string[], terminal: boolean): Promise<number> {
    const joined = command.length === 0 ? [] : [command.join(" ")];
    return runAttached("ssh", [...(terminal ? ["-t"] : []), ...sshArguments(login, false), ...joined]);
}

/** What is wrong with the SSH agent, with what to do; nothing when it is there and holds keys. */
export async function agentProblem(): Promise<string | undefined> {
    // ssh-add(1): 2 = no agent can be reached, 1 = it holds no keys.
    const { code } = await run("ssh-add", ["-l"], { timeout: 5_000 });
    if (code === 0) return undefined;
    if (code === 1) return "The SSH agent holds no keys. Run `ssh-add` (or `ssh-add PATH-OF-YOUR-KEY`).";
    if (code === 127) return "OpenSSH's client is not installed: install openssh-client.";
    return "There is no SSH agent. Run `eval $(ssh-agent) && ssh-add`, in the same terminal.";
}
