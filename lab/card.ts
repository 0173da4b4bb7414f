import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { artifactFile } from "./artifacts";
import { layersOf, place, trustLab, writeBase } from "./disk";
import { machineDirectory } from "./paths";
import { RESOLV_CONF } from "./plan";

/** Where cloud-init looks for a seed that is not on a partition of its own. */
export const SEED = "/var/lib/cloud/seed/nocloud";

/**
 * Gives a machine that is off a new disk: Debian with cloud-init, never booted, and a card's files as its seed. It has no
 * host key and no user who logs in.
 */
export function insertCard(name: string, card: string): void {
    const folder = machineDirectory(name);
    const base = artifactFile("droplet", "root");
    const disk = layersOf(folder, base);
    place(disk, "/etc/machine-id", `${randomBytes(16).toString("hex")}\n`, 0o444);
    place(disk, "/etc/resolv.conf", RESOLV_CONF, 0o644);
    place(disk, "/etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${name}\n::1 localhost ip6-localhost\n`, 0o644);
    trustLab(disk);
    for (const file of readdirSync(card)) place(disk, `${SEED}/${file}`, readFileSync(join(card, file)), 0o600);
    writeBase(folder, base);
}
