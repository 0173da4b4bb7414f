import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { artifactFile } from "../../lab/artifacts";
import { run, type Outcome } from "./run";

/**
 * Runs the tests of converge.py with every Python it is made for: the oldest and the newest, each in its own Debian, and the host's, which also notes
 * the lines that ran. usage: python.ts FOLDER, the one with the Python environment's programs.
 */
const root = resolve(__dirname, "../..");
const pytest = ["-m", "pytest", "--strict-markers", "tests/converge"];

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

/** On the host, with the lines noted in .lab/coverage; what was noted before goes. */
async function onHost(python: string): Promise<Outcome> {
    const notes = join(root, ".lab/coverage");
    rmSync(notes, { recursive: true, force: true });
    mkdirSync(notes, { recursive: true });
    const files = scratch();
    const measured = ["run", "--rcfile=tests/converge/coverage.ini", `--data-file=${notes}/lines`, ...pytest];
    try {
        return await run("host", ["env", `TMPDIR=${files}`, join(python, "coverage"), ...measured], root);
    } finally {
        rmSync(files, { recursive: true, force: true });
    }
}

/** In a Debian of its own that sees this clone, read-only, and no network. */
function inRelease(python: string, release: string): Promise<Outcome> {
    const container = [
        ...["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--as-pid2", "--pipe", "--private-network"],
        ...["-D", artifactFile(release, "root"), "--read-only", "--tmpfs=/tmp:mode=1777", "--chdir=/srv"],
        ...[`--bind-ro=${root}:/srv`, `--bind-ro=${resolve(python, "../portable")}:/opt`],
        ...["--setenv=PYTHONPATH=/opt", "--setenv=PYTHONDONTWRITEBYTECODE=1"],
    ];
    return run(release, [...container, "/usr/bin/python3", ...pytest, "-p", "no:cacheprovider"], root);
}

async function main([python = ""]: readonly string[]): Promise<void> {
    const outcomes = await Promise.all([onHost(python), ...releases.map((release) => inRelease(python, release))]);
    for (const { output } of outcomes) console.log(output);
    process.exitCode = outcomes.every(({ code }) => code === 0) ? 0 : 1;
}

void main(process.argv.slice(2));
