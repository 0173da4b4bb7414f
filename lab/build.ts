import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import {
    RECIPES_IN_ORDER,
    artifactDirectory,
    artifactFile,
    baseOf,
    cacheDirectory,
    recipeDirectory,
} from "./artifacts";
import type { Recipe } from "./artifacts";
import { withLock } from "./lock";

const REPORT_EVERY_MS = 30_000;

/** Runs one recipe with its output in a log file; resolves to its exit code. */
function runRecipe(name: string, work: string, out: string, log: string): Promise<number> {
    const output = openSync(log, "w");
    const base = baseOf(name);
    const env = {
        ...process.env,
        OUT: out,
        JOBS: String(Math.max(2, cpus().length)),
        ...(base === undefined ? {} : { BASE: artifactFile(base, "") }),
    };
    const child = spawn("nice", ["sh", join(recipeDirectory(name), "build.sh")], {
        cwd: work,
        env,
        stdio: ["ignore", output, output],
    });
    closeSync(output);
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            resolve(code ?? 1);
        });
    });
}

async function build({ name, seconds }: Recipe): Promise<void> {
    const target = artifactDirectory(name);
    if (existsSync(target)) return;
    const temporary = `${target}.new`;
    const log = join(cacheDirectory(), "lab", "log", `${name}.log`);
    const [work, out] = [join(temporary, "work"), join(temporary, "out")];
    rmSync(temporary, { recursive: true, force: true });
    for (const directory of [work, out, join(log, "..")]) mkdirSync(directory, { recursive: true });
    const started = Date.now();
    const elapsed = (): string => `${Math.round((Date.now() - started) / 1000)} s`;
    console.log(`  ${name}: building, about ${seconds} s (log: ${log})`);
    const ticker = setInterval(() => {
        console.log(`  ${name}: still building, ${elapsed()}`);
    }, REPORT_EVERY_MS);
    const code = await runRecipe(name, work, out, log).finally(() => {
        clearInterval(ticker);
    });
    if (code !== 0) {
        const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-15).join("\n");
        throw new Error(`Building ${name} failed with exit code ${code}. The end of ${log}:\n${tail}`);
    }
    renameSync(out, target);
    rmSync(temporary, { recursive: true, force: true });
    console.log(`  ${name}: built in ${elapsed()}`);
}

/** Leaves a note for `lab/build`, which then need not start Node to see that nothing is missing. */
function noteComplete(): void {
    const note = process.env.LAB_BUILD_NOTE;
    const results = RECIPES_IN_ORDER.map(({ name }) => artifactDirectory(name));
    if (note === undefined || !results.every((directory) => existsSync(directory))) return;
    mkdirSync(dirname(note), { recursive: true });
    writeFileSync(note, results.map((directory) => `${directory}\n`).join(""));
}

/** Builds what is missing of the lab's artefacts. Two clones that build at once take turns. */
async function main(): Promise<void> {
    const wanted = process.argv.slice(2);
    const missing = RECIPES_IN_ORDER.filter(
        ({ name }) => (wanted.length === 0 || wanted.includes(name)) && !existsSync(artifactDirectory(name)),
    );
    if (missing.length === 0) {
        noteComplete();
        return;
    }
    if (process.getuid?.() !== 0)
        throw new Error(
            "The lab's artefacts are built as root (the base image needs it). Run `sudo tools/setup --lab`.",
        );
    mkdirSync(join(cacheDirectory(), "lab"), { recursive: true });
    await withLock(join(cacheDirectory(), "lab", "lock"), "another clone is building the lab's artefacts", async () => {
        for (const recipe of missing) await build(recipe);
    });
    noteComplete();
}

main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
