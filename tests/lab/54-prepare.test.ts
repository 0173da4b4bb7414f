import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { insertCard, SEED } from "../../lab/card";
import { fleet, lab, must, note, on, root, until } from "./support";

/*
 * A machine that was never there starts from what `./fleet prepare` wrote, with Debian's own cloud-init; from its first packet
 * it is known by its host key.
 */

const card = resolve(root, ".lab/card-crate");
const [inventory, lock, knownHosts] = ["yaml", "lock.yaml", "known_hosts"].map((end) =>
    resolve(root, `stacks/dev.${end}`),
) as [string, string, string];
const files = [inventory, lock, knownHosts];
let before: string[] = [];
const line = "  crate: { hardware: amd64-1gb, location: home, address: 192.168.8.21 }\n";
/** The pins of crate. */
const pins = (): string[] =>
    readFileSync(knownHosts, "utf8")
        .split("\n")
        .filter((pin) => pin.startsWith("crate "));

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
    before = files.map((path) => readFileSync(path, "utf8"));
    writeFileSync(inventory, readFileSync(inventory, "utf8").replace(/^(nodes:\n)/m, `$1${line}`));
    rmSync(card, { recursive: true, force: true });
    const prepared = await fleet("prepare", "crate", "--to", card);
    note("prepare.txt", prepared.text);
    expect([prepared.code, prepared.text]).toEqual([
        0,
        expect.stringContaining("user-data, meta-data, network-config"),
    ]);
});

afterAll(async () => {
    writeFileSync(inventory, readFileSync(inventory, "utf8").replace(/^( {2}crate: .*) \}$/m, "$1, leaving: gone }"));
    note("prepare-gone.txt", (await fleet("up")).text);
    files.forEach((path, i) => {
        writeFileSync(path, before[i]!);
    });
    rmSync(card, { recursive: true, force: true });
    await lab("power", "cut", "crate");
    rmSync(resolve(root, ".lab/machines/crate"), { recursive: true, force: true });
});

test("somebody else at its address at the first boot is refused, with both fingerprints", async () => {
    // Its usual disk, with another host key than the card's.
    await lab("power", "on", "crate");
    const up = await fleet("up", "crate");
    note("prepare-stranger.txt", up.text);
    expect(up.code).not.toBe(0);
    expect(up.text).toMatch(
        /crate \(192\.168\.8\.21:22\) shows another host key than the pinned one\. Nothing was sent/,
    );
    expect((await fleet("ssh", "crate", "--", "true")).code).not.toBe(0);
    expect(pins()).toEqual([expect.stringMatching(/ card$/)]);
    await lab("power", "cut", "crate");
});

test("its first connection is accepted strictly, then it makes its own key and forgets the card's", async () => {
    insertCard("crate", card);
    await lab("power", "on", "crate");
    const [first = ""] = pins();
    expect((await fleet("ssh", "crate", "--", "cloud-init", "status", "--wait")).text).toContain("status: done");
    const up = await fleet("up", "crate");
    note("prepare-up.txt", up.text);
    expect([up.code, up.text]).toEqual([0, expect.stringContaining("crate has made a host key of its own")]);
    const [pin = ""] = pins();
    expect([pins().length, / (card|next)$/.test(pin), pin.split(" ")[2]]).not.toEqual([1, false, first.split(" ")[2]]);
    expect(pins()).toHaveLength(1);
    const secret = /BEGIN OPENSSH[^\n]*\n\s*\S+\n\s*(\S+)/.exec(readFileSync(resolve(card, "user-data"), "utf8"))![1]!;
    const traces = await on(
        "crate",
        "sh",
        "-c",
        `grep -rlsF -e '${secret}' /etc /var /root /home /boot /run /tmp || true`,
    );
    expect(traces.stdout).toBe("");
    await on("crate", "test", "-e", "/etc/cloud/cloud-init.disabled");
    expect((await on("crate", "sh", "-c", `ls ${SEED} 2>/dev/null || true`)).stdout).toBe("");
});

test("after a power cut it shows the same key; a run that was broken off after the switch is finished by the next", async () => {
    const [pin = ""] = pins();
    await lab("power", "cut", "crate");
    await lab("power", "on", "crate");
    await until("crate's sshd", 60, async () => (await fleet("ssh", "crate", "--", "true")).code === 0);
    const used = /ed25519_public: (ssh-ed25519 \S+)/.exec(readFileSync(resolve(card, "user-data"), "utf8"))![1]!;
    const text = readFileSync(knownHosts, "utf8");
    writeFileSync(knownHosts, text.replace(pin, `crate ${used} card\n${pin} next`));
    const up = await fleet("up", "crate");
    note("prepare-again.txt", up.text);
    expect([up.code, pins()]).toEqual([0, [pin]]);
});
