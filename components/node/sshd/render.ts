import type { Role } from "../../converge/schema";
import { supportedSystems } from "../base/systems";
import { hardened } from "./hardening";

// The first value of a setting counts, and cloud-init writes its own into 50-cloud-init.conf.
const dropIn = "/etc/ssh/sshd_config.d/00-sovereign-edge.conf";

/**
 * The role `sshd`: has it let in by key alone, say who logs in, for the log of changes, and take the logins of roles that
 * come side by side. It comes first, so it also turns away systems that we do not know.
 * @param address where the node is reached, when sshd listens on nothing else
 * @param anySystem whether a system that we do not know was accepted in the inventory
 */
export function renderSshd(address: string, port: number, anySystem = false): Role {
    const text = ["# Of sovereign-edge.", "ExposeAuthInfo yes", "MaxStartups 30:60:100", ...hardened, ""].join("\n");
    return {
        ...(anySystem ? {} : { requires: { os: supportedSystems } }),
        files: { [dropIn]: { mode: "0644", owner: "root:root", text, validate: ["sh", "-c", validator, "sh", "{}"] } },
        units: { "ssh.service": { enabled: true, running: true, reloadOn: { [dropIn]: true } } },
        checks: {
            // sshd says what holds when all files are read: another one may come first.
            "no-passwords": { argv: ["sh", "-c", passwordless], within: 2 },
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

const passwordless =
    "/usr/sbin/sshd -T | grep -qx 'passwordauthentication no' && exit; echo 'sshd still takes passwords: another file of /etc/ssh/sshd_config.d comes before ours'; exit 1";

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
