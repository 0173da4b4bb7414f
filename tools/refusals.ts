import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { formatProblems, InventoryError } from "../components/fleet/errors";
import { loadInventory } from "../components/fleet/load";
import { filesBeside } from "../components/fleet/stack";

/** What is said of an inventory, as the fixtures under tests/reject have it beside them. */
function said(file: string): string {
    const text = readFileSync(file, "utf8");
    try {
        const fleet = /^fleet: (\S+)/m.exec(text)?.[1] ?? "home";
        const { warnings } = loadInventory(fleet, basename(file), text, filesBeside(file));
        return warnings.length === 0 ? "" : formatProblems(warnings);
    } catch (error) {
        if (error instanceof InventoryError) return error.message;
        throw error;
    }
}

// `tools/node tools/refusals.ts FILE.yaml…` writes FILE.txt for each; read what it wrote before you commit it.
for (const file of process.argv.slice(2)) {
    const text = `${said(file)}\n`;
    writeFileSync(file.replace(/\.yaml$/, ".txt"), text);
    process.stdout.write(`== ${file}\n${text}`);
}
