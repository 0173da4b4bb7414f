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
 * Arguments of OpenSSH's `ssh` (ssh_config(5)): nothing but the pinned ed25519 key is accepted, no file of the operator's
 * configuration is read, and only the agent's keys are shown, because the engine's connections know nothing else either.
 * @param more further options as `-o` takes them; the first value of an option counts, so they come before ours
 */
export function sshArguments(login: Login, batch: boolean, more: readonly string[] = []): string[] {
    const { node, address, port, user, knownHosts } = login;
    const options = [
        ...more,
        `UserKnownHostsFile="${knownHosts}"`,
        "GlobalKnownHostsFile=/dev/null",
        `HostKeyAlias=${node}`,
        "HostKeyAlgorithms=ssh-ed25519",
        "StrictHostKeyChecking=yes",
        "UpdateHostKeys=no",
        "IdentityFile=none",
        "ConnectTimeout=15",
        "ServerAliveInterval=5",
        "ServerAliveCountMax=3",
        "LogLevel=ERROR",
        ...(batch ? ["BatchMode=yes"] : []),
    ];
    return ["-F", "none", ...options.flatMap((option) => ["-o", option]), "-p", String(port), `${user}@${address}`];
}
