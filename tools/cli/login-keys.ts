import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { asRoot } from "../../components/converge/command";
import { sshArguments, type Login } from "../../components/converge/ssh-client";
import { Failure } from "./failure";
import { withFolder } from "./files";
import { run } from "./process";
import { sshRun } from "./ssh";

/** Milliseconds for a login and what is asked. */
const patience = 30_000;

/**
 * Python that changes the login user's own files of keys, as that user. `add` writes the new key behind the old one, with its options;
 * `drop` takes the old one away where the new one stands. Prints `held` for a file that had the old one.
 */
export const editKeys = `
import os, sys
verb, old, new = sys.argv[1], sys.argv[2], " ".join(sys.argv[3:5])
for name in ("authorized_keys", "authorized_keys2"):
    path = os.path.realpath(os.path.expanduser("~/.ssh/" + name))
    if not os.path.isfile(path):
        continue
    with open(path, errors="surrogateescape") as file:
        before = file.read().splitlines()
    if not any(old in line.split() for line in before):
        continue
    print("held")
    there = any(sys.argv[4] in line.split() for line in before)
    after = []
    for line in before:
        ours = old in line.split()
        if not (ours and verb == "drop" and there):
            after.append(line)
        if ours and verb == "add" and not there:
            options = line[: line.index(old)].split()[:-1]
            after.append(" ".join([line[: line.index(old)].rstrip().rpartition(" ")[0], new]).strip() if options else new)
    if after != before:
        staged = path + ".new"
        with open(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, os.stat(path).st_mode & 0o777), "w", errors="surrogateescape") as file:
            file.write("\\n".join(after) + "\\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(staged, path)
`;

/** A key without its comment: type and data. */
export function bareKey(line: string): readonly [type: string, data: string] {
    const [type = "", data = ""] = line.split(" ");
    return [type, data];
}

/**
 * Changes the keys that let in the login user itself, as somebody put them there before the fleet.
 * @param only the key to log in with; any of the agent's when left out
 * @returns whether the old key was among them
 * @throws Failure when the node does not do it
 */
export async function changeLogin(
    login: Login,
    verb: "add" | "drop",
    keys: { readonly old: string; readonly next: string },
    only?: string,
): Promise<boolean> {
    const [[, old], [type, data]] = [bareKey(keys.old), bareKey(keys.next)];
    // None of these has a character that a shell minds (base64, names of types).
    const command = `python3 -I - ${verb} ${old} ${type} ${data}`;
    const { code, stdout, stderr } = await withIdentity(only, (more) =>
        run("ssh", ["-T", ...sshArguments(login, true, more), command], { input: editKeys, timeout: patience }),
    );
    if (code === 0) return stdout.includes("held");
    const [words = ""] = stderr.trim().split("\n").slice(-1);
    throw new Failure(`${login.node}: the keys of ${login.user} could not be changed: ${words}`);
}

/** Whether this key of the agent's alone lets somebody in. */
export async function letsIn(login: Login, key: string): Promise<boolean> {
    const { code } = await withIdentity(key, (more) =>
        run("ssh", ["-T", ...sshArguments(login, true, more), "true"], { timeout: patience }),
    );
    return code === 0;
}

/** Whether sshd has let somebody in with this key, by the node's journal. */
export async function wasSeen(login: Login, user: string, fingerprint: string): Promise<boolean> {
    // sshd(8) at its usual LogLevel: "Accepted publickey for alexa from 192.0.2.7 port 50122 ssh2: ED25519 SHA256:…"
    const script = `journalctl --unit=ssh.service --output=cat --no-pager | grep -F 'Accepted publickey for ${user} from ' | grep -qF '${fingerprint}'`;
    const { code } = await sshRun(login, `${asRoot(login.user)}sh -s`, script, patience);
    return code === 0;
}

/** Options of ssh for one key of the agent's: it is named by its public half, in a file. */
async function withIdentity<T>(key: string | undefined, act: (more: readonly string[]) => Promise<T>): Promise<T> {
    if (key === undefined) return act([]);
    return withFolder(async (folder) => {
        const file = join(folder, "key.pub");
        writeFileSync(file, `${key}\n`);
        return act(["IdentitiesOnly=yes", `IdentityFile="${file}"`]);
    });
}
