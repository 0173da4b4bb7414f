import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { codes } from "../../components/fleet/codes";
import { said } from "../../tools/refusals";

const folder = (name: string): string => resolve(__dirname, "..", name);
const inventories = (name: string): string[] =>
    (readdirSync(folder(name), { recursive: true }) as string[]).filter((file) => file.endsWith(".yaml")).sort();

const rejected = inventories("reject");
const texts = rejected.map((file) => readFileSync(join(folder("reject"), file.replace(/yaml$/, "txt")), "utf8"));

test.each(rejected.map((file, index) => [file, texts[index]!] as const))("tests/reject/%s", (file, expected) => {
    expect(`${said(join(folder("reject"), file))}\n`).toBe(expected);
});

test.each(inventories("accept"))("tests/accept/%s", (file) => {
    expect(said(join(folder("accept"), file))).toBe("");
});

test("every code that an inventory alone can bring up has a fixture", () => {
    // What lies beside the inventory (lock, host keys, secrets), and what a machine is, is not in a fixture.
    const beside = ["SE005", "SE040", "SE041", "SE042", "SE043", "SE044", "SE045", "SE129"];
    const seen = new Set(texts.flatMap((text) => text.match(/\bSE\d{3}\b/g) ?? []));
    expect(Object.keys(codes).filter((code) => !seen.has(code) && !beside.includes(code))).toEqual([]);
});
