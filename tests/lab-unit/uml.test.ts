import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MACHINES, OPERATORS, ROUTERS, SERVICES } from "../../lab/plan";
import { identify, isAlive, signal } from "../../lab/processes";
import type { ProcessId } from "../../lab/processes";
import { baseOfChanges } from "../../lab/uml/disk";
import {
    PACKAGES_ADDRESS,
    RIG_ADDRESS,
    addressCommands,
    addressOf,
    cableOf,
    hardwareAddressOf,
    identityFiles,
    kernelArguments,
    networkCommands,
    plugCommands,
} from "../../lab/uml/plan";
import { killGroup, membersOf, whileStill } from "../../lab/uml/power";

const numbers = Array.from({ length: 200 }, (_, number) => number);
const start = {
    name: "alice",
    number: 0,
    memory: 512,
    base: "/cache/root.ext4",
    identity: "0123456789abcdef",
    modules: "/cache/modules",
};
const keys = { host: "PRIVATE", hostPublic: "ssh-ed25519 AAAA root@alice\n", operator: "ssh-ed25519 BBBB operator\n" };

describe("a rig's plan", () => {
    test("no two machines share an address, a card or a cable", () => {
        for (const of of [addressOf, hardwareAddressOf, cableOf])
            expect(new Set([...numbers.map(of), RIG_ADDRESS, PACKAGES_ADDRESS]).size).toBe(numbers.length + 2);
    });

    test("the network keeps its card, whichever machines are on, and none of them has the same", () => {
        const card = /link add bridge address (\S+) /.exec(networkCommands())?.[1];
        expect(card).toMatch(/^02(:[0-9a-f]{2}){5}$/);
        expect(numbers.map(hardwareAddressOf)).not.toContain(card);
    });

    test("its addresses are none of the other lab's, and for documentation", () => {
        const others = [
            ...MACHINES.map(({ address }) => address),
            ...OPERATORS.map(({ address }) => address),
            ...Object.values(ROUTERS).flatMap(({ lan, wan }) => [lan, wan]),
            ...Object.values(SERVICES),
        ].map((address) => address.split(".").slice(0, 3).join("."));
        const own = `${networkCommands()}${plugCommands(3)}${addressCommands(3)}`.match(/\d+\.\d+\.\d+(?=\.\d+)/g)!;
        expect(new Set(own)).toEqual(new Set(["198.51.100"]));
        expect(others).not.toContain("198.51.100");
    });

    test("names of links fit into a kernel's 15 characters", () => {
        expect(numbers.filter((number) => cableOf(number).length > 15)).toEqual([]);
    });

    test("the kernel is told sizes, disk and cable, and no path that is long", () => {
        const args = kernelArguments({ ...start, number: 4, memory: 384 });
        expect(args).toEqual(
            expect.arrayContaining(["mem=384M", "ubd0=disk.cow,/cache/root.ext4", "uml_dir=.", "umid=alice"]),
        );
        expect(args.join(" ")).toContain("ifname=uml4");
    });

    test("an identity keeps its private key from others, and the administrator's file is his", () => {
        const files = identityFiles({ name: "alice", number: 0, id: "0".repeat(32) }, keys);
        expect(files.filter(({ text }) => text.includes("PRIVATE"))).toEqual([
            { path: "etc/ssh/ssh_host_ed25519_key", text: "PRIVATE", mode: 0o600 },
        ]);
        expect(files.filter(({ admin }) => admin)).toEqual([
            { path: "home/admin/.ssh/authorized_keys", text: keys.operator, mode: 0o600, admin: true },
        ]);
    });
});

test("the file system under a disk's changes is read from their header", () => {
    const file = join(mkdtempSync(join(tmpdir(), "uml-")), "disk.cow");
    const header = Buffer.alloc(8192);
    header.write("OOOM", 0);
    header.write("/cache/root.ext4", 32);
    writeFileSync(file, header);
    expect(baseOfChanges(file)).toBe("/cache/root.ext4");
});

(process.platform === "linux" ? describe : describe.skip)("a group of processes", () => {
    const started: number[] = [];

    afterEach(() => {
        for (const pid of started.splice(0)) signal(-pid, "SIGKILL");
    });

    /** A leader with a child, both of which count aloud. */
    async function group(): Promise<{ leader: ProcessId; grow: () => Promise<void> }> {
        const program = "import os, time\nos.fork()\nwhile True:\n    os.write(1, b'.')\n    time.sleep(0.01)";
        const child = spawn("python3", ["-I", "-c", program], { detached: true });
        started.push(child.pid!);
        const leader = identify(child.pid!)!;
        const grow = (): Promise<void> => new Promise((done) => child.stdout.once("data", done));
        while (membersOf(leader).length < 2) await grow();
        return { leader, grow };
    }

    test("is killed whole", async () => {
        const { leader } = await group();
        const members = membersOf(leader).map(({ pid }) => identify(pid)!);
        expect(members.length).toBeGreaterThan(1);
        killGroup(leader);
        expect(members.filter(isAlive)).toEqual([]);
        killGroup(leader);
    });

    test("of a number that has gone to others is left alone", async () => {
        const { leader } = await group();
        killGroup({ pid: leader.pid, started: "1" });
        expect(isAlive(leader)).toBe(true);
        killGroup(leader);
    });

    test("stands still, and goes on", async () => {
        const { leader, grow } = await group();
        const states = (): string[] => membersOf(leader).map(({ state }) => state);
        expect(whileStill(leader, states)).toEqual(["T", "T"]);
        await grow();
        expect(states()).not.toContain("T");
    });
});
