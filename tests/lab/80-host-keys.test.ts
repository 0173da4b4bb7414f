import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fleet, must, note, on, operator, root } from "./support";

/* Host keys and a person's key take each other's place while everything runs, and the old ones are good for nothing. */

const nodes = ["alice", "cecilia", "gematria"];
const files = ["yaml", "lock.yaml", "known_hosts"].map((end) => resolve(root, `stacks/dev.${end}`));
const [inventory, , knownHosts] = files as [string, string, string];
const key = resolve(root, ".lab/operator/rotated");
const host = "/etc/ssh/ssh_host_ed25519_key";
let before: string[] = [];
/** Their pins; those of machines that other tests gave back stay. */
const pins = (): string[] =>
    readFileSync(knownHosts, "utf8")
        .split("\n")
        .filter((line) => nodes.includes(line.split(" ")[0]!));
/** The middle of a private key, which must not turn up anywhere else. */
const secretOf = async (node: string): Promise<string> => (await on(node, "sed", "-n", "3p", host)).stdout.trim();
/** Files of a machine that have this in them. */
const found = async (node: string, secret: string): Promise<string[]> =>
    (await on(node, "sh", "-c", `grep -rlF -e '${secret}' /etc /var/log /var/lib /root /home /run /tmp || true`)).stdout
        .split("\n")
        .filter(Boolean);
const login = (key: string, user: string): Promise<{ code: number }> =>
    operator([
        "ssh",
        "-F",
        "none",
        "-o",
        `UserKnownHostsFile=${knownHosts}`,
        "-o",
        "HostKeyAlias=alice",
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "BatchMode=yes",
        "-i",
        key,
        `${user}@192.168.8.11`,
        "true",
    ]);

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
    before = files.map((file) => readFileSync(file, "utf8"));
});
afterAll(() => {
    writeFileSync(inventory, before[0]!);
});

test("every machine makes itself a new host key in its turn, and is known by that alone", async () => {
    const old = await Promise.all(nodes.map(secretOf));
    const pinned = pins();
    const rotated = await fleet("rotate", "host-keys");
    note("host-keys.txt", `${rotated.text}\n${rotated.seconds} s`);
    expect(rotated.code).toBe(0);
    for (const node of nodes) expect(rotated.text).toMatch(new RegExp(`${node} {2}new host key SHA256:`));
    expect([pins().length, pins().filter((pin) => pinned.includes(pin))]).toEqual([nodes.length, []]);
    const now = await Promise.all(nodes.map(secretOf));
    expect(now.filter((secret) => old.includes(secret))).toEqual([]);
    for (const node of nodes)
        expect((await on(node, "sh", "-c", `ls /etc/ssh | grep -c 'before\\|next' || true`)).stdout.trim()).toBe("0");
    const again = await fleet("up");
    expect([again.code, again.text]).toEqual([0, expect.stringMatching(/ 0 changed/)]);
    // Canary: what a machine made never left it, and what it had is on none; but a droplet's provider goes on showing it its user data.
    for (const [i, node] of nodes.entries()) {
        expect(await found(node, now[i]!)).toEqual([host]);
        const shown = (file: string): boolean =>
            node === "gematria" && /^\/(run\/cloud-init|var\/lib\/cloud)\//.test(file);
        expect((await found(node, old[i]!)).filter((file) => !shown(file))).toEqual([]);
    }
    const here = await operator([
        "grep",
        "-rlF",
        ...now.flatMap((secret) => ["-e", secret]),
        ".state",
        "stacks",
        ".lab/test",
        ".lab/log",
    ]);
    expect(here.stdout).toBe("");
});

test("a machine whose sshd does not take the new key keeps the old one, and is named", async () => {
    const dropIn = "/run/systemd/system/ssh.service.d";
    const pinned = pins();
    await on(
        "alice",
        "sh",
        "-c",
        `mkdir -p ${dropIn} && printf '[Service]\\nExecReload=\\nExecReload=/bin/false\\n' >${dropIn}/broken.conf && systemctl daemon-reload`,
    );
    const rotated = await fleet("rotate", "host-keys", "alice");
    await on("alice", "sh", "-c", `rm -r ${dropIn} && systemctl daemon-reload`);
    note("host-keys-failed.txt", rotated.text);
    expect([rotated.code, rotated.text]).toEqual([
        1,
        expect.stringContaining("alice keeps its host key: it could not be switched"),
    ]);
    expect(pins()).toEqual(pinned);
    expect((await fleet("ssh", "alice", "--", "true")).code).toBe(0);
});

test("a person's key, with which the program logs in too, is exchanged on every machine; the old one lets in nobody", async () => {
    const operators = resolve(root, ".lab/operator/id_ed25519");
    const mine = readFileSync(`${operators}.pub`, "utf8").trim();
    writeFileSync(inventory, before[0]!.replace(/^ssh: /m, `people:\n  alexa: ${mine} # hers\nssh: `));
    expect((await fleet("up")).code).toBe(0);
    await must(["rm", "-f", key, `${key}.pub`]);
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "alexa@new", "-f", key]);
    const first = await fleet("rotate", "people", "alexa", "--key", `${key}.pub`, "--now");
    note("people.txt", first.text);
    expect([first.code, first.text]).toEqual([1, expect.stringContaining("the agent has none that is SHA256:")]);
    expect([(await login(operators, "admin")).code, (await login(key, "alexa")).code]).toEqual([0, 0]);
    await operator(["ssh-add", "-q", key]);
    const second = await fleet("rotate", "people", "alexa");
    note("people-again.txt", second.text);
    expect([second.code, second.text]).toEqual([0, expect.stringContaining("alone.")]);
    for (const user of ["admin", "alexa"])
        expect([(await login(operators, user)).code, (await login(key, user)).code]).toEqual([255, 0]);
    const back = await fleet("rotate", "people", "alexa", "--key", `${operators}.pub`);
    await operator(["ssh-add", "-q", "-d", key]);
    expect([back.code, (await login(key, "admin")).code, (await login(operators, "admin")).code]).toEqual([0, 255, 0]);
    writeFileSync(inventory, before[0]!);
    expect((await fleet("up")).code).toBe(0);
});
