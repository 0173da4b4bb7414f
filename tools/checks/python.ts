import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { artifactFile } from "../../lab/artifacts";
import { run, type Outcome } from "./run";

/**
 * Runs the tests of converge.py with every Python it is made for: the oldest and the newest, each in its own Debian, and the host's, which also
 * notes the lines that ran. usage: python.ts FOLDER, the one with the Python environment's programs.
 */
const root = resolve(__dirname, "../..");
const pytest = ["-m", "pytest", "--strict-markers"];
/** All tests; of the hostile inputs, which the check `hostile` has in full, enough to see that no Python takes them otherwise. */
const all = ["tests/converge", "--ignore=tests/converge/hostile/test_agreement.py"];
const few = { HOSTILE_PARSED: "5000", HOSTILE_MACHINES: "15" };

/** The releases of Debian that bring the oldest and the newest Python. */
const releases: readonly string[] = ["debian-11", "debian-13"];

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
async function onHost(
    name: string,
    argv: readonly string[],
    settings: Readonly<Record<string, string>>,
): Promise<Outcome> {
    const files = scratch();
    try {
        return await run(name, ["env", `TMPDIR=${files}`, ...assignments(settings), ...argv], root);
    } finally {
        rmSync(files, { recursive: true, force: true });
    }
}

/** On the host, with the lines noted in .lab/coverage; what was noted before goes. */
function counted(python: string): Promise<Outcome> {
    const notes = join(root, ".lab/coverage");
    rmSync(notes, { recursive: true, force: true });
    mkdirSync(notes, { recursive: true });
    const coverage = [join(python, "coverage"), "run", "--rcfile=tests/converge/coverage.ini"];
    return onHost("host", [...coverage, `--data-file=${notes}/lines`, ...pytest, ...all], few);
}

/** In a Debian of its own that sees this clone, read-only, and no network. */
function inRelease(python: string, release: string): Promise<Outcome> {
    const container = [
        ...["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--as-pid2", "--pipe", "--private-network"],
        ...["-D", artifactFile(release, "root"), "--read-only", "--tmpfs=/tmp:mode=1777", "--chdir=/srv"],
        ...[`--bind-ro=${root}:/srv`, `--bind-ro=${resolve(python, "../portable")}:/opt`],
        ...assignments({ PYTHONPATH: "/opt", PYTHONDONTWRITEBYTECODE: "1", ...few }).map((it) => `--setenv=${it}`),
    ];
    return run(
        release,
        [...container, "/usr/bin/python3", ...pytest, "-p", "no:cacheprovider", "tests/converge"],
        root,
    );
}

function assignments(settings: Readonly<Record<string, string>>): string[] {
    return Object.entries(settings).map(([name, value]) => `${name}=${value}`);
}

async function main([python = ""]: readonly string[]): Promise<void> {
    const others = releases.map((release) => inRelease(python, release));
    const outcomes = await Promise.all([counted(python), ...others]);
    for (const { output } of outcomes) console.log(output);
    process.exitCode = outcomes.every(({ code }) => code === 0) ? 0 : 1;
}

void main(process.argv.slice(2));
