import { hardwareOf } from "../../components/node/hardware";
import { Failure } from "./failure";
import type { Target } from "./probe";
import type { Finished } from "./process";
import { sshRunPinned, type Login } from "./ssh";
import { clockTolerance } from "./status-facts";

/** What a machine says about itself when it is added. */
export interface Machine {
    /** `root`, `ok`, `password` (sudo asks for one) or `missing`. */
    readonly sudo: string;
    /** `ok`, or why Python is not good enough. */
    readonly python: string;
    /** ID and VERSION_ID of os-release(5). */
    readonly os: string;
    readonly osVersion: string;
    readonly osName: string;
    /** `yes` on Raspberry Pi OS, which calls itself debian; pi-gen leaves /etc/rpi-issue on it. */
    readonly raspberry: string;
    /** Whether systemd runs it. */
    readonly systemd: string;
    /** Seconds since 1970. */
    readonly clock: number;
    /** Debian's name of the architecture. */
    readonly arch: string;
    /** Main memory in bytes, as the kernel counts it. */
    readonly memory: number;
    readonly pageSize: number;
    /** Name of the board or product, when it has one. */
    readonly model: string;
}

/** Where a machine is asked; `shown` says it in words, when a door of this computer leads there. */
type Asked = Omit<Login, "knownHosts"> & Pick<Target, "shown">;

/** Milliseconds for a login and all questions; a Pi with a slow card takes its time. */
const patience = 30_000;

/**
 * Logs in with the agent's keys, the host key pinned, and asks.
 * @throws Failure with what to do when there is no way in
 */
export async function askMachine(target: Asked, key: string): Promise<Machine> {
    // The login shell may be anything: the questions go to sh.
    const answer = await sshRunPinned(target, key, "sh -s", questions, patience);
    if (answer.code !== 0) throw new Failure(loginProblem(target, answer));
    return parseMachine(answer.stdout);
}

/** Why a login failed, with what to do, in one line. */
export function loginProblem({ node, address, user, port, shown }: Asked, answer: Finished): string {
    const place =
        shown === undefined ? `${user}@${address}${port === 22 ? "" : ` (port ${port})`}` : `${user}@${shown}`;
    const [line = ""] = answer.stderr.trim().split("\n").slice(-1);
    if (answer.code === 137)
        return `${node}: ${place} did not answer the questions in ${patience / 1000} s. Log in by hand and look.`;
    if (line.includes("Permission denied") || line.includes("Too many authentication failures")) {
        const copy = shown === undefined ? `: ssh-copy-id ${port === 22 ? "" : `-p ${port} `}${user}@${address}` : ".";
        return `${node}: ${place} refuses the agent's keys. Is it another user? Add --user NAME. Else put your key into its authorized_keys${copy}`;
    }
    return `${node}: the login as ${place} failed: ${line === "" ? `ssh ended with ${answer.code}` : line}`;
}

/** POSIX sh that prints `key=value` lines; runs as the login user and changes nothing. */
export const questions = `
export LC_ALL=C
if [ "$(id -u)" = 0 ]; then echo sudo=root
elif ! command -v sudo >/dev/null 2>&1; then echo sudo=missing
elif sudo -n true </dev/null >/dev/null 2>&1; then echo sudo=ok
else echo sudo=password; fi
if ! command -v python3 >/dev/null 2>&1; then echo "python=python3 is not installed"
else python3 -I -c 'import sys
if sys.version_info < (3, 9): print("python=python3 is " + sys.version.split()[0] + ", older than 3.9")
else:
    try:
        import fcntl, hashlib, json, shutil, sqlite3, ssl, subprocess, tarfile, urllib.request
        print("python=ok")
    except ImportError as error: print("python=python3 is incomplete: " + str(error))' 2>/dev/null || echo "python=python3 does not run"; fi
( . /etc/os-release 2>/dev/null; echo "os=$ID"; echo "osVersion=$VERSION_ID"; echo "osName=$PRETTY_NAME" )
if [ -e /etc/rpi-issue ]; then echo raspberry=yes; else echo raspberry=no; fi
if [ -d /run/systemd/system ]; then echo systemd=yes; else echo systemd=no; fi
echo "clock=$(date +%s)"
echo "arch=$(dpkg --print-architecture 2>/dev/null || uname -m)"
echo "memory=$(sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo)"
echo "pageSize=$(getconf PAGESIZE)"
for file in /proc/device-tree/model /sys/class/dmi/id/product_name; do
    if [ -r "$file" ]; then echo "model=$(tr -d '\\000' < "$file")"; break; fi
done
`;

