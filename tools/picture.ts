import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadInventory } from "../components/fleet/load";
import { drawFleet } from "../components/fleet/picture/draw";

const root = resolve(__dirname, "..");

/** The generated pictures of the documents: file → the text that it should have. `dev-fleet.svg` is drawn by hand. */
export function pictures(): Record<string, string> {
    const file = "stacks/blackroad.yaml";
    const { inventory, design } = loadInventory("blackroad", file, readFileSync(resolve(root, file), "utf8"));
    return { "docs/pictures/blackroad.svg": drawFleet(inventory, design) };
}

if (require.main === module) {
    for (const [file, text] of Object.entries(pictures())) writeFileSync(resolve(root, file), text);
}
