import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const RECIPES = join(__dirname, "builds");

/** What `lab/build` makes: a folder of `lab/builds/` with a `build.sh`, and about how long it takes on two cores, in seconds. */
export interface Recipe {
    readonly name: string;
    readonly seconds: number;
    /** Another recipe whose result this one starts from. */
    readonly base?: string;
}

/** In the order they are built: what the machines need first, the long compilation last. */
export const RECIPES_IN_ORDER: readonly Recipe[] = [
    { name: "debian-13", seconds: 50 },
    { name: "droplet", seconds: 30, base: "debian-13" },
    { name: "uml", seconds: 20, base: "debian-13" },
    { name: "uml-kernel", seconds: 240 },
    { name: "debian-11", seconds: 40 },
    { name: "pebble", seconds: 5 },
    { name: "caddy", seconds: 60 },
    { name: "gemma3", seconds: 30 },
    { name: "llama.cpp", seconds: 420 },
];

/** The user's cache directory of this project; shared by all clones. */
export function cacheDirectory(): string {
    return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "sovereign-edge");
}

/** The folder of a recipe. */
export function recipeDirectory(name: string): string {
    return resolve(RECIPES, name);
}

/** Name of the recipe that this one starts from. */
export function baseOf(name: string): string | undefined {
    return RECIPES_IN_ORDER.find((recipe) => recipe.name === name)?.base;
}

/** A key that changes with every input of a recipe: its files, those of the one it starts from, and the processor they build for. */
export function recipeKey(name: string): string {
    const hash = createHash("sha256").update(process.arch);
    const base = baseOf(name);
    if (base !== undefined) hash.update(recipeKey(base));
    for (const file of readdirSync(recipeDirectory(name)).sort()) {
        hash.update(`\0${file}\0`).update(readFileSync(join(recipeDirectory(name), file)));
    }
    return hash.digest("hex").slice(0, 12);
}

/** Where the result of a recipe lies. The directory appears in one rename when it is complete, so that its existence is the stamp. */
export function artifactDirectory(name: string): string {
    return join(cacheDirectory(), "lab", `${name}-${recipeKey(name)}`);
}

/**
 * A file of a result.
 * @throws Error when it has not been built.
 */
export function artifactFile(name: string, file: string): string {
    const path = join(artifactDirectory(name), file);
    if (!existsSync(path))
        throw new Error(`${name} has not been built (${path} is missing). Run \`tools/setup --lab\`.`);
    return path;
}
