import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { artifactFile } from "../../lab/artifacts";
import { run, type Outcome } from "./run";

/**
 * Runs the tests of converge.py with every Python it is made for: the oldest and the newest, each in its own Debian, and the host's. The newest
 * also notes the lines that ran, which costs it next to nothing. usage: python.ts FOLDER, the one with the Python environment's programs.
 */
const root = resolve(__dirname, "../..");
const notes = ".lab/coverage";
/** Enough hostile inputs to see that no Python takes them otherwise; the check `hostile` has them all. */
const few = { HOSTILE_PARSED: "5000", HOSTILE_MACHINES: "15" };
const most = [
    "tests/converge",
    "--ignore=tests/converge/hostile/test_agreement.py",
    "--ignore=tests/converge/test_real_apt.py",
    "--ignore=tests/converge/crash",
];
/** A test that takes longer shows where each of its threads stands, in seconds; nothing else tells where one hangs. */
const patience = "faulthandler_timeout=120";
const tests = ["-m", "pytest", "--strict-markers", "-p", "no:cacheprovider", "-o", patience, ...most];

/** A release of Debian, and the Python that it brings. */
interface Release {
    readonly name: string;
    readonly python: string;
    /** What is run with it. */
    readonly argv: readonly string[];
}

const releases: readonly Release[] = [
    { name: "debian-11", python: "3.9", argv: tests },
    {
        name: "debian-13",
        python: "3.13",
        argv: [
            "-m",
            "coverage",
            "run",
            "--rcfile=tests/converge/coverage.ini",
            `--data-file=/srv/${notes}/lines`,
            ...tests,
        ],
    },
];

/** Where files are made and removed at once: in memory, for waiting for a disk would be most of the tests' time. */
function scratch(): string {
    const memory = "/dev/shm";
    try {
        return mkdtempSync(join(memory, "converge-"));
    } catch {
        return mkdtempSync(join(tmpdir(), "converge-"));
    }
}

/** On the host. */
async function onHost(python: string): Promise<Outcome> {
    const files = scratch();
    try {
        return await run(
            "host",
            ["env", ...assignments({ TMPDIR: files, ...few }), join(python, "python"), ...tests],
            root,
        );
    } finally {
        rmSync(files, { recursive: true, force: true });
    }
}

/** In a Debian of its own that sees this clone, read-only but for the noted lines, and no network. */
function inRelease(folder: string, { name, python, argv }: Release): Promise<Outcome> {
    // Where Debian's Python looks for modules, also when it heeds no environment (-I).
    const modules = `/usr/local/lib/python${python}/dist-packages`;
    const container = [
        ...["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--as-pid2", "--pipe", "--private-network"],
        ...["-D", artifactFile(name, "root"), "--read-only", "--tmpfs=/tmp:mode=1777", "--chdir=/srv"],
        ...[`--bind-ro=${root}:/srv`, `--bind=${join(root, notes)}:/srv/${notes}`],
        `--bind-ro=${resolve(folder, "../portable", python)}:${modules}`,
        ...assignments({ PYTHONDONTWRITEBYTECODE: "1", COVERAGE_CORE: "sysmon", ...few }).map((it) => `--setenv=${it}`),
    ];
    return run(name, [...container, "/usr/bin/python3", ...argv], root);
}

function assignments(settings: Readonly<Record<string, string>>): string[] {
    return Object.entries(settings).map(([name, value]) => `${name}=${value}`);
}

async function main([python = ""]: readonly string[]): Promise<void> {
    rmSync(join(root, notes), { recursive: true, force: true });
    mkdirSync(join(root, notes), { recursive: true });
    const outcomes = await Promise.all([onHost(python), ...releases.map((release) => inRelease(python, release))]);
    for (const { output } of outcomes) console.log(output);
    process.exitCode = outcomes.every(({ code }) => code === 0) ? 0 : 1;
}

void main(process.argv.slice(2));
