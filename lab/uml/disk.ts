import { createHash } from "node:crypto";
import {
    chmodSync,
    chownSync,
    closeSync,
    existsSync,
    mkdirSync,
    openSync,
    readSync,
    rmSync,
    truncateSync,
    writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { artifactFile } from "../artifacts";
import { run } from "../shell";
import { IMAGE_MEGABYTES } from "./plan";
import type { IdentityFile } from "./plan";

/** Number of the first user of a Debian system, and of his group. */
const ADMIN_ID = 1000;

/** Copies a file and keeps its holes; shares the blocks where the file system can. */
export function copySparse(from: string, to: string): void {
    run(["cp", "--sparse=always", "--reflink=auto", "--preserve=timestamps", from, to]);
}

/**
 * The file system that machines lay their changes over. The image itself, or a resized copy of it in `folder`.
 * @param megabytes size of the file system
 * @throws Error when the image has not been built, or does not fit in that size.
 */
export function baseOfSize(megabytes: number, folder: string): string {
    const image = artifactFile("uml", "root.ext4");
    if (megabytes === IMAGE_MEGABYTES) return image;
    const base = join(folder, `root-${megabytes}.ext4`);
    if (existsSync(base)) return base;
    const temporary = `${base}.new`;
    copySparse(image, temporary);
    if (megabytes > IMAGE_MEGABYTES) truncateSync(temporary, megabytes * 1024 * 1024);
    run(["resize2fs", "-f", temporary, `${megabytes}M`]);
    if (megabytes < IMAGE_MEGABYTES) truncateSync(temporary, megabytes * 1024 * 1024);
    run(["mv", temporary, base]);
    return base;
}

function place(stage: string, file: IdentityFile): void {
    const path = join(stage, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.text, { mode: file.mode });
    chmodSync(path, file.mode);
    if (file.admin) {
        chmodSync(dirname(path), 0o700);
        for (const owned of [path, dirname(path)]) chownSync(owned, ADMIN_ID, ADMIN_ID);
    }
}

/** Packs an identity as the disk that a machine's first program reads; returns the name of its contents. */
export function writeIdentity(folder: string, files: readonly IdentityFile[]): string {
    const stage = join(folder, "identity");
    for (const file of files) place(stage, file);
    // Directories only where they are ours; others keep the owner and mode they have on the disk.
    const folders = files.filter(({ admin }) => admin).map(({ path }) => dirname(path));
    const names = [...folders, ...files.map(({ path }) => path)];
    run(["tar", "-cf", join(folder, "identity.tar"), "-C", stage, "--numeric-owner", "--no-recursion", ...names]);
    rmSync(stage, { recursive: true });
    return createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
}

/** Where the header of a copy-on-write file names what it lies over (version 3, arch/um/drivers/cow_user.c). */
const BACKING_FILE = { offset: 32, length: 4096 };

/** The file system that a copy-on-write file lies over. */
export function baseOfChanges(changes: string): string {
    const header = Buffer.alloc(BACKING_FILE.length);
    const file = openSync(changes, "r");
    readSync(file, header, 0, BACKING_FILE.length, BACKING_FILE.offset);
    closeSync(file);
    return header.toString("utf8", 0, header.indexOf(0));
}
