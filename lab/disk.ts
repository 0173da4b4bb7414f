import { randomBytes } from "node:crypto";
import {
    appendFileSync,
    chmodSync,
    chownSync,
    existsSync,
    mkdirSync,
    readFileSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { artifactFile } from "./artifacts";
import { OPERATOR_KEY, ROOT_CERTIFICATE, ensureSshKey, hostKeyOf } from "./identity";
import { machineDirectory } from "./paths";
import { RESOLV_CONF } from "./plan";
import type { Machine } from "./plan";
import { run } from "./shell";

const ADMIN = "admin";
const TRUST_STORE = "/etc/ssl/certs";

/** A disk being filled: the machine's own layer over the base image. */
export interface Disk {
    readonly base: string;
    readonly upper: string;
}

/** Makes a directory of the upper layer as the base has it: in an overlay the upper one's owner and mode count. */
function ensureParent({ base, upper }: Disk, path: string): void {
    const parent = dirname(path);
    if (existsSync(join(upper, parent))) return;
    ensureParent({ base, upper }, parent);
    const model = statSync(join(base, parent), { throwIfNoEntry: false });
    mkdirSync(join(upper, parent), { mode: model?.mode ?? 0o755 });
    if (model !== undefined) {
        chmodSync(join(upper, parent), model.mode & 0o7777);
        chownSync(join(upper, parent), model.uid, model.gid);
    }
}

/** Writes a file into the machine's layer. */
export function place(disk: Disk, path: string, text: string | Buffer, mode: number): void {
    ensureParent(disk, path);
    writeFileSync(join(disk.upper, path), text);
    chmodSync(join(disk.upper, path), mode);
}

/** Owner of the administrator's home. */
function adminOf(base: string): { uid: number; gid: number } {
    const [, , uid, gid] = (
        readFileSync(join(base, "etc/passwd"), "utf8")
            .split("\n")
            .find((line) => line.startsWith(`${ADMIN}:`)) ?? ""
    ).split(":");
    if (uid === undefined || gid === undefined) throw new Error(`The base image ${base} has no user ${ADMIN}.`);
    return { uid: Number(uid), gid: Number(gid) };
}

function admitOperator(disk: Disk): void {
    const owner = adminOf(disk.base);
    const folder = `/home/${ADMIN}/.ssh`;
    place(disk, `${folder}/authorized_keys`, readFileSync(`${OPERATOR_KEY}.pub`), 0o600);
    chmodSync(join(disk.upper, folder), 0o700);
    for (const path of [folder, `${folder}/authorized_keys`]) chownSync(join(disk.upper, path), owner.uid, owner.gid);
}

/** What update-ca-certificates would do with the lab's root; a later real run of it finds everything in its place. */
export function trustLab(disk: Disk): void {
    const pem = readFileSync(ROOT_CERTIFICATE);
    place(disk, "/usr/local/share/ca-certificates/lab-internet.crt", pem, 0o644);
    place(
        disk,
        `${TRUST_STORE}/ca-certificates.crt`,
        readFileSync(join(disk.base, TRUST_STORE, "ca-certificates.crt")),
        0o644,
    );
    appendFileSync(join(disk.upper, TRUST_STORE, "ca-certificates.crt"), pem);
    symlinkSync("/usr/local/share/ca-certificates/lab-internet.crt", join(disk.upper, TRUST_STORE, "lab-internet.pem"));
    const hash = run(["openssl", "x509", "-noout", "-hash", "-in", ROOT_CERTIFICATE]).trim();
    symlinkSync("lab-internet.pem", join(disk.upper, TRUST_STORE, `${hash}.0`));
}

function name(disk: Disk, machine: Machine): void {
    place(disk, "/etc/hostname", `${machine.name}\n`, 0o644);
    place(
        disk,
        "/etc/hosts",
        `127.0.0.1 localhost\n127.0.1.1 ${machine.name}\n::1 localhost ip6-localhost ip6-loopback\n`,
        0o644,
    );
    place(disk, "/etc/machine-id", `${randomBytes(16).toString("hex")}\n`, 0o444);
    place(disk, "/etc/resolv.conf", RESOLV_CONF, 0o644);
    ensureSshKey(hostKeyOf(machine.name), `root@${machine.name}`);
    place(disk, "/etc/ssh/ssh_host_ed25519_key", readFileSync(hostKeyOf(machine.name)), 0o600);
    place(disk, "/etc/ssh/ssh_host_ed25519_key.pub", readFileSync(`${hostKeyOf(machine.name)}.pub`), 0o644);
}

/** Folders of a machine's disk, as overlay wants them. */
export interface Layers extends Disk {
    readonly work: string;
    readonly root: string;
}

/**
 * The machine's disk, made on first use.
 * @throws Error when the base image that the disk lies over is gone.
 */
export function ensureDisk(machine: Machine): Layers {
    const folder = machineDirectory(machine.name);
    const record = join(folder, "base");
    if (!existsSync(record)) makeDisk(machine, folder, artifactFile("debian-13", "root"));
    const base = readFileSync(record, "utf8");
    if (!existsSync(base))
        throw new Error(
            `The disk of ${machine.name} lies over ${base}, which is gone. Run \`npm run down\` and start anew.`,
        );
    return { base, upper: join(folder, "upper"), work: join(folder, "work"), root: join(folder, "root") };
}

/** Makes the folders of a disk, in place of any that were there. */
export function layersOf(folder: string, base: string): Disk {
    rmSync(folder, { recursive: true, force: true });
    for (const layer of ["upper", "work", "root"]) mkdirSync(join(folder, layer), { recursive: true, mode: 0o755 });
    return { base, upper: join(folder, "upper") };
}

/** Notes what a disk lies over: the last thing, its presence means that the disk is whole. */
export function writeBase(folder: string, base: string): void {
    writeFileSync(join(folder, "base"), base);
}

function makeDisk(machine: Machine, folder: string, base: string): void {
    const disk = layersOf(folder, base);
    name(disk, machine);
    trustLab(disk);
    admitOperator(disk);
    writeBase(folder, base);
}
