/** What a rig of User-mode Linux machines looks like: data and pure functions. */

/** What may differ between two machines. */
export interface MachineOptions {
    /** Its machine-id(5), 32 hex digits; one of its own when left out. A copy of a machine that passes for it has the same. */
    readonly id?: string;
    /** Working memory in megabytes; 512. The host gives only what is touched. */
    readonly memory?: number;
    /** Size of the disk in megabytes; 2048, as the image. At least about 450, or the system does not fit. */
    readonly disk?: number;
    /** A disk that `snapshot` kept; without it the image as Debian leaves it. It brings its own size. */
    readonly from?: string;
    /** Path of a private ed25519 host key, `.pub` beside it; without it the rig makes one. */
    readonly hostKey?: string;
}

/** Size of the image's file system, in megabytes. */
export const IMAGE_MEGABYTES = 2048;
/** User who logs in; sudo asks for no password. */
export const ADMIN = "admin";

const NETWORK = "198.51.100";
/** The rig's own address on its network: where commands come from. */
export const RIG_ADDRESS = `${NETWORK}.1`;
/** Address of the package server, when there is one. */
export const PACKAGES_ADDRESS = `${NETWORK}.3`;
const FIRST_MACHINE = 11;
const PREFIX_LENGTH = 24;

/** Address of a rig's machine. @param number 0 for the first one */
export function addressOf(number: number): string {
    return `${NETWORK}.${FIRST_MACHINE + number}`;
}

/** The network card's address. */
export function hardwareAddressOf(number: number): string {
    return `02:00:00:00:00:${(FIRST_MACHINE + number).toString(16).padStart(2, "0")}`;
}

/** Name of the machine's cable in the rig's network. */
export function cableOf(number: number): string {
    return `uml${number}`;
}

/** Input of `ip -batch` for a rig's network: one segment, no way out. */
export function networkCommands(): string {
    return [
        "link set lo up",
        // A bridge that is not told takes the lowest of its ports' addresses, and a cut machine comes back with another one: for up
        // to a minute the others would send to the address before.
        "link add bridge address 02:00:00:00:00:01 type bridge forward_delay 0",
        `address add ${RIG_ADDRESS}/${PREFIX_LENGTH} dev bridge`,
        `address add ${PACKAGES_ADDRESS}/${PREFIX_LENGTH} dev bridge`,
        "link set bridge up",
        "",
    ].join("\n");
}

/** Input of `ip -batch` that plugs a machine in. The neighbour is written down, or the first packets of a boot would wait for a second. */
export function plugCommands(number: number): string {
    const cable = cableOf(number);
    return [
        `tuntap add dev ${cable} mode tap`,
        `link set ${cable} master bridge up`,
        `neighbour replace ${addressOf(number)} lladdr ${hardwareAddressOf(number)} dev bridge nud permanent`,
        "",
    ].join("\n");
}

/** Input of `ip -batch` on the machine. */
export function addressCommands(number: number): string {
    return [
        "link set lo up",
        `link set vec0 name eth0 address ${hardwareAddressOf(number)}`,
        `address add ${addressOf(number)}/${PREFIX_LENGTH} dev eth0`,
        "link set eth0 up",
        `route add default via ${RIG_ADDRESS}`,
        "",
    ].join("\n");
}

/** What one start of a machine needs to know. */
export interface Start {
    readonly name: string;
    readonly number: number;
    readonly memory: number;
    /** The file system that the disk's changes lie over. */
    readonly base: string;
    /** Name of the identity's contents. */
    readonly identity: string;
    /** Folder of the kernel's modules. */
    readonly modules: string;
}

/** Arguments of the kernel; paths without a slash lie in the machine's folder. */
export function kernelArguments({ name, number, memory, base, identity, modules }: Start): string[] {
    return [
        `mem=${memory}M`,
        `ubd0=disk.cow,${base}`,
        "ubd1r=identity.tar",
        "root=/dev/ubda",
        "rw",
        "init=/usr/local/lib/lab/init",
        `lab_identity=${identity}`,
        `vec0:transport=tap,ifname=${cableOf(number)},depth=128,gro=1`,
        "con=null",
        "con0=null,fd:1",
        "ssl=null",
        "uml_dir=.",
        `umid=${name}`,
        `hostfs=${modules}`,
        "loglevel=7",
        "systemd.show_status=yes",
    ];
}

/** A file of a machine's identity. */
export interface IdentityFile {
    readonly path: string;
    readonly text: string;
    readonly mode: number;
    /** Belongs to the administrator instead of root. */
    readonly admin?: true;
}

/** What makes a machine this one: laid over the disk before its first start. */
export function identityFiles(
    machine: { readonly name: string; readonly number: number; readonly id: string },
    keys: { readonly host: string; readonly hostPublic: string; readonly operator: string },
): IdentityFile[] {
    const hosts = [
        "127.0.0.1 localhost",
        `127.0.1.1 ${machine.name}`,
        "::1 localhost ip6-localhost ip6-loopback",
        `${PACKAGES_ADDRESS} packages.lab.example`,
        "",
    ];
    return [
        { path: "etc/hostname", text: `${machine.name}\n`, mode: 0o644 },
        { path: "etc/hosts", text: hosts.join("\n"), mode: 0o644 },
        { path: "etc/machine-id", text: `${machine.id}\n`, mode: 0o444 },
        { path: "etc/lab-network", text: addressCommands(machine.number), mode: 0o644 },
        { path: "etc/ssh/ssh_host_ed25519_key", text: keys.host, mode: 0o600 },
        { path: "etc/ssh/ssh_host_ed25519_key.pub", text: keys.hostPublic, mode: 0o644 },
        { path: `home/${ADMIN}/.ssh/authorized_keys`, text: keys.operator, mode: 0o600, admin: true },
    ];
}
