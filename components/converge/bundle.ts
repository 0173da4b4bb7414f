import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { canonical } from "./canonical";

/** The program as it travels to a node. */
export interface Bundle {
    /** Canonical JSON, file name → text: `converge.py`, the launcher, and `converge/NAME.py`, its modules. */
    readonly text: string;
    /** SHA-256 of the text, in hex. */
    readonly sha256: string;
}

/** Where the bundle stands for the engine to upload, from the folder of Pulumi.yaml: an absolute path would go into the state. */
export const bundleFile = ".state/converge-program.json";

/** Makes a bundle of files, name → text. */
export function bundleOf(files: Readonly<Record<string, string>>): Bundle {
    const text = canonical(files);
    return { text, sha256: createHash("sha256").update(text).digest("hex") };
}

/** The files of the program as the repository has them, name → text. */
export function readProgram(folder = resolve(__dirname, "program")): Record<string, string> {
    const modules = readdirSync(resolve(folder, "converge")).filter((name) => name.endsWith(".py"));
    const names = ["converge.py", ...modules.map((name) => `converge/${name}`)];
    return Object.fromEntries(names.map((name) => [name, readFileSync(resolve(folder, name), "utf8")]));
}

/** Puts a bundle in its place below `folder` when another one, or none, is there; whoever reads it meanwhile sees a whole one. */
export function placeBundle({ text }: Bundle, folder = process.cwd()): void {
    const file = resolve(folder, bundleFile);
    if (read(file) === text) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, text);
    renameSync(`${file}.${process.pid}`, file);
}

function read(file: string): string | undefined {
    try {
        return readFileSync(file, "utf8");
    } catch {
        return undefined;
    }
}
