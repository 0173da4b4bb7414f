import { keysOfPeople } from "../../people/render";

/**
 * Settings of sshd_config(5): logins by key alone, and of the algorithms that OpenSSH 9.2 to 10 offer those without
 * the old curves, finite fields and short tags. Taking away from the defaults lets newer ones in.
 */
export const hardened: readonly string[] = [
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitEmptyPasswords no",
    "PermitRootLogin prohibit-password",
    `AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2 ${keysOfPeople}/%u`,
    // Every node is pinned by this type of key, so that no client learns another one.
    "HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com,ssh-ed25519",
    "KexAlgorithms -ecdh-sha2-*,diffie-hellman-*",
    "MACs -umac-64*,hmac-sha1*",
    "X11Forwarding no",
    "LoginGraceTime 30",
];
