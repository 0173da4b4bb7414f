import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { probe } from "./program/probe";
import { dispose, fleet, meshAddress, prepare, seven } from "./program/seven";
import { note, on, root } from "./support";

const lockFile = resolve(root, ".lab/seven/seven.lock.yaml");
const lock = (): string => readFileSync(lockFile, "utf8");
const keyOf = async (node: string): Promise<string> =>
    (await on(node, "wg", "show", "wg0", "public-key")).stdout.trim();
const keys = async (): Promise<string[]> => Promise.all(seven.map(keyOf));
/** Every public key that the nodes know as a peer's. */
const peers = async (): Promise<Set<string>> => {
    const known = await Promise.all(seven.map((node) => on(node, "wg", "show", "wg0", "peers")));
    return new Set(known.flatMap(({ stdout }) => stdout.split("\n").filter((key) => key !== "")));
};
/** Pairs that are watched: on a LAN, from behind NAT, between public nodes, and through a relay. */
const watched = [
    ["alice", "cecilia"],
    ["octavia", "gematria"],
    ["gematria", "anastasia"],
    ["aria", "lucidia"],
] as const;

beforeAll(async () => {
    await prepare();
    const up = await fleet("up");
    note("keys-up.txt", up.text);
    expect(up.code).toBe(0);
});
afterAll(dispose);

test("every node's key changes in its turn, and each pair is back within twelve seconds", async () => {
    const before = await keys();
    const probes = watched.map(([from, to]) => ({ from, to, probe: probe(from, meshAddress(to)) }));
    const rotated = await fleet("rotate", "mesh");
    const seen = await Promise.all(
        probes.map(async ({ from, to, probe: running }) => ({ from, to, ...(await running.stop()) })),
    );
    note("rotate.txt", `${rotated.text}\n${rotated.seconds} s\n${JSON.stringify(seen, undefined, 1)}`);
    console.log(
        seen
            .map(
                ({ from, to, sent, lost, gap }) =>
                    `${from} → ${to}: ${lost} of ${sent} lost, at most ${gap.toFixed(2)} s`,
            )
            .join("\n"),
    );
    expect(rotated.code).toBe(0);
    for (const node of seven) expect(rotated.text).toContain(`  ${node}  new key; 42 pairs answer`);
    const after = await keys();
    expect(after.filter((key) => before.includes(key))).toEqual([]);
    expect([...(await peers())].filter((key) => !after.includes(key))).toEqual([]);
    expect(seen.filter(({ gap, sent }) => gap > 12 || sent < 100)).toEqual([]);
    const again = await fleet("up");
    expect([again.code, again.text]).toEqual([0, expect.stringMatching(/ 0 changed, /)]);
});

test("a node whose peers do not follow keeps its key and is named; every pair answers as before", async () => {
    const [before, locked] = [await keys(), lock()];
    const dropIn = "/etc/systemd/system/sovereign-edge-turn.service.d";
    const idle = "[Service]\nExecStart=\nExecStart=/usr/bin/sleep infinity\n";
    for (const node of seven) await on(node, "sh", "-c", `mkdir -p ${dropIn} && printf '${idle}' >${dropIn}/idle.conf`);
    const rotated = await fleet("rotate", "mesh", "gematria", "alice");
    note("rotate-failed.txt", `${rotated.text}\n${rotated.seconds} s`);
    for (const node of seven) await on(node, "rm", "-r", dropIn);
    expect(rotated.code).toBe(1);
    expect(rotated.text).toMatch(/gematria keeps its key: .*alice → gematria.* did not answer within 30 s/);
    expect(rotated.text).toContain("gematria is as it was, and every pair answers.");
    expect([await keys(), lock()]).toEqual([before, locked]);
    const again = await fleet("up");
    expect([again.code, again.text]).toEqual([0, expect.stringMatching(/ 0 changed, /)]);
});

test("a turn that was cut off in the middle goes back, and then the rotation goes on", async () => {
    const before = await keyOf("aria");
    writeFileSync(lockFile, `${lock()}turn:\n  node: cecilia\n  phase: prepare\n`);
    expect((await fleet("up")).code).toBe(0);
    const rotated = await fleet("rotate", "mesh", "aria");
    note("rotate-again.txt", rotated.text);
    expect([rotated.code, rotated.text]).toEqual([0, expect.stringContaining("The turn of cecilia was cut off")]);
    expect(await keyOf("aria")).not.toBe(before);
    expect(lock()).not.toContain("turn:");
});
