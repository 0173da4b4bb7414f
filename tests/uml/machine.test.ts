import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { inNetworkNamespaces } from "../../lab/processes";
import { cutWhen, cutWhileBooting } from "../../lab/uml/cut-when";
import { consoleOf, isOn } from "../../lab/uml/handle";
import type { UmlMachine } from "../../lab/uml/handle";
import { boot, cut, makeMachine, remountReadOnly, restore, shutDown, snapshot } from "../../lab/uml/machine";
import { closeRig, networkOf, openRig } from "../../lab/uml/rig";
import type { Rig } from "../../lab/uml/rig";
import { exec } from "../../lab/uml/ssh";

// The kernel of these machines is a program for PCs only.
const pc = process.arch === "x64" ? describe : describe.skip;

/** Writes a file, and with `sync` makes sure that it is on the disk; as a program that means it would. */
const WRITE = `import os, sys
def write(path, text, sync):
    with open(path, "w") as file:
        file.write(text)
        file.flush()
        if sync: os.fsync(file.fileno())
    if sync:
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        os.fsync(folder)
def at(point):
    print("at", point, flush=True)
    sys.stdin.read()
    import signal; signal.pause()
`;

const python = (program: string): string => `python3 -c '${WRITE}${program}'`;
/** What of these files a machine has. */
const filesOf = async (machine: UmlMachine): Promise<string> =>
    (await exec(machine, "cd /home/admin && ls kept lost 2>/dev/null; cat kept lost 2>/dev/null", { check: false }))
        .stdout;

/** How often the kernel found a file system that nobody had unmounted. */
const recoveries = (machine: UmlMachine): number =>
    readFileSync(consoleOf(machine), "utf8").match(/EXT4-fs \(ubda\): recovery complete/g)?.length ?? 0;

/** Processes that hold something of a folder: their directory, their program's arguments. */
function usersOf(folder: string): number[] {
    return readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
        .filter((pid) => {
            try {
                return (
                    readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) ||
                    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder)
                );
            } catch {
                return false;
            }
        })
        .map(Number);
}

pc("a machine", () => {
    let rig: Rig;
    let alice: UmlMachine;
    const image = (): string => join(rig.folder, "cut-disk");

    beforeAll(async () => {
        rig = openRig();
        alice = makeMachine(rig, "alice");
        await boot(alice);
    });

    afterAll(() => {
        closeRig(rig);
    });

    test("runs systemd, with a user who is root without a password", async () => {
        const { stdout } = await exec(
            alice,
            "sudo id -u; hostname; systemctl is-system-running; df -m --output=size /",
        );
        expect(stdout.split(/\s+/).slice(0, 3)).toEqual(["0", "alice", "running"]);
        expect(Number(stdout.trim().split(/\s+/).at(-1))).toBeGreaterThan(1900);
    });

    test("has nftables, WireGuard and modules to load", async () => {
        await exec(alice, "sudo nft add table inet seen && sudo nft list tables | grep -q seen");
        await exec(alice, "sudo ip link add wg0 type wireguard && sudo wg show wg0 && sudo modprobe dummy");
    });

    test("keeps through a cut what was synced, and loses what was written in the same moment and was not", async () => {
        const program = python(
            'write("/home/admin/kept", "synced", True); write("/home/admin/lost", "written", False); print(open("/home/admin/lost").read()); at(7)',
        );
        const seen = await cutWhen(alice, program, /^at 7$/m);
        // It had been there for everybody to read.
        expect(seen).toBe("written\nat 7\n");
        expect(isOn(alice)).toBe(false);
        snapshot(alice, image());
        await boot(alice);
        expect(await filesOf(alice)).toBe("kept\nsynced");
        expect(recoveries(alice)).toBe(1);
    });

    test("goes on while its disk is kept as a cut would leave it", async () => {
        const kept = join(rig.folder, "running-disk");
        await exec(
            alice,
            python('write("/home/admin/kept", "again", True); write("/home/admin/lost", "again", False)'),
        );
        snapshot(alice, kept);
        expect(await filesOf(alice)).toBe("kept\nlost\nagainagain");
        const bob = makeMachine(rig, "bob", { from: kept });
        await boot(bob);
        expect(await filesOf(bob)).toBe("kept\nagain");
        expect((await exec(bob, "hostname; sudo ping -c 1 -W 5 198.51.100.11 >/dev/null && echo met")).stdout).toBe(
            "bob\nmet\n",
        );
        cut(bob);
    });

    test("is cut when a detached program or the boot says so on the console, and starts from a kept disk", async () => {
        const program = "sudo systemd-run --quiet sh -c 'echo at 9 >/dev/console; sleep infinity'";
        expect(await cutWhen(alice, program, "at 9", { watch: "console" })).toContain("at 9");
        expect(isOn(alice)).toBe(false);
        expect(await cutWhileBooting(alice, "Starting")).toContain("Starting");
        expect(isOn(alice)).toBe(false);
        restore(alice, image());
        await boot(alice);
        expect(await filesOf(alice)).toBe("kept\nsynced");
    });

    test("keeps its power when the point to cut at is never reached", async () => {
        await expect(cutWhen(alice, "echo at 3; exit 4", "at 5")).rejects.toThrow(/did not come to at 5(.|\n)*at 3/);
        await expect(cutWhen(alice, "sleep 60", "at 5", { seconds: 1 })).rejects.toThrow(/within 1 s/);
        await exec(alice, "true");
    });

    test("is known by its host key alone", async () => {
        const pinned = join(alice.folder, "known_hosts");
        const right = readFileSync(pinned, "utf8");
        const other = readFileSync(join(rig.folder, "operator.pub"), "utf8").split(" ")[1]!;
        writeFileSync(pinned, `${alice.address} ssh-ed25519 ${other}\n`);
        const refused = await exec(alice, "true", { fresh: true, check: false });
        writeFileSync(pinned, right);
        expect([refused.code, refused.stderr]).toEqual([255, expect.stringContaining("Host key verification failed")]);
        await exec(alice, "true", { fresh: true });
    });

    test("leaves a clean disk when it is shut down", async () => {
        const before = recoveries(alice);
        await shutDown(alice);
        await boot(alice);
        expect(recoveries(alice)).toBe(before);
    });
});

