import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { clearCloudFaults, cloudJournal, setCloudFault } from "../../lab/cloud/control";
import { api, made, small, withVega, writes } from "./program/cloud";
import { fleet, must, note, on, pulumi, root, type Result } from "./support";

jest.setTimeout(900_000);

const healthy = ["alice", "cecilia", "gematria"];

interface Droplet {
    readonly id: number;
    readonly name: string;
    readonly size_slug: string;
    readonly tags: readonly string[];
}
const droplets = async (): Promise<readonly Droplet[]> =>
    (await api<{ droplets: Droplet[] }>("GET", "/droplets?name=vega")).droplets;
/** The writes to the API that `./fleet up` makes, and how it ends. */
async function up(name: string): Promise<Result & { readonly writes: readonly string[] }> {
    const before = writes().length;
    const result = await fleet("up");
    note(`84-${name}.txt`, result.text);
    return { ...result, writes: writes().slice(before) };
}
const deleted = (calls: readonly string[]): string[] => calls.filter((call) => call.startsWith("DELETE /v2/droplets/"));
const times = (text: string, what: RegExp): number => [...text.matchAll(new RegExp(what, "gm"))].length;

let orphan = 0;
let first = 0;

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
    await withVega(small, "", async () => {
        await fleet("pin");
    });
});
afterAll(async () => {
    await clearCloudFaults();
});

test("30 s of silence and a look-up that fails, and no reserved address: one message each, all others converge, the orphan is named", async () => {
    await setCloudFault({ kind: "silence", on: "POST /v2/droplets" });
    // Whoever looks before, and the provider itself before it asks, get an answer.
    await setCloudFault({ kind: "fail", on: "GET /v2/droplets", after: 2 });
    await setCloudFault({ kind: "fail", on: "POST /v2/reserved_ips", status: 422 });
    await withVega(small, "", async () => {
        const run = await up("silence");
        expect(run.code).not.toBe(0);
        expect(times(run.text, /^ {2}droplet vega: /)).toBe(1);
        expect(times(run.text, /^ {2}address of vega: /)).toBe(1);
        for (const node of healthy) expect(run.text).toMatch(new RegExp(`${node} +changed +.*finish`));
        const [there, ...others] = await droplets();
        expect([made(run.writes), others]).toEqual([1, []]);
        orphan = there!.id;
        expect(run.text).toContain(`A droplet of this fleet's tag that the state does not know: ${orphan}, vega, `);
    });
});

test("while it stands no second one is made, and what failed beside it heals", async () => {
    await withVega(small, "", async () => {
        const run = await up("held");
        expect(run.code).not.toBe(0);
        expect(run.text).toContain("droplet vega: no second one is made while there is one of that name");
        expect(times(run.text, /that the state does not know: /)).toBe(1);
        expect(run.text).toMatch(/vega +failed +not done: /);
        expect([made(run.writes), run.writes]).toEqual([0, expect.arrayContaining(["POST /v2/reserved_ips"])]);
        for (const node of healthy) expect(run.text).toMatch(new RegExp(`${node} +changed +finish`));
    });
    await withVega(small, ", incarnation: 2", async () => {
        const run = await up("held-second");
        expect(run.text).toMatch(/^ {2}droplet vega: no second one is made while there is one of that name/m);
        expect(run.text).not.toMatch(/protect|failed without|preview failed/);
        for (const node of healthy) expect(run.text).toMatch(new RegExp(`${node} +ok`));
        expect([run.code === 0, run.writes]).toEqual([false, []]);
    });
    await api("DELETE", `/droplets/${orphan}`);
});

test("a droplet stuck in `new`: it is noted, nothing else waits, and the next up goes on with it", async () => {
    await setCloudFault({ kind: "stuck" });
    await withVega(small, "", async () => {
        const stuck = await up("stuck");
        expect(stuck.code).not.toBe(0);
        expect(stuck.text).toMatch(/^ {2}droplet vega: make .*`new` still, and not `active` after /m);
        for (const node of healthy) expect(stuck.text).toMatch(new RegExp(`${node} +ok`));
        expect(stuck.text).not.toContain("that the state does not know");
        await clearCloudFaults();
        const run = await up("healed");
        expect([run.code, made([...stuck.writes, ...run.writes])]).toEqual([0, 1]);
        expect(run.text).toMatch(/vega +changed/);
        first = (await droplets())[0]!.id;
    });
});

