import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
    chmodSync,
    copyFileSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { artifactDirectory } from "../../../lab/artifacts";
import type { Role } from "../../../components/converge/schema";
import { must, run, until, type Result, type RunOptions } from "../support";
import type { RawNode } from "./raw";

const sshd = `HostKey /far/host
AuthorizedKeysFile /far/login.pub
StrictModes no
UsePAM no
LogLevel VERBOSE
Subsystem sftp internal-sftp
# Whoever has more than two logins going on at once is turned away.
MaxStartups 2:100:2
`;

/** A run of the stand-in: verb, role, and the port that the connection came from. */
export interface FarRun {
    readonly verb: string;
    readonly role: string;
    readonly from: string;
}

/**
 * The sshd of Debian 13 with a stand-in for converge.py behind it, in a network namespace of its own, and another
 * namespace where the engine stands: what happens on a connection can be staged, and no machine of the lab is needed.
 */
export class FarSide {
    private readonly children: ChildProcess[] = [];
    private readonly near = `se-near-${process.pid}`;
    private readonly far = `se-far-${process.pid}`;

    private constructor(readonly folder: string) {}

    /** @param ports one sshd, and thus one node, for each */
    static async make(ports: readonly number[]): Promise<FarSide> {
        const side = new FarSide(mkdtempSync(join(tmpdir(), "far-")));
        await side.connect();
        await side.startAgent();
        await Promise.all(ports.map((port) => side.startSshd(port)));
        return side;
    }

    /** Runs a command where the engine stands. */
    readonly start = (argv: readonly string[], options: RunOptions = {}): Promise<Result> => {
        const env = { ...options.env, SSH_AUTH_SOCK: join(this.folder, "agent") };
        return run(["ip", "netns", "exec", this.near, ...argv], { ...options, env });
    };

    /** The node behind a port. */
    node(port: number, roles: Readonly<Record<string, Role>>): RawNode {
        const hostKey = this.read("host.pub").split(" ").slice(0, 2).join(" ");
        return { address: "198.51.100.2", port, user: "root", hostKey, road: 20_000 + port, roles };
    }

    /** What the stand-in does with the roles that have to be confirmed, one after the other; then it confirms. */
    plan(port: number, ...steps: readonly ("arm" | "fail" | "hang-up" | "vanish")[]): void {
        writeFileSync(join(this.folder, String(port), "plan"), steps.map((step) => `${step}\n`).join(""));
    }

    /** What the stand-in was asked to do since the last time. */
    runs(port: number): FarRun[] {
        const file = join(this.folder, String(port), "runs");
        const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
        rmSync(file, { force: true });
        return lines.map((line) => {
            const [verb = "", role = "", from = ""] = line.split(" ");
            return { verb, role, from };
        });
    }

    /** Seconds since the node behind a port vanished. */
    gone(port: number): number {
        return Date.now() / 1000 - Number(this.read(`${port}/vanished`));
    }

    /** What an sshd logged so far. */
    log(port: number): string {
        return this.read(`${port}/log`);
    }

    /** The command that cuts the cable, without a word to either end. */
    get cutting(): string[] {
        const rules = "add table ip gone; add chain ip gone in { type filter hook input priority 0; policy drop; }";
        return ["ip", "netns", "exec", this.far, "nft", rules];
    }

    /** Makes the far side answer again, the node behind every port. */
    async mend(): Promise<void> {
        await must(["ip", "netns", "exec", this.far, "nft", "flush ruleset"]);
    }

    /** Starts a program on the far side's network, beside the sshd. */
    spawnFar(argv: readonly string[]): ChildProcess {
        const child = spawn("ip", ["netns", "exec", this.far, ...argv], { stdio: ["ignore", "pipe", "inherit"] });
        this.children.push(child);
        return child;
    }

    /** Ends everything and takes the namespaces away. */
    async dispose(): Promise<void> {
        for (const child of this.children) {
            if (child.exitCode !== null || child.signalCode !== null) continue;
            child.kill("SIGKILL");
            await once(child, "exit");
        }
        for (const name of [this.near, this.far]) {
            const { stdout } = await run(["ip", "netns", "pids", name]);
            for (const pid of stdout.split("\n").filter((line) => line !== "")) process.kill(Number(pid), "SIGKILL");
            await run(["ip", "netns", "del", name]);
        }
        rmSync(this.folder, { recursive: true, force: true });
    }

    private async connect(): Promise<void> {
        for (const name of [this.near, this.far]) {
            await must(["ip", "netns", "add", name]);
            await must(["ip", "-n", name, "link", "set", "lo", "up"]);
        }
        const peer = ["type", "veth", "peer", "name", "eth0", "netns", this.far];
        await must(["ip", "link", "add", "eth0", "netns", this.near, ...peer]);
        for (const [name, address] of [
            [this.near, "198.51.100.1/24"] as const,
            [this.far, "198.51.100.2/24"] as const,
        ]) {
            await must(["ip", "-n", name, "addr", "add", address, "dev", "eth0"]);
            await must(["ip", "-n", name, "link", "set", "eth0", "up"]);
        }
    }

    private async startAgent(): Promise<void> {
        for (const name of ["host", "login"])
            await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(this.folder, name)]);
        const socket = join(this.folder, "agent");
        this.children.push(spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" }));
        const add = (): Promise<Result> =>
            run(["ssh-add", "-q", join(this.folder, "login")], { env: { SSH_AUTH_SOCK: socket } });
        await until("the SSH agent", 10, async () => (await add()).code === 0);
    }

    private async startSshd(port: number): Promise<void> {
        const folder = join(this.folder, String(port));
        mkdirSync(folder);
        copyFileSync(resolve(__dirname, "far-python3.sh"), join(this.folder, "python3"));
        chmodSync(join(this.folder, "python3"), 0o755);
        writeFileSync(join(folder, "config"), `Port ${port}\nPidFile none\n${sshd}`);
        // The base image under a layer that goes with the process: mounts are seen by nobody else.
        const script = `set -e; mount -t tmpfs none /mnt; cd /mnt; mkdir up work root
mount -t overlay overlay -o lowerdir="$1",upperdir=up,workdir=work root
mkdir -p root/far root/run/sshd; mount --bind "$2" root/far; mount --rbind /dev root/dev; mount -t proc proc root/proc
cp "$2/python3" root/usr/local/bin/python3
exec chroot root /usr/sbin/sshd -D -f "/far/$3/config" -E "/far/$3/log"`;
        const base = join(artifactDirectory("debian-13"), "root");
        this.spawnFar(["unshare", "-m", "sh", "-c", script, "sh", base, this.folder, String(port)]);
        await until(`sshd on ${port}`, 10, () =>
            Promise.resolve(existsSync(join(folder, "log")) && this.log(port).includes("listening on")),
        );
    }

    private read(name: string): string {
        return readFileSync(join(this.folder, name), "utf8");
    }
}
