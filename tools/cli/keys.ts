import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure";
import { withFolder } from "./files";
import { run } from "./process";

/** A host key: both halves in OpenSSH's form, the public one without a comment. */
export interface MadeKey {
    readonly privateKey: string;
    readonly publicKey: string;
}

/** Makes an ed25519 host key (ssh-keygen(1)); it is in a private folder for a moment only. @throws Failure */
export async function makeHostKey(node: string): Promise<MadeKey> {
    return withFolder(async (folder) => {
        const file = join(folder, "key");
        const made = await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `root@${node}`, "-f", file]);
        if (made.code !== 0) throw new Failure(`ssh-keygen could not make a key: ${made.stderr.trim()}`);
        return {
            privateKey: readFileSync(file, "utf8"),
            publicKey: withoutComment(readFileSync(`${file}.pub`, "utf8")),
        };
    });
}

/** The public keys of the SSH agent, which are to log in. @throws Failure without any */
export async function agentKeys(): Promise<string[]> {
    const { code, stdout } = await run("ssh-add", ["-L"], { timeout: 5_000 });
    const keys = stdout.split("\n").filter((line) => /^(ssh|ecdsa|sk-)/.test(line));
    if (code === 0 && keys.length > 0) return keys;
    throw new Failure(
        "The SSH agent holds no keys, and the card has to say whose log in. Run `ssh-add`, then this again.",
    );
}

function withoutComment(line: string): string {
    return line.trim().split(" ").slice(0, 2).join(" ");
}
