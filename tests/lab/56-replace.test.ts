import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { machineDirectory } from "../../lab/paths";
import { fleet, lab, must, note, on, root, run } from "./support";

const files = ["dev.yaml", "dev.lock.yaml"].map((name) => resolve(root, "stacks", name));
let before: string[] = [];

/** Another machine at alice's address: an empty disk, and a host key that nobody has seen. */
async function another(): Promise<void> {
    await lab("power", "cut", "alice");
    rmSync(machineDirectory("alice"), { recursive: true });
    await lab("power", "on", "alice");
}

const publicKey = async (): Promise<string> => (await on("alice", "wg", "show", "wg0", "public-key")).stdout.trim();
const peersOf = async (node: string): Promise<string> => (await on(node, "wg", "show", "wg0", "peers")).stdout;
const since = async (node: string): Promise<string> =>
    (await on(node, "systemctl", "show", "-P", "ActiveEnterTimestampMonotonic", "wg-quick@wg0")).stdout.trim();
/** Whether alice gets an answer of another node through the mesh. */
const reaches = async (address: string): Promise<boolean> =>
    (await run(["tools/node", "lab/main.ts", "exec", "alice", "--", "ping", "-c2", "-W3", address])).code === 0;

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
    before = files.map((path) => readFileSync(path, "utf8"));
});
afterAll(async () => {
    files.forEach((path, i) => {
        writeFileSync(path, before[i]!);
    });
    await another();
    await must(["npm", "run", "-s", "up"]);
});

test("a dead node comes back on another machine, with new keys, and no tunnel of the others restarts", async () => {
    const [old, started] = [await publicKey(), await since("gematria")];
    await another();
    const stranger = await fleet("up");
    expect([stranger.code, stranger.text]).toEqual([
        1,
        expect.stringContaining("alice (192.168.8.11:22) shows another"),
    ]);
    const replaced = await fleet("replace", "alice", "--yes");
    note("replace.txt", `${replaced.text}\n${replaced.seconds} s`);
    expect([replaced.code, replaced.text]).toEqual([
        0,
        expect.stringContaining("alice is back, and all its pairs answer"),
    ]);
    console.log(/alice is back.*/.exec(replaced.text)![0]);
    expect(await publicKey()).not.toBe(old);
    expect(await peersOf("gematria")).not.toContain(old);
    expect(await since("gematria")).toBe(started);
    expect((await fleet("up")).text).toMatch(/ 0 changed, /);
});

test("what a stolen node holds is good for nothing", async () => {
    const stolen = await publicKey();
    expect([await reaches("10.44.0.1"), await reaches("10.44.0.12")]).toEqual([true, true]);
    const revoked = await fleet("revoke", "alice", "--yes-revoke", "dev");
    note("revoke.txt", revoked.text);
    expect([revoked.code, revoked.text]).toEqual([0, expect.stringContaining("alice has left")]);
    for (const node of ["cecilia", "gematria"]) expect(await peersOf(node)).not.toContain(stolen);
    // It still has its files, and its interface is up.
    expect(await publicKey()).toBe(stolen);
    expect([await reaches("10.44.0.1"), await reaches("10.44.0.12")]).toEqual([false, false]);
    expect((await fleet("up")).text).toMatch(/ 0 changed, /);
});
