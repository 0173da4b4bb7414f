import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { ambiguity } from "../../components/fleet/plain-scalars";
import { loadInventory } from "../../components/fleet/load";

const root = resolve(__dirname, "../..");
const yamlIn = (folder: string): string[] =>
    (readdirSync(join(root, folder), { recursive: true }) as string[])
        .filter((file) => file.endsWith(".yaml") && !file.endsWith(".lock.yaml"))
        .map((file) => join(folder, file));
// What is refused as no YAML (SE001) is read by nobody.
const readable = (file: string): boolean => {
    const text = join(root, file.replace(/yaml$/, "txt"));
    return !file.startsWith("tests/reject") || !readFileSync(text, "utf8").includes("SE001");
};
const files = [...yamlIn("stacks"), ...yamlIn("tests/accept"), ...yamlIn("tests/reject").filter(readable)];

/** A reader of YAML 1.1, each text on a line of standard input as JSON; days stay as they were written. */
const program = `
import json, sys, yaml
yaml.SafeLoader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)
for line in sys.stdin:
    try:
        print(json.dumps({"value": yaml.safe_load(json.loads(line))}))
    except yaml.YAMLError as error:
        print(json.dumps({"error": str(error)}))
`;

/** The Python of tools/setup --lab, or the system's when it has PyYAML. */
function python(): string {
    const lab = join(process.env["SOVEREIGN_EDGE_PYTHON"] ?? join(root, ".lab/python/bin"), "python");
    const found = [lab, "python3"].find((name) => spawnSync(name, ["-c", "import yaml"]).status === 0);
    if (found === undefined) throw new Error("No Python with PyYAML: run tools/setup --lab.");
    return found;
}

function readByPython(texts: readonly string[]): { readonly value?: unknown; readonly error?: string }[] {
    const input = texts.map((text) => JSON.stringify(text)).join("\n");
    const { stdout, stderr, status } = spawnSync(python(), ["-c", program], { input, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { value?: unknown; error?: string });
}

const texts = files.map((file) => readFileSync(join(root, file), "utf8"));
const read = readByPython(texts);

test.each(files.map((file, index) => [file, index] as const))("PyYAML finds in %s what we find", (_, index) => {
    expect(read[index]).toEqual({ value: parse(texts[index]!) as unknown });
});

const scalars = [
    ..."yes no on off y n Yes NO On OFF true false True FALSE null ~ Null = <<".split(" "),
    ..."0 1 -1 +1 01 0022 08 0o17 0b11 0x1F -0x1f 0x_1F 1_000 1__0 2_222 1.5 1. .5 -.5 +.5 1e3 1.5e3 1.5e+3 1E5".split(
        " ",
    ),
    ..."02:30 1:2 12:30:45 1:99 20:00.5 1.2.3 10.44.0.0/24 9001-9015 4/hour 15mbit llama3.2:3b".split(" "),
];

const others = readByPython(scalars.map((scalar) => `a: ${scalar}\n`));

test.each(scalars.map((scalar, index) => [scalar, index] as const))(
    "a plain %s is refused or read alike",
    (scalar, index) => {
        const { error, value } = others[index]!;
        const alike =
            error === undefined &&
            Object.is((value as { a: unknown }).a, (parse(`a: ${scalar}\n`) as { a: unknown }).a);
        expect(alike || scalar === "<<" || ambiguity(scalar) !== undefined).toBe(true);
    },
);

test("what readers take differently is refused wherever it stands", () => {
    expect(() => loadInventory("home", "home.yaml", "version: 1\nfleet: home\nnodes: { on: {} }\n")).toThrow(/SE001/);
});
