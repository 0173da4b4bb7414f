import type { Role } from "../../converge/schema";

const dropIn = "/etc/ssh/sshd_config.d/60-sovereign-edge.conf";

/**
 * The role `sshd`: has it say who logs in, for the log of changes, and take the logins of roles that come side by side.
 * @param address where the node is reached, when sshd listens on nothing else
 */
export function renderSshd(address: string, port: number): Role {
    const text = ["# Of sovereign-edge.", "ExposeAuthInfo yes", "MaxStartups 30:60:100", ""].join("\n");
    return {
        files: { [dropIn]: { mode: "0644", owner: "root:root", text, validate: ["sh", "-c", validator, "sh", "{}"] } },
        units: { "ssh.service": { enabled: true, running: true, reloadOn: { [dropIn]: true } } },
        checks: {
            banner: { argv: ["python3", "-I", "-c", greeted, `${port}`, "127.0.0.1", "::1", address], within: 10 },
        },
        confirm: { window: 60 },
    };
}

/** sshd's own check of the whole configuration as it will be: a copy of it all, with the staged file in its place. */
const validator = `
set -e
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp /etc/ssh/sshd_config.d/*.conf "$copy" 2>/dev/null || true
cp "$1" "$copy"
sed "s#\\(/etc/ssh/\\)\\{0,1\\}sshd_config\\.d/#$copy/#" /etc/ssh/sshd_config >"$copy/sshd_config"
words=$(/usr/sbin/sshd -t -f "$copy/sshd_config" 2>&1) && exit 0
printf '%s\\n' "$words" | sed "s#$copy/sshd_config#/etc/ssh/sshd_config#; s#$copy/#/etc/ssh/sshd_config.d/#"
exit 1
`.trim();

/** Whether an SSH server speaks on a port of one of the addresses. */
const greeted = `
import socket, sys
for host in sys.argv[2:]:
    try:
        with socket.create_connection((host, int(sys.argv[1])), 3) as connection:
            if connection.recv(4) == b"SSH-":
                sys.exit()
    except OSError:
        pass
sys.exit("sshd does not answer on port " + sys.argv[1])
`.trim();
