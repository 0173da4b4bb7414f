/** A file on a node. */
export interface DesiredFile {
    /** Octal, for example `0644`. A text with a `{{secret:…}}` needs a mode that gives others nothing. */
    readonly mode: string;
    /** `user:group`. */
    readonly owner: string;
    /** The text; `{{secret:NAME}}` and `{{wireguard:NODE}}` are filled in on the node. */
    readonly text: string;
    /** Argument vector of a check that runs before the swap; `{}` stands for the staged file. */
    readonly validate?: readonly string[];
}

/** A download, pinned by its hash. */
export interface DesiredArtifact {
    readonly url: string;
    readonly sha256: string;
    /** Size of the download in bytes. */
    readonly bytes: number;
    readonly arch: "amd64" | "arm64" | "any";
    /** The key it is installed at is a file, or with `unpack` a directory. */
    readonly unpack?: "tar.gz";
    readonly mode?: string;
}

/** A systemd unit: what it should be, and which changed paths make it reload or restart (restart wins). */
export interface DesiredUnit {
    readonly enabled: boolean;
    readonly running: boolean;
    readonly reloadOn?: Readonly<Record<string, true>>;
    readonly restartOn?: Readonly<Record<string, true>>;
}

/** A command that runs after the swap when one of the paths changed. */
export interface DesiredAction {
    readonly argv: readonly string[];
    readonly on: Readonly<Record<string, true>>;
}

/** What must hold before a role counts as applied; polled for at most `within` seconds. */
export interface DesiredCheck {
    readonly http?: { readonly url: string; readonly status: number; readonly ca?: string; readonly host?: string };
    readonly tcp?: string;
    readonly argv?: readonly string[];
    readonly within: number;
}

/** What a role wants of a machine, without the header that says whose it is. */
export interface Role {
    /** Debian packages; only the role `packages` carries them. */
    readonly packages?: Readonly<Record<string, { readonly version?: string }>>;
    /** Secrets the role uses, with their generation: a rotation shows as a number that goes up. */
    readonly secrets?: Readonly<Record<string, number>>;
    readonly users?: Readonly<Record<string, { readonly home: string; readonly shell?: string }>>;
    /** `keep` marks data: the directory survives the removal of the role. */
    readonly directories?: Readonly<
        Record<string, { readonly mode: string; readonly owner: string; readonly keep?: boolean }>
    >;
    readonly artifacts?: Readonly<Record<string, DesiredArtifact>>;
    readonly files?: Readonly<Record<string, DesiredFile>>;
    readonly links?: Readonly<Record<string, { readonly target: string }>>;
    readonly units?: Readonly<Record<string, DesiredUnit>>;
    readonly actions?: Readonly<Record<string, DesiredAction>>;
    /** Commands that run when the role leaves the machine, before its files go. */
    readonly removal?: Readonly<Record<string, { readonly argv: readonly string[] }>>;
    readonly sysctl?: Readonly<Record<string, string>>;
    readonly checks?: Readonly<Record<string, DesiredCheck>>;
}

/**
 * The unit of change: one role on one node, as JSON on the standard input of `converge.py apply`. Everything is keyed by
 * identity, so that the engine's structural diff shows the changed line. It never holds a secret nor a value that is
 * unknown at preview.
 */
export interface DesiredState extends Role {
    readonly version: 1;
    readonly fleet: string;
    readonly node: string;
    readonly role: string;
    readonly incarnation: number;
}

/** What is stored on a node by `converge.py secrets`; the whole document is a secret. */
export interface SecretsDocument {
    readonly version: 1;
    readonly fleet: string;
    readonly node: string;
    readonly incarnation: number;
    readonly secrets: Readonly<Record<string, { readonly generation: number; readonly value: string }>>;
    /** Public keys of all nodes, by name. */
    readonly wireguard: Readonly<Record<string, string>>;
}

/** The roles of a node with the hashes of their desired states: what `converge.py finish` sweeps against. */
export interface Roster {
    readonly version: 1;
    readonly fleet: string;
    readonly node: string;
    readonly incarnation: number;
    readonly roles: Readonly<Record<string, string>>;
}

/** Where converge.py stands on a node. */
export const program = "/usr/local/lib/sovereign-edge/converge.py";
