import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

/** Compares with a file that people read in reviews; `UPDATE_GOLDEN=1` writes it anew. */
export function expectGolden(name: string, text: string): void {
    const file = resolve(__dirname, "../golden", name);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, text);
    expect(existsSync(file) ? readFileSync(file, "utf8") : "(missing)").toBe(text);
}
