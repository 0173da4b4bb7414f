import { program } from "../../converge/command";
import type { Role } from "../../converge/schema";
import type { Machine } from "../plan";
import { aptBases, deb822, type AptBase } from "./systems";

const wanted = "/etc/sovereign-edge/apt-bases.json";

/**
 * The part of the role `base` that holds a vendor's package sources against what the image came with: a source of our own
 * beside it, with another key, would have apt refuse both. Nothing on systems whose distribution brings all.
 */
export function renderBases(machine: Pick<Machine, "os" | "profile"> | undefined): Pick<Role, "files" | "checks"> {
    const bases = machine === undefined ? [] : aptBases(machine);
    if (bases.length === 0) return {};
    const entries = Object.fromEntries(bases.map((base) => [base.name, entryOf(base)]));
    return {
        files: {
            [wanted]: { mode: "0644", owner: "root:root", text: `${JSON.stringify(entries, undefined, 1)}\n` },
        },
        checks: { "apt-bases": { argv: ["/usr/bin/python3", "-I", program, "apt-bases", wanted], within: 1 } },
    };
}

function entryOf(base: AptBase): object {
    const { uri, keyrings, fingerprint = "" } = base;
    return { uri, keyrings, fingerprint, source: deb822(base).trimEnd().split("\n") };
}
