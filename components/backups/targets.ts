import type { Inventory } from "../fleet/schema";

/** An entry of `backups` that says where copies go. */
export type BackupTarget = Extract<NonNullable<Inventory["backups"]>[string], { to: string }>;

/** The entries that are targets, by name: all but `restore-test`, which is a time. */
export function backupTargets({ backups = {} }: Pick<Inventory, "backups">): [string, BackupTarget][] {
    return Object.entries(backups).flatMap(([name, entry]): [string, BackupTarget][] =>
        typeof entry === "object" ? [[name, entry]] : [],
    );
}

/** Host of `sftp://` and `rest://`, without user and port; nothing for another kind of target. */
export function backupHost(to: string): string | undefined {
    return /^(?:sftp|rest):\/\/(?:[^@/]*@)?([^/:]+)/.exec(to)?.[1];
}
