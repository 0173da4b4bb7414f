import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sshArguments, type Login } from "../../components/converge/ssh-client";
import { Failure } from "./failure";
import { withFolder } from "./files";
import { run, runAttached, type Finished } from "./process";

export type { Login };

/** Runs a command on a node without a terminal. `input` is its standard input; milliseconds until it is ended. */
export async function sshRun(login: Login, command: string, input: string, timeout: number): Promise<Finished> {
    return run("ssh", ["-T", ...sshArguments(login, true), command], { input, timeout });
}

/** The same with one host key that is taken, in authorized_keys' form, and no file of pins. */
export async function sshRunPinned(
    login: Omit<Login, "knownHosts">,
    key: string,
    ...command: readonly [command: string, input: string, timeout: number]
): Promise<Finished> {
    return withFolder(async (folder) => {
        const knownHosts = join(folder, "known_hosts");
        writeFileSync(knownHosts, `${login.node} ${key}\n`);
        return sshRun({ ...login, knownHosts }, ...command);
    });
}

/** Runs a command (or a shell) on a node on this terminal and gives its exit code. */
export async function sshAttached(login: Login, command: readonly string[], terminal: boolean): Promise<number> {
    const joined = command.length === 0 ? [] : [command.join(" ")];
    return runAttached("ssh", [...(terminal ? ["-t"] : []), ...sshArguments(login, false), ...joined]);
}

/** @throws Failure with what to do when there is no SSH agent, or it holds no keys */
export async function requireAgent(): Promise<void> {
    const problem = await agentProblem();
    if (problem !== undefined) throw new Failure(problem);
}

/** What is wrong with the SSH agent, with what to do; nothing when it is there and holds keys. */
async function agentProblem(): Promise<string | undefined> {
    // ssh-add(1): 2 = no agent can be reached, 1 = it holds no keys.
    const { code } = await run("ssh-add", ["-l"], { timeout: 5_000 });
    if (code === 0) return undefined;
    if (code === 1) return "The SSH agent holds no keys. Run `ssh-add` (or `ssh-add PATH-OF-YOUR-KEY`).";
    if (code === 127) return "OpenSSH's client is not installed: install openssh-client.";
    return "There is no SSH agent. Run `eval $(ssh-agent) && ssh-add`, in the same terminal.";
}
