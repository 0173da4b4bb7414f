/** Who may reach a listener: everybody, the LAN of its location and the mesh, the mesh only, or the machine alone. */
export type Scope = "public" | "lan" | "mesh" | "loopback";

/** A port that a service listens on when nothing else is said. */
export interface CatalogueListener {
    readonly protocol: "tcp" | "udp";
    readonly port: number;
    readonly scope: Scope;
    /** Moves to the block's `ports`, and to a port of its own when the block is many; at most one of a type. */
    readonly main?: true;
    /** Nobody knows it by its number: each gets a port that depends on its name, so that several stand side by side. */
    readonly anyPort?: true;
    /** Belongs to the main one, and is not opened when the block writes `ports`. */
    readonly unlessMoved?: true;
}

/** An amount of memory or disk of one service. */
export interface Sizing {
    /** Memory binary, disk decimal. */
    readonly bytes: number;
    /** Where the figure comes from; starts with "estimate" where nobody published one. */
    readonly basis: string;
}

/** What is installed: a Debian package, an upstream release, a package of npm or PyPI, or an image. */
export type Origin =
    | { readonly debian: string }
    | { readonly apt: string; readonly from: string }
    | { readonly artifact: string; readonly from: string }
    | { readonly npm: string }
    | { readonly pypi: string }
    | { readonly image: string }
    /** The inventory says what runs. */
    | "inventory";

/** Options of a service block that only some types take; `type`, `at`, `each`, `memory` and `disk` fit all. */
export type ServiceOption =
    | "public"
    | "image"
    | "ports"
    | "secrets"
    | "model"
    | "databases"
    | "buckets"
    | "mirror"
    | "retention"
    | "persistence"
    | "pages"
    | "key"
    | "node"
    | "provider"
    | "requests"
    | "every";

/** Another service that this one needs. */
export interface Need {
    readonly type: string;
    /** `must` refuses the inventory without it, `same-node` also when it stands elsewhere. */
    readonly how: "must" | "same-node";
    readonly why: string;
}

/** Somebody outside the fleet that a service cannot do without. */
export interface OutsideNeed {
    readonly name: string;
    readonly role: "hosting" | "packages" | "api" | "messages";
    readonly stops: string;
    readonly when: "at once" | "later";
}

/** A type of service: what is known of it before one is placed. */
export interface ServiceType {
    /** What it is, for people. */
    readonly words: string;
    readonly listeners: readonly CatalogueListener[];
    /** Working memory of one. */
    readonly memory: Sizing;
    /** With less it does not start or ends soon; absent where nobody knows. */
    readonly least?: Sizing;
    /** Room on the disk of one, program and data at the start. */
    readonly disk: Sizing;
    /** Directories that are its state: what a backup copies and a move carries along. Empty = can be set up anew. */
    readonly state: readonly string[];
    readonly origin: Origin;
    readonly options: readonly ServiceOption[];
    /** Whether several may run on one node; their ports must still differ. */
    readonly many: boolean;
    /** Runs on each of its nodes; without it on the first, and the others stand by. */
    readonly everywhere?: true;
    /** Its build aborts on kernels with larger pages. */
    readonly pages?: "4k";
    /** Versions of Node.js it runs on, as npm writes a range. */
    readonly runtime?: string;
    /** The only type of key its identity can have. */
    readonly key?: "ed25519" | "secp256k1";
    /** Why it must not be on the internet; absent when it may. */
    readonly private?: string;
    readonly needs?: readonly Need[];
    readonly outside?: readonly OutsideNeed[];
}

const mib = 2 ** 20;

/** Working memory in MiB with where the figure comes from. */
export function memory(amount: number, basis = "estimate"): Sizing {
    return { bytes: amount * mib, basis };
}

/** Room on a disk in MB (10^6) with where the figure comes from. */
export function disk(amount: number, basis = "estimate"): Sizing {
    return { bytes: amount * 1e6, basis };
}
