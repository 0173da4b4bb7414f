import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    readdirSync,
    rmSync,
    rmdirSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { artifactFile } from "../artifacts";
import { startDetached } from "../daemon";
import { ensureSshKey } from "../identity";
import { DISKS } from "../paths";
import { end, identify, isAlive } from "../processes";
import type { ProcessId } from "../processes";
import { run, waitFor } from "../shell";
import { killGroup } from "./power";
import { networkCommands } from "./plan";

const RIGS = join(DISKS, "uml");
const NAMESPACE_SECONDS = 10;

/** A network of User-mode Linux machines with everything that belongs to it. It ends with `closeRig`, or when the next rig of this clone opens. */
export interface Rig {
    readonly folder: string;
    /** Process that holds the network namespace. It has no name: no file of the host knows it, and it ends with its last process. */
    readonly network: ProcessId;
    /** Process that opened the rig. */
    readonly owner: ProcessId;
}

/** Argument list that runs a program in the rig's network, and in nothing else of it. */
export function inRig(rig: Rig, argv: readonly string[]): string[] {
    return ["nsenter", `--net=${networkOf(rig)}`, "--", ...argv];
}

/** Path of the rig's network namespace. */
export function networkOf(rig: Rig): string {
    return `/proc/${rig.network.pid}/ns/net`;
}

/** Runs `ip` in the rig's network. @param commands as `ip -batch` reads them */
export function ip(rig: Rig, commands: string): void {
    run(inRig(rig, ["ip", "-batch", "-"]), { input: commands });
}

/** Private SSH key of the one who logs in to the rig's machines. */
export function operatorKeyOf(rig: Rig): string {
    return join(rig.folder, "operator");
}

/** Where a program of the rig notes its process. */
export function recordOf(rig: Rig, name: string): string {
    return join(rig.folder, `${name}.process.json`);
}

/** Records of all programs that were started for the rig and its machines. */
function records(folder: string): ProcessId[] {
    return (readdirSync(folder, { recursive: true }) as string[])
        .filter((file) => file.endsWith("process.json"))
        .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as ProcessId);
}

function networkNamespaceOf(pid: number | "self"): number | undefined {
    return statSync(`/proc/${pid}/ns/net`, { throwIfNoEntry: false })?.ino;
}

function startNetwork(folder: string): ProcessId {
    const holder = startDetached(["unshare", "--net", "--", "sleep", "infinity"], join(folder, "network.log"));
    writeFileSync(join(folder, "network.process.json"), JSON.stringify(holder));
    const apart = (): boolean => {
        const inode = networkNamespaceOf(holder.pid);
        if (inode === undefined || !isAlive(holder))
            throw new Error("This process may not make a network namespace. The lab needs root.");
        return inode !== networkNamespaceOf("self");
    };
    waitFor(apart, NAMESPACE_SECONDS, () => "The rig's network namespace does not come about");
    return holder;
}

/**
 * Opens a rig: a folder for its disks and a network of its own. Rigs whose owner has died are closed on the way.
 * @throws Error when this is not Linux, not root, or nothing has been built.
 */
export function openRig(): Rig {
    artifactFile("uml-kernel", "linux");
    closeOrphans();
    mkdirSync(RIGS, { recursive: true });
    const folder = mkdtempSync(join(RIGS, "rig-"));
    const owner = identify(process.pid);
    if (owner === undefined) throw new Error("/proc does not know this process. The lab needs Linux.");
    const rig = { folder, owner, network: startNetwork(folder) };
    writeFileSync(join(folder, "rig.json"), JSON.stringify(rig));
    ip(rig, networkCommands());
    ensureSshKey(operatorKeyOf(rig), "operator of the rig");
    return rig;
}

/** Ends every process of a rig and removes its files; nothing of it is left. */
export function closeRig(rig: Rig): void {
    close(rig.folder);
}

function close(folder: string): void {
    for (const record of records(folder)) {
        killGroup(record);
        end(record);
    }
    rmSync(folder, { recursive: true, force: true });
    if (existsSync(RIGS) && readdirSync(RIGS).length === 0) rmdirSync(RIGS);
}

/** A process that was killed closes nothing. */
function closeOrphans(): void {
    if (!existsSync(RIGS)) return;
    for (const folder of readdirSync(RIGS).map((name) => join(RIGS, name))) {
        const record = join(folder, "rig.json");
        const owner = existsSync(record) ? (JSON.parse(readFileSync(record, "utf8")) as Rig).owner : undefined;
        if (!isAlive(owner)) close(folder);
    }
}
