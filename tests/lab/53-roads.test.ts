import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { lab, must, note, on, place, root, run, type Result } from "./support";

/*
 * Two operators on two networks: one beside alice and cecilia at home, one on the internet who reaches them through gematria
 * or, when that is silent, through anastasia.
 */

const file = resolve(root, "stacks/dev.yaml");
const files = [file, resolve(root, "stacks/dev.lock.yaml"), resolve(root, "stacks/dev.known_hosts")];
let before: string[] = [];
const ways = "via: [gematria, anastasia]";

const as = (who: "operator" | "roamer", ...args: string[]): Promise<Result> =>
    run(place(who, "./fleet", "-s", "dev", ...args));

/** Whether a run of `up` found nothing to do, anywhere. */
const unchanged = ({ code, text }: Result): [number, boolean] => [code, text.includes("All well. 0 changed")];

beforeAll(async () => {
    await must(["npm", "run", "-s", "up"]);
    before = files.map((path) => readFileSync(path, "utf8"));
    await lab("power", "on", "anastasia");
    await must(place("operator", "./fleet", "-s", "dev", "add", "anastasia", "203.0.113.11", "--yes"));
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replaceAll(/^( {2}(?:alice|cecilia): .*) \}$/gm, `$1, ${ways} }`));
    const up = await as("operator", "up");
    note("roads-first.txt", up.text);
    expect(up.code).toBe(0);
});

afterAll(async () => {
    const text = readFileSync(file, "utf8");
    writeFileSync(
        file,
        text.replaceAll(/^( {2}(?:anastasia|crate): .*) \}$/gm, "$1, leaving: true }").replaceAll(`, ${ways}`, ""),
    );
    note("roads-leave.txt", (await as("operator", "up")).text);
    files.forEach((path, i) => {
        writeFileSync(path, before[i]!);
    });
    for (const machine of ["anastasia", "crate"]) await lab("power", "off", machine);
});

test("two operators on two roads, in turn, change nothing; what one changes the other finds done", async () => {
    const away = await as("roamer", "up");
    note("roads-roamer.txt", away.text);
    expect(unchanged(away)).toEqual([0, true]);
    const text = readFileSync(file, "utf8");
    const changed = text.replace("X-Content-Type-Options: nosniff", "X-Content-Type-Options: nosniff, X-Road: two");
    // The whole fleet, cecilia too, over a bastion: her incarnation sends everything again.
    writeFileSync(file, changed.replace("address: 192.168.8.11,", "address: 192.168.8.11, incarnation: 2,"));
    const sent = await as("roamer", "up");
    note("roads-sent.txt", sent.text);
    expect([sent.code, /alice +changed/.test(sent.text)]).toEqual([0, true]);
    expect(unchanged(await as("operator", "up"))).toEqual([0, true]);
    writeFileSync(file, text);
});

test("a machine in a home is added from the internet, known by the key that the bastion's LAN shows, and joins", async () => {
    await lab("power", "on", "crate");
    const added = await as("roamer", "add", "crate", "192.168.8.21", "--location", "home", "--via", "alice", "--yes");
    note("roads-add.txt", added.text);
    expect([added.code, readFileSync(file, "utf8")]).toEqual([0, expect.stringMatching(/^ {2}crate: .*via: alice/m)]);
    const key = (await on("crate", "cut", "-d ", "-f2", "/etc/ssh/ssh_host_ed25519_key.pub")).stdout.trim();
    expect(readFileSync(files[2]!, "utf8")).toContain(`crate ssh-ed25519 ${key}`);
    const up = await as("roamer", "up");
    note("roads-joined.txt", up.text);
    expect([up.code, up.text]).toEqual([0, expect.stringMatching(/crate +changed/)]);
    expect(unchanged(await as("operator", "up"))).toEqual([0, true]);
});

test("with the bastion's sshd frozen or its power cut, the second one is taken", async () => {
    for (const [fault, mend] of [
        [
            ["freeze", "gematria"],
            ["thaw", "gematria"],
        ],
        [
            ["power", "cut", "gematria"],
            ["power", "on", "gematria"],
        ],
    ] as const) {
        await lab(...fault);
        const status = await as("roamer", "status", "alice").finally(() => lab(...mend));
        note(`roads-${fault[0]}.txt`, `${status.text}\n${status.seconds} s`);
        expect(status.text).toMatch(/alice +ok +answers in/);
        const answered = Number(/answers in ([\d.]+) s/.exec(status.text)![1]);
        console.log(`${fault.join(" ")}: alice answers through anastasia after ${answered} s`);
        expect(answered).toBeLessThan(10);
    }
});

test("without any way the node is named, with what was tried", async () => {
    await lab("power", "cut", "alice");
    const status = await as("roamer", "status", "alice");
    note("roads-none.txt", status.text);
    expect(status.code).toBe(1);
    expect(status.text).toMatch(/alice +no answer.*192\.168\.8\.11:22.*through gematria.*through anastasia/);
    await lab("power", "on", "alice");
});

test("a stranger at the same address in another LAN is passed by", async () => {
    const address = ["192.168.8.11/32", "dev", "lo"];
    await must(["ip", "-n", "se-roamer", "address", "add", ...address]);
    const stranger = spawn("ip", ["netns", "exec", "se-roamer", process.execPath, "-e", strangersSshd]);
    try {
        await once(stranger.stdout, "data");
        const hostname = await as("roamer", "ssh", "alice", "--", "hostname");
        note("roads-stranger.txt", hostname.text);
        expect([hostname.stdout.trim(), hostname.code]).toEqual(["alice", 0]);
    } finally {
        stranger.kill();
        await must(["ip", "-n", "se-roamer", "address", "del", ...address]);
    }
});

/** Shows anastasia's host key at alice's address. */
const strangersSshd = `
    const { connect, createServer } = require("node:net");
    const server = createServer((near) => {
        const far = connect(22, "203.0.113.11");
        for (const end of [near, far]) end.on("error", () => [near, far].map((each) => each.destroy()));
        near.pipe(far).pipe(near);
    });
    server.listen(22, "192.168.8.11", () => console.log("open"));`;
