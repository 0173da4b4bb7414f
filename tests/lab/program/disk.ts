import { on } from "../support";

/** Kernel file systems, what every boot makes anew, caches, logs. */
const passing = ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/var/log", "/var/cache", "/var/lib/apt"];

/**
 * What Debian itself notes of packages that come and go and of who logged in; nothing of ours, and no file of a package.
 */
const debiansOwn =
    /\/var\/lib\/(dpkg|systemd|private|logrotate|ucf|PackageKit)\b|\/etc\/(ld\.so\.cache|resolv\.conf|mailcap|\.pwd\.lock|(passwd|group|shadow|gshadow|subuid|subgid)-)|\/usr\/share\/man|\/var\/lib\/man-db|\/root\/|__pycache__|\.sudo_as_admin_successful/;

/** Everything on a machine's disk: name, kind, mode, owner, target of every link; the hash of each file of /etc; accounts; units. */
export async function diskOf(node: string): Promise<Set<string>> {
    const prune = passing.flatMap((name) => ["-path", name, "-prune", "-o"]);
    const list = await on(node, "find", "/", ...prune, "-printf", "%p %y %m %u:%g %l\n");
    const hashes = await on(
        node,
        "sh",
        "-c",
        "find /etc -type f ! -name 'passwd*' ! -name 'group*' ! -name '*shadow*' -exec sha256sum {} +",
    );
    const accounts = await on(node, "sh", "-c", "sed 's/^/passwd /' /etc/passwd; sed 's/^/group /' /etc/group");
    const units = await on(node, "systemctl", "list-unit-files", "--no-pager", "--no-legend");
    return new Set([list, hashes, accounts, units].flatMap(({ stdout }) => stdout.split("\n")));
}

/** Lines that went (`-`) and came (`+`), but for what Debian itself notes and what is `kept` on purpose. */
export function differences(before: ReadonlySet<string>, after: ReadonlySet<string>, kept = /^$/): string[] {
    const gone = [...before].filter((line) => !after.has(line)).map((line) => `- ${line}`);
    const come = [...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`);
    return [...gone, ...come].filter((line) => !debiansOwn.test(line) && !kept.test(line));
}
