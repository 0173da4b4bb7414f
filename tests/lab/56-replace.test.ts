import { X509Certificate } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { machineDirectory } from "../../lab/paths";
import { ACME_HOST } from "../../lab/plan";
import { ACME_MANAGEMENT_PORT } from "../../lab/services";
import { fleet, lab, must, note, on, operator, root, run, until, withInventory } from "./support";

const files = ["dev.yaml", "dev.lock.yaml"].map((name) => resolve(root, "stacks", name));
const devText = readFileSync(files[0]!, "utf8");
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

/** What the CA says of a certificate: "Valid" or "Revoked". */
async function statusOf(serial: string): Promise<string> {
    const url = `https://${ACME_HOST}:${ACME_MANAGEMENT_PORT}/cert-status-by-serial/${serial.toLowerCase()}`;
    const { text } = await operator(["curl", "-sS", "--fail-with-body", url]);
    return (JSON.parse(text) as { Status: string }).Status;
}

/** Asks the CA in the name of a key's account to end a certificate; "done", or what the CA says. */
async function askToEnd(key: string, certificate: string): Promise<string> {
    const program = `
        const { AcmeAccount } = require("./tools/cli/acme");
        const { key, der } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
        AcmeAccount.find("https://${ACME_HOST}/dir", key)
            .then((account) => account.revoke(Buffer.from(der, "base64")))
            .then(() => console.log("done"), (error) => console.log(error.message));`;
    const input = JSON.stringify({ key, der: new X509Certificate(certificate).raw.toString("base64") });
    return (await operator(["tools/node", "-e", program], { input })).text.trim();
}

/** The fleet without what gematria alone can serve: names on the internet. */
const withoutEdge: [string, string][] = [
    [/^edge:\n[\s\S]*?(?=^models:)/m.exec(devText)![0], ""],
    ["  gateway: { public: ai.dev.example }\n", ""],
    [/^accept:\n[\s\S]*/m.exec(devText)![0], ""],
];

test("the CA has revoked what a stolen edge had of it, and takes the key of its account no more", async () => {
    const show = (pattern: string): Promise<string> =>
        on("gematria", "sh", "-c", `cat /var/lib/caddy/${pattern}`).then(({ stdout }) => stdout);
    await until("a certificate", 60, () => show("certificates/*/ai.dev.example/*.crt").then(Boolean, () => false));
    const [chain, key] = [await show("certificates/*/ai.dev.example/*.crt"), await show("acme/*/users/*/*.key")];
    const { serialNumber } = new X509Certificate(chain);
    expect((await fleet("status")).code).toBe(0);
    expect(await statusOf(serialNumber)).toBe("Valid");
    await withInventory(withoutEdge, async () => {
        const revoked = await fleet("revoke", "gematria", "--yes-revoke", "dev");
        note("revoke-edge.txt", revoked.text);
        expect([revoked.code, revoked.text]).toEqual([
            0,
            expect.stringContaining("The CA has revoked the certificates of ai.dev.example that gematria had"),
        ]);
    });
    expect([await statusOf(serialNumber), await askToEnd(key, chain)]).toEqual([
        "Revoked",
        expect.stringContaining("unauthorized"),
    ]);
});
