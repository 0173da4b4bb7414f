import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labNamespaces, namespacesMounted } from "./network";
import { CLONE, RUN } from "./paths";

const RECORD = join(RUN, "owner.json");

/** Who has the lab, and what the host looked like before. */
export interface Owner {
    readonly clone: string;
    readonly since: string;
    /** Whether the host had its directory of named network namespaces mounted. */
    readonly namespacesMounted: boolean;
}

/** The owner; undefined when the lab is down. */
export function owner(): Owner | undefined {
    return existsSync(RECORD) ? (JSON.parse(readFileSync(RECORD, "utf8")) as Owner) : undefined;
}

/**
 * Makes sure that no other clone has the lab.
 * @throws Error naming the clone that has it.
 */
export function refuseIfForeign(): void {
    const current = owner();
    if (current === undefined || current.clone === CLONE) return;
    const way = existsSync(current.clone)
        ? "Run `npm run down` there first."
        : "That clone is gone: `npm run lab -- down --orphan` takes the lab down.";
    throw new Error(`The lab is in use by ${current.clone} (since ${current.since}). ${way}`);
}

/**
 * Takes possession of the lab for this clone.
 * @throws Error when another clone has it, or when something else uses its names.
 */
export function takePossession(): void {
    refuseIfForeign();
    if (owner() !== undefined) return;
    const strangers = labNamespaces();
    if (strangers.length > 0) {
        throw new Error(
            `Network namespaces with the lab's names exist, but no lab owns them: ${strangers.join(", ")}. Remove them with \`ip netns delete NAME\`.`,
        );
    }
    mkdirSync(RUN, { recursive: true, mode: 0o755 });
    const record: Owner = {
        clone: CLONE,
        since: new Date().toISOString().slice(0, 19).replace("T", " "),
        namespacesMounted: namespacesMounted(),
    };
    writeFileSync(RECORD, JSON.stringify(record));
}

/**
 * Makes sure that the lab is up, and this clone's.
 * @throws Error saying what to do.
 */
export function requireUp(): void {
    refuseIfForeign();
    if (owner() === undefined) throw new Error("The lab is down. Start it with `npm run lab -- up`.");
}
