import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RECIPES_IN_ORDER, artifactDirectory, artifactFile, recipeDirectory, recipeKey } from "../../lab/artifacts";
import { DOWNLOADS, catalogue } from "../../lab/downloads";

beforeEach(() => {
    process.env["XDG_CACHE_HOME"] = mkdtempSync(join(tmpdir(), "lab-artifacts-"));
});

test("a key follows every file of a recipe", () => {
    const copy = join(mkdtempSync(join(tmpdir(), "lab-recipe-")), "recipe");
    cpSync(recipeDirectory("pebble"), copy, { recursive: true });
    const before = recipeKey(copy);
    expect(recipeKey(copy)).toBe(before);
    writeFileSync(join(copy, "go.sum"), "other");
    const changed = recipeKey(copy);
    writeFileSync(join(copy, "patch"), "");
    expect(new Set([before, changed, recipeKey(copy)]).size).toBe(3);
});

test("all clones of a user share the results", () => {
    expect(artifactDirectory("caddy")).toMatch(/\/sovereign-edge\/lab\/caddy-[0-9a-f]{12}$/);
});

test("what has not been built is named, with the way to build it", () => {
    expect(() => artifactFile("caddy", "caddy.tar.gz")).toThrow(/caddy has not been built.*tools\/setup --lab/);
});

test("every download comes out of a recipe", () => {
    const recipes = RECIPES_IN_ORDER.map(({ name }) => name);
    for (const { recipe } of DOWNLOADS) expect(recipes).toContain(recipe);
});

test("what has not been built is left out of the catalogue", () => {
    expect(catalogue()).toEqual({ files: {}, redirects: {} });
});
