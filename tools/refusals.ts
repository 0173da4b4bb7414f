import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { formatProblems, InventoryError } from "../components/fleet/errors";
import { loadInventory } from "../components/fleet/load";
import { filesBeside } from "../components/fleet/stack";

/**
 * What is said of an inventory: its refusal, or the warnings that it stands with. `# today: 2026-11-21` in it is the day
 * that it is read on.
 */
export function said(file: string): string {
    const text = readFileSync(file, "utf8");
    const [, fleet = "home"] = /^fleet: "?([^\s"]+)/m.exec(text) ?? [];
    const [, today] = /^# today: (\S+)/m.exec(text) ?? [];
    const around = { read: filesBeside(file), ...(today === undefined ? {} : { today }) };
    try {
        const { warnings } = loadInventory(fleet, basename(file), text, around);
        return warnings.length === 0 ? "" : formatProblems(warnings);
    } catch (error) {
        if (error instanceof InventoryError) return error.message;
        throw error;
    }
}

// `tools/node tools/refusals.ts FILE.yaml…` writes FILE.txt for each; read what it wrote before you commit it.
if (require.main === module) {
    for (const file of process.argv.slice(2)) {
        const text = `${said(file)}\n`;
        writeFileSync(file.replace(/\.yaml$/, ".txt"), text);
        process.stdout.write(`== ${file}\n${text}`);
    }
}
