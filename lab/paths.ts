import { join } from "node:path";

/** The clone this lab belongs to. */
export const CLONE = join(__dirname, "..");
/** Disks and generated files of this clone's lab; git-ignored. */
export const DISKS = join(CLONE, ".lab");
/** Logs of services and consoles of machines. */
export const LOGS = join(DISKS, "log");
/** What only lives while the lab is up: sockets, process records, who owns it. */
export const RUN = "/run/sovereign-edge-lab";
/** Lock of the verbs that change something; beside RUN, because `down` removes that. */
export const LOCK = "/run/sovereign-edge-lab.lock";
/** Trust anchors for clients: the lab's own and every root that the ACME server has had since the disks exist. */
export const BUNDLE = join(RUN, "ca-bundle.pem");
/** Socket of the ssh-agent that holds the operator's key. */
export const AGENT = join(RUN, "agent.sock");
/** Pinned host keys of the machines, by name; written for the program. */
export const KNOWN_HOSTS = join(CLONE, "stacks", "dev.known_hosts");

/** Public keys that new droplets let in: the operator's; written for the program. */
export const AUTHORIZED_KEYS = join(CLONE, "stacks", "dev.authorized_keys");

/** Folder of a machine's disk. */
export function machineDirectory(name: string): string {
    return join(DISKS, "machines", name);
}

/** Folder of a machine's run-time records. */
export function machineRun(name: string): string {
    return join(RUN, "machines", name);
}
