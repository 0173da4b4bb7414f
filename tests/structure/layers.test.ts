import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const files = (readdirSync(join(root, "components"), { recursive: true }) as string[])
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join("components", file));

/** What a file imports, as paths of this repository or names of packages; type-only imports are left out on request. */
function importsOf(file: string, withTypes: boolean): string[] {
    const text = readFileSync(join(root, file), "utf8");
    return [...text.matchAll(/^import (type )?(?:[^;"]*? from )?"([^"]+)";/gms)]
        .filter(([, type]) => withTypes || type === undefined)
        .map(([, , target]) =>
            target!.startsWith(".") ? `${relative(root, resolve(root, dirname(file), target!))}.ts` : target!,
        );
}

const isResources = (file: string): boolean => file.endsWith("/resources.ts");
/** Layers in order: a file may use its own and those before it. */
const layers = ["schema.ts", "plan.ts", "render.ts", "resources.ts"];
const layerOf = (file: string): number => layers.findIndex((layer) => file.endsWith(`/${layer}`));

test("there is something to look at", () => {
    expect(files.length).toBeGreaterThan(25);
    expect(importsOf("components/mesh/resources.ts", true)).toContain("@pulumi/pulumi");
});

test("only resources.ts knows Pulumi", () => {
    const offenders = files.filter(
        (file) => !isResources(file) && importsOf(file, true).some((name) => name.startsWith("@pulumi/")),
    );
    expect(offenders).toEqual([]);
});

test("only converge/resources.ts makes commands", () => {
    const offenders = files.filter((file) => /new remote\.|new command\./.test(readFileSync(join(root, file), "utf8")));
    expect(offenders).toEqual(["components/converge/resources.ts"]);
});

test("schema → plan → render → resources: nobody uses a later layer", () => {
    // fleet/plan.ts is where the concepts meet: it calls their renders.
    const offenders = files
        .filter((file) => layerOf(file) >= 0 && file !== "components/fleet/plan.ts")
        .flatMap((file) =>
            importsOf(file, false)
                .filter((target) => layerOf(target) > layerOf(file))
                .map((target) => `${file} uses ${target}`),
        );
    expect(offenders).toEqual([]);
});

test("no decision waits for the engine: nothing is registered inside a callback", () => {
    const offenders = files.filter((file) =>
        /\.apply\((?:[^()]|\([^()]*\))*\bnew (?:\w+\.)?[A-Z]\w*\(/s.test(readFileSync(join(root, file), "utf8")),
    );
    expect(offenders).toEqual([]);
});

test("every exported function, type and class says what it is", () => {
    const undocumented = files.flatMap((file) =>
        [
            ...readFileSync(join(root, file), "utf8").matchAll(
                /(\/\*\*(?:(?!\*\/).)*\*\/\n)?^export (?:abstract )?(?:function|interface|type|class|const) (\w+)/gms,
            ),
        ]
            .filter(([, comment]) => comment === undefined)
            .map(([, , name]) => `${file}: ${name!}`),
    );
    expect(undocumented).toEqual([]);
});
