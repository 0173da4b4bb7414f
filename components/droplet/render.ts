import { stringify } from "yaml";
import type { DropletPlan } from "./plan";

/** A host key as cloud-init takes it: the private half in OpenSSH's form. */
export interface HostKeyPair {
    readonly privateKey: string;
    readonly publicKey: string;
}

/**
 * The user data of a droplet (cloud-init's cloud-config), read once, at the first boot: the host key that the program made,
 * the one login, an sshd that shows no other host key. Everything else comes over SSH. The same for the same inputs; about 1 KB of
 * the 64 KiB that there are. cloud-init puts the key in place before sshd starts (its `ssh` module is in the network stage).
 * @param logins public keys that the login takes
 */
export function renderUserData(
    node: Pick<DropletPlan, "name" | "user" | "port">,
    logins: readonly string[],
    hostKey: HostKeyPair,
): string {
    return `#cloud-config\n${stringify(cloudConfig(node, logins, hostKey), { lineWidth: 0 })}`;
}

/** A file that cloud-init writes at the first boot. */
export interface FirstFile {
    readonly path: string;
    readonly content: string;
    readonly permissions?: string;
}

/** The same as data. @param files to be written beside it */
export function cloudConfig(
    { name, user, port }: Pick<DropletPlan, "name" | "user" | "port">,
    logins: readonly string[],
    { privateKey, publicKey }: HostKeyPair,
    files: readonly FirstFile[] = [],
): Readonly<Record<string, unknown>> {
    return {
        hostname: name,
        package_update: false,
        package_upgrade: false,
        ssh_pwauth: false,
        disable_root: user !== "root",
        ssh_deletekeys: true,
        ssh_genkeytypes: [],
        ssh_keys: { ed25519_private: privateKey, ed25519_public: publicKey.trim() },
        users: user === "root" ? [] : [login(user, logins)],
        ...(user === "root" ? { ssh_authorized_keys: logins } : {}),
        write_files: [{ path: "/etc/ssh/sshd_config.d/10-host-key.conf", content: sshd(port) }, ...files],
    };
}

function login(user: string, logins: readonly string[]): Record<string, unknown> {
    return {
        name: user,
        shell: "/bin/bash",
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        lock_passwd: true,
        ssh_authorized_keys: logins,
    };
}

/** One host key, because Debian makes others at the first boot, which nobody has pinned. */
function sshd(port: number): string {
    return `HostKey /etc/ssh/ssh_host_ed25519_key\n${port === 22 ? "" : `Port ${port}\n`}`;
}