pc("a small disk", () => {
    let rig: Rig;
    let carol: UmlMachine;

    beforeAll(async () => {
        rig = openRig();
        carol = makeMachine(rig, "carol", { disk: 512, memory: 384 });
        await boot(carol);
    });

    afterAll(() => {
        closeRig(rig);
    });

    test("has the size that was asked for", async () => {
        const { stdout } = await exec(carol, "df -m --output=size / | tail -n 1; free -m");
        expect(Number(/\d+/.exec(stdout)?.[0])).toBeGreaterThan(400);
        expect(Number(/\d+/.exec(stdout)?.[0])).toBeLessThan(512);
        expect(Number(/Mem:\s+(\d+)/.exec(stdout)?.[1])).toBeLessThan(384);
    });

    test("can be full, for root too", async () => {
        await exec(carol, "sudo fallocate -l $(df --output=avail -B1 / | tail -1) /fill");
        const { code, stderr } = await exec(carol, "sudo sh -c 'head -c 5000000 /dev/zero >/more'", { check: false });
        expect([code, stderr]).toEqual([1, expect.stringContaining("No space left on device")]);
        await exec(carol, "sudo rm /fill /more && sudo sh -c 'echo room >/more'");
    });

    test("can be read-only until the next start", async () => {
        await remountReadOnly(carol);
        const touched = await exec(carol, "sudo touch /touched", { check: false });
        expect([touched.code, touched.stderr]).toEqual([1, expect.stringContaining("Read-only file system")]);
        cut(carol);
        await boot(carol);
        await exec(carol, "sudo touch /touched");
    });
});

pc("a rig", () => {
    test("leaves no process, network, mount or file", async () => {
        const rig = openRig();
        const machine = makeMachine(rig, "dave");
        const network = statSync(networkOf(rig)).ino;
        await boot(machine);
        await exec(machine, "true");
        expect(inNetworkNamespaces(new Set([network])).length).toBeGreaterThan(1);
        closeRig(rig);
        expect(inNetworkNamespaces(new Set([network]))).toEqual([]);
        expect(usersOf(rig.folder)).toEqual([]);
        expect(readFileSync("/proc/self/mounts", "utf8")).not.toContain(rig.folder);
        expect(existsSync(rig.folder)).toBe(false);
    });

    test("whose owner was killed goes when the next one opens", async () => {
        const root = resolve(__dirname, "../..");
        const program = `
            const { openRig, networkOf } = require("./lab/uml/rig"), { makeMachine, start } = require("./lab/uml/machine");
            const rig = openRig();
            start(makeMachine(rig, "erin"));
            console.log(JSON.stringify({ folder: rig.folder, network: require("fs").statSync(networkOf(rig)).ino }));
            setInterval(() => {}, 1000);`;
        const child = spawn("node", ["--require", "./tools/register.js", "-e", program], { cwd: root });
        const line = await new Promise<string>((done) =>
            child.stdout.once("data", (text: Buffer) => {
                done(String(text));
            }),
        );
        const { folder, network } = JSON.parse(line) as { folder: string; network: number };
        const gone = new Promise((done) => child.once("close", done));
        child.kill("SIGKILL");
        await gone;
        expect(usersOf(folder).length).toBeGreaterThan(0);
        closeRig(openRig());
        expect([inNetworkNamespaces(new Set([network])), usersOf(folder)]).toEqual([[], []]);
        expect(existsSync(folder)).toBe(false);
    });
});
