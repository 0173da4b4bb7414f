import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { readDroplets, type RecordedDroplets } from "../droplet/recorded";
import { InventoryError, type PlacedProblem, type Problem } from "./errors";
import { readKnownHosts, type HostKey } from "./known-hosts";
import { loadInventory, sortByPlace, type Loaded } from "./load";
import { readLock, type Lock } from "./lock";
import type { ReadBeside } from "./name-files";
import { readSource } from "./source";
import { stateInClone } from "./state-file";

/** Where the files of a stack are; absolute paths. */
export interface StackFiles {
    readonly inventory: string;
    readonly lock: string;
    readonly knownHosts: string;
    /** Certificate of the fleet's own CA (PEM), written after `up` for clients. */
    readonly ca: string;
    /** Public certificates by node that a CA gave it, read after `up` and by `status`: what `revoke` has the CA end. */
    readonly certificates: string;
    readonly passphrase: string;
    /** Public keys that new droplets let in beside those of `people:`, in the form of authorized_keys. */
    readonly operatorKeys: string;
}

/** A stack's files, read and checked. */
export interface Stack extends Loaded {
    readonly name: string;
    readonly files: StackFiles;
    readonly lock: Lock;
    /** Says where a path of the lock stands. */
    readonly placeInLock: (problem: Problem) => PlacedProblem;
    readonly hostKeys: readonly HostKey[];
    /** Public keys that new droplets let in beside those of `people:`. */
    readonly operatorKeys: readonly string[];
    /** What the state knows of droplets. */
    readonly rented: RecordedDroplets;
    /** Names of the secrets set with `./fleet secret set`; the values are not read here. */
    readonly secretNames: readonly string[];
    /** Path of the CA certificate as it is shown to people: relative to where they stand. */
    readonly shownCa: string;
    /** Text of the gateway's chat page. */
    readonly chatPage: string;
}

/**
 * The files of a stack: `stacks/NAME.*` in the clone; when the inventory stands elsewhere, its companions stand beside it.
 * @param root the clone @param inventory value of the config key `inventory`, empty for the default place
 */
export function stackFiles(root: string, name: string, inventory = ""): StackFiles {
    const file = resolve(root, inventory === "" ? `stacks/${name}.yaml` : inventory);
    const stem = file.replace(/\.ya?ml$/, "");
    return {
        inventory: file,
        lock: `${stem}.lock.yaml`,
        knownHosts: `${stem}.known_hosts`,
        ca: `${stem}.ca.pem`,
        certificates: `${stem}.certificates.json`,
        passphrase: `${stem}.passphrase`,
        operatorKeys: `${stem}.authorized_keys`,
    };
}

/**
 * Reads a stack's inventory, lock and host keys.
 * @param today the day it is, `2026-11-21`; without it nothing is looked at that depends on it
 * @throws InventoryError with every problem of inventory and lock
 */
export function readStack(root: string, name: string, inventory = "", today?: string): Stack {
    const files = stackFiles(root, name, inventory);
    const text = readText(files.inventory);
    const shown = relative(process.cwd(), files.inventory) || files.inventory;
    if (text === undefined) {
        const fix = `Run \`./fleet init ${name}\`, or name another stack with -s.`;
        throw new InventoryError([
            { code: "SE001", path: [], message: "There is no such inventory.", fix, file: shown, line: 1, column: 1 },
        ]);
    }
    const { lock, problems, place } = readLock(relative(process.cwd(), files.lock), readText(files.lock));
    if (problems.length > 0) throw new InventoryError(sortByPlace(problems));
    return {
        ...loadInventory(name, shown, text, {
            read: filesBeside(files.inventory),
            ...(today === undefined ? {} : { today }),
        }),
        name,
        files,
        lock,
        placeInLock: place,
        hostKeys: readKnownHosts(readText(files.knownHosts) ?? ""),
        operatorKeys: (readText(files.operatorKeys) ?? "")
            .split("\n")
            .filter((line) => /^(sk-)?(ssh|ecdsa)-/.test(line)),
        rented: rentedOf(root, name, text),
        secretNames: readSecretNames(readText(resolve(root, `Pulumi.${name}.yaml`))),
        shownCa: relative(process.cwd(), files.ca),
        chatPage: readFileSync(resolve(__dirname, "../models/gateway/chat.html"), "utf8"),
    };
}

/** Gives the files with names that stand beside an inventory. */
export function filesBeside(inventory: string): ReadBeside {
    return (file) => readText(resolve(inventory, "..", file));
}

/** Most fleets rent nothing, and a state may be large. */
function rentedOf(root: string, name: string, inventory: string): RecordedDroplets {
    return /\bdroplet\b/.test(inventory) ? readDroplets(stateInClone(root, name) ?? "{}") : {};
}

function readText(file: string): string | undefined {
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function readSecretNames(text: string | undefined): string[] {
    if (text === undefined) return [];
    const { value } = readSource("", text);
    const config = (value as { config?: Record<string, unknown> } | null | undefined)?.config ?? {};
    return Object.keys(config["sovereign-edge:secrets"] ?? {});
}
