/**
 * Accounts that belong to a system or to what the fleet puts on it; a person under one of these names would be let in as that
 * account, so the node refuses it. Debian 12 and 13, Ubuntu 24.04 (base-passwd 3.6, passwd.master), and what their packages make.
 */
export const systemAccounts: Readonly<Record<string, string>> = {
    ...named(
        "the system's own",
        "root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody messagebus sshd syslog landscape polkitd tcpdump uuidd avahi rtkit dnsmasq usbmux",
    ),
    ...named(
        "a service's",
        "caddy pdns postgres redis valkey haproxy nginx ollama docker mosquitto prometheus unbound bind tor minio vault forgejo gitea gitlab loki grafana mysql wireguard",
    ),
};

function named(whose: string, names: string): Record<string, string> {
    return Object.fromEntries(names.split(" ").map((name) => [name, whose]));
}