/** Reads the answers to `questions`; what a login shell prints around them is passed over. */
export function parseMachine(text: string): Machine {
    const said = Object.fromEntries(
        text.split("\n").flatMap((line) => {
            const match = /^([A-Za-z]+)=(.*)$/.exec(line);
            return match?.[1] === undefined ? [] : [[match[1], (match[2] ?? "").trim()]];
        }),
    ) as Record<string, string | undefined>;
    return {
        sudo: said["sudo"] ?? "missing",
        python: said["python"] ?? "python3 does not run",
        os: said["os"] ?? "",
        osVersion: said["osVersion"] ?? "",
        osName: said["osName"] ?? "",
        raspberry: said["raspberry"] ?? "",
        systemd: said["systemd"] ?? "",
        clock: Number(said["clock"] ?? Number.NaN),
        arch: said["arch"] ?? "",
        memory: Number(said["memory"] ?? Number.NaN) * 1024,
        pageSize: Number(said["pageSize"] ?? Number.NaN),
        model: said["model"] ?? "",
    };
}

/** Systems the roles are made for; Raspberry Pi OS (64 bit) calls itself debian. */
const systems: Readonly<Record<string, readonly string[]>> = { debian: ["12", "13"], ubuntu: ["24.04"] };

/** Everything about a machine that would make `up` fail, each in one line with what to do. `now`: seconds since 1970. */
export function machineProblems(machine: Machine, user: string, now: number): string[] {
    const off = Math.round(machine.clock - now);
    const visudo = `echo '${user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/${user} && chmod 440 /etc/sudoers.d/${user}`;
    const python = machine.python.includes("incomplete") ? "python3-full" : "python3";
    return [
        ...(machine.sudo === "password" ? [`sudo asks ${user} for a password. As root on the machine: ${visudo}`] : []),
        ...(machine.sudo === "missing"
            ? [`sudo is not installed. As root on the machine: apt install sudo && ${visudo}`]
            : []),
        ...(machine.python === "ok" ? [] : [`${machine.python}. On the machine: apt install ${python}`]),
        ...(systems[machine.os]?.includes(machine.osVersion) === true
            ? []
            : [
                  `it runs ${machine.osName === "" ? "an unknown system" : machine.osName}, which is not supported. Install Debian 12 or 13, Raspberry Pi OS (64 bit) or Ubuntu 24.04.`,
              ]),
        ...(machine.systemd === "no"
            ? ["it is not run by systemd. Install a system that is (no container without it)."]
            : []),
        ...(Math.abs(off) <= clockTolerance
            ? []
            : [
                  `its clock is ${Math.abs(off)} s ${off < 0 ? "behind" : "ahead"}. On the machine: timedatectl set-ntp true (or timedatectl set-time).`,
              ]),
        ...(machine.arch === "amd64" || machine.arch === "arm64"
            ? []
            : [`its architecture is ${machine.arch}. Install a 64-bit system (amd64 or arm64).`]),
    ];
}

/** Sizes of memory that machines are sold with, in GiB. */
const sizes = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024];

/**
 * The hardware profile of a machine: a board that is known by its name, else ARCH-MEMORYgb. Memory is rounded up to a
 * size that is sold: the kernel never counts all of it (a Pi 5 with 8 GB reports 7.6 GiB).
 */
export function proposeHardware({ arch, memory, model }: Pick<Machine, "arch" | "memory" | "model">): string {
    const gib = memory / 2 ** 30;
    const size = sizes.find((candidate) => candidate >= gib) ?? Math.ceil(gib);
    const pi = /^Raspberry Pi (\d)/.exec(model)?.[1];
    const spark = /DGX[ _]Spark/i.test(model) ? "dgx-spark" : undefined;
    const board = pi === undefined ? spark : `pi${pi}-${size}gb`;
    return board !== undefined && hardwareOf(board) !== undefined ? board : `${arch}-${size}gb`;
}

/** The operating system as the inventory spells it: `debian-13`, `raspberry-pi-os-13`. */
export function proposeOs({ os, osVersion, raspberry }: Pick<Machine, "os" | "osVersion" | "raspberry">): string {
    return `${os === "debian" && raspberry === "yes" ? "raspberry-pi-os" : os}-${osVersion}`;
}
