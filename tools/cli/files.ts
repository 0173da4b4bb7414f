import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { InventoryError } from "../../components/fleet/errors";
import { readLock, writeLock, type Lock } from "../../components/fleet/lock";

/** Replaces a file at once: a reader sees the old text or the new one. */
export function writeWhole(file: string, text: string, mode = 0o644): void {
    const staged = `${file}.new`;
    writeFileSync(staged, text, { mode });
    renameSync(staged, file);
}

/** A text file, or nothing when there is none. */
export function readIfThere(file: string): string | undefined {
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** Gives something a private folder, which is gone when that is done. */
export async function withFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), "fleet-"));
    try {
        return await act(folder);
    } finally {
        rmSync(folder, { recursive: true });
    }
}

/**
 * Changes a lock file, read anew, and writes it.
 * @throws InventoryError when it cannot be read
 */
export function updateLock(file: string, change: (lock: Lock) => Lock): void {
    const { lock, problems } = readLock(relative(process.cwd(), file), readIfThere(file));
    if (problems.length > 0) throw new InventoryError(problems);
    writeWhole(file, writeLock(change(lock)));
}
