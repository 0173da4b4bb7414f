import { randomBytes } from "node:crypto";
import { artifactFile } from "../artifacts";
import { layersOf, place, trustLab, writeBase } from "../disk";
import { machineDirectory } from "../paths";
import { RESOLV_CONF } from "../plan";
import type { Seed } from "./hypervisor";
import type { Droplet } from "./types";

const SEED = "/var/lib/cloud/seed/nocloud";

/** What cloud-init reads of the provider: JSON is YAML. */
function metadata(droplet: Droplet, keys: readonly string[]): string {
    const data = { "instance-id": String(droplet.id), "local-hostname": droplet.name, "public-keys": keys };
    return `${JSON.stringify(data, undefined, 2)}\n`;
}

/** Makes a droplet's disk: the provider's image, and beside it what cloud-init is to find. It has no host key yet. */
export function makeDropletDisk(droplet: Droplet, { userData, keys }: Seed): void {
    const folder = machineDirectory(droplet.machine);
    const base = artifactFile("droplet", "root");
    const disk = layersOf(folder, base);
    place(disk, "/etc/machine-id", `${randomBytes(16).toString("hex")}\n`, 0o444);
    place(disk, "/etc/resolv.conf", RESOLV_CONF, 0o644);
    place(disk, "/etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${droplet.name}\n::1 localhost ip6-localhost\n`, 0o644);
    trustLab(disk);
    place(disk, `${SEED}/meta-data`, metadata(droplet, keys), 0o600);
    place(disk, `${SEED}/user-data`, userData, 0o600);
    writeBase(folder, base);
}