test("another size, and a name and tags that somebody changed elsewhere, are set right in place", async () => {
    await api("POST", `/droplets/${first}/actions`, { type: "rename", name: "somebody-elses" });
    await api("DELETE", "/tags/sovereign-edge-dev/resources", {
        resources: [{ resource_id: String(first), resource_type: "droplet" }],
    });
    const refreshed = await pulumi("refresh", "--yes", "--skip-preview", "--non-interactive");
    expect([refreshed.code, refreshed.text]).toEqual([0, expect.stringContaining("droplet vega")]);
    await withVega("s-1vcpu-2gb", "", async () => {
        const run = await up("resized");
        expect(run.text).toContain("! resizes vega: is off for a minute or two (s-1vcpu-1gb → s-1vcpu-2gb)");
        expect([run.code, made(run.writes), deleted(run.writes)]).toEqual([0, 0, []]);
        const [vega] = await droplets();
        expect(vega).toMatchObject({ id: first, name: "vega", size_slug: "s-1vcpu-2gb" });
        expect([...vega!.tags].sort()).toEqual(["sovereign-edge-dev", "sovereign-edge-dev-vega"]);
    });
});

test("incarnation 2 is said in words, makes one other machine though its answer is lost, and trusts it by its new key", async () => {
    const pin = (): string => /^vega .*$/m.exec(readFileSync(resolve(root, "stacks/dev.known_hosts"), "utf8"))![0];
    const before = pin();
    await setCloudFault({ kind: "silence", on: "POST /v2/droplets" });
    await withVega("s-1vcpu-2gb", ", incarnation: 2", async () => {
        const run = await up("replaced");
        expect(run.text).toMatch(/! replaces vega: its disk is lost; the reserved IP moves; .*\(incarnation 1 → 2\)/);
        expect([run.code, made(run.writes), deleted(run.writes)]).toEqual([0, 1, [`DELETE /v2/droplets/${first}`]]);
        const [vega, ...others] = await droplets();
        expect([vega!.id === first, others]).toEqual([false, []]);
        expect(run.text).toMatch(/vega +changed/);
        for (const node of healthy) expect(run.text).toMatch(new RegExp(`${node} +ok`));
        expect(pin()).not.toBe(before);
        // The first one has the name in the lab as long as it stands.
        const key = await on(`d${vega!.id}`, "cut", "-d ", "-f1,2", "/etc/ssh/ssh_host_ed25519_key.pub");
        expect(`vega ${key.stdout.trim()}`).toBe(pin());
        const shown = await fleet("ssh", "vega", "--", "hostname");
        expect([shown.code, shown.stdout.trim()]).toEqual([0, "vega"]);
        await expectProtected();
        const again = await up("again");
        expect([again.code, again.writes]).toEqual([0, []]);
    });
});

/** Everything of vega that would be lost is protected again. */
async function expectProtected(): Promise<void> {
    const { stdout } = await pulumi("stack", "export");
    const { deployment } = JSON.parse(stdout) as { deployment: { resources: { urn: string; protect?: boolean }[] } };
    const names = ["droplet vega", "address of vega", "host key of vega"];
    const held = deployment.resources.filter(({ urn }) => names.includes(urn.split("::").at(-1)!));
    expect(held.map(({ protect }) => protect)).toEqual([true, true, true]);
}

test("it leaves, and every answer of the emulator fitted the API's description", async () => {
    await withVega("s-1vcpu-2gb", ", incarnation: 2, leaving: true", async () => {
        expect((await up("left")).text).toMatch(/vega +left/);
    });
    const gone = await up("gone");
    expect(gone.text).toContain("! vega: is given back: its droplet is deleted");
    expect([gone.code, deleted(gone.writes)]).toEqual([0, [expect.any(String)]]);
    expect(await droplets()).toEqual([]);
    expect(cloudJournal().filter(({ mismatch }) => mismatch !== undefined)).toEqual([]);
});
