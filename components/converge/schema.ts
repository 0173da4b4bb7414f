import { z } from "zod";
import { is, set } from "./vocabulary";

const seconds = (low: number, high: number): z.ZodInt => z.int().min(low).max(high);
const nothing = z.strictObject({});
const paths = set(is.path);

const file = z.strictObject({
    mode: is.mode.describe("Octal. A text with a `{{secret:…}}` needs a mode that gives others nothing."),
    owner: is.owner.describe("`user:group`."),
    text: is.content.describe(
        "The text. References are filled in on the node; a line with an address that is not known yet is left out.",
    ),
    validate: is.argv
        .optional()
        .describe("A check that runs before the swap; `{}` in a word stands for the staged file."),
});

const artifact = z.strictObject({
    url: is.url.describe("Where it is downloaded from."),
    sha256: is.sha256.describe("SHA-256 of the download."),
    bytes: is.whole.describe("Size of the download in bytes."),
    arch: z.enum(["amd64", "arm64", "any"]).describe("Processor that it runs on, in Debian's words."),
    unpack: z
        .literal("tar.gz")
        .optional()
        .describe("The key is a directory that the archive is unpacked into; without it a file."),
    mode: is.mode.optional().describe("Octal mode of a file; default 0644."),
});

const unit = z.union([
    z.strictObject({
        enabled: z.boolean().describe("Starts at boot."),
        running: z.boolean().describe("Runs now."),
        masked: z.literal(false).optional().describe("Can be started; the default."),
        reloadOn: paths.optional().describe("Paths of this role whose change reloads the unit."),
        restartOn: paths.optional().describe("Paths of this role whose change restarts it; a restart wins."),
        stays: seconds(0, 600)
            .optional()
            .describe("Seconds that it has to stay up after a start or restart before it counts; default 0.3."),
    }),
    z.strictObject({
        enabled: z.literal(false).describe("A masked unit does not start at boot."),
        running: z.literal(false).describe("A masked unit does not run."),
        masked: z.literal(true).describe("Nothing can start it, by hand or as a dependency."),
    }),
]);

const action = z.strictObject({
    argv: is.argv.describe("What runs after the swap."),
    on: paths.describe("Paths of this role whose change makes it run."),
});

const timing = {
    within: seconds(1, 86_400).describe("Seconds that it is polled for at most."),
    when: z
        .enum(["before", "healthy"])
        .optional()
        .describe("`before`: must hold before anything is touched. `healthy`, the default: must hold after the swap."),
};
const http = z.strictObject({
    url: is.url.describe("What is asked, with GET."),
    status: z.int().min(100).max(599).describe("The status code that is wanted."),
    ca: is.path.optional().describe("Path of the CA certificates to trust, in PEM; default the system's."),
    host: is.host.optional().describe("Name that is sent and verified; default that of the URL."),
});
const check = z.union([
    z.strictObject({ http: http.describe("A request that is answered as wanted."), ...timing }),
    z.strictObject({ tcp: is.hostPort.describe("A port that takes connections."), ...timing }),
    z.strictObject({ argv: is.argv.describe("A command that exits with 0."), ...timing }),
]);

const requires = z.strictObject({
    disk: z.record(is.place, is.whole).optional().describe("Bytes that have to be free, by path."),
    memory: is.whole.optional().describe("Bytes of memory that the machine has to have in total."),
    pageSize: z.int().min(4096).max(1_048_576).optional().describe("Largest page size of the kernel, in bytes."),
    os: set(is.system).optional().describe("Systems that the role runs on; empty or absent: all."),
    arch: z.enum(["amd64", "arm64"]).optional().describe("Processor that the role runs on, in Debian's words."),
});

const source = z.strictObject({
    uris: is.urls.describe("URIs of the repository, separated by spaces."),
    suites: is.words.describe("Suites, separated by spaces; one that ends with `/` is a flat repository."),
    components: z.union([is.words, z.literal("")]).describe("Components, separated by spaces; empty for a flat one."),
    architectures: is.words.optional().describe("Architectures, separated by spaces; default the machine's own."),
    key: is.armoredKey.describe("The key that signs it; no other repository may be signed by it."),
});

const job = z.strictObject({
    argv: is.argv.describe("Long work, run as a unit of its own that outlives the command."),
    done: is.argv.optional().describe("Exits with 0 when nothing is left to do."),
    progress: is.argv.optional().describe("Prints how far it is, such as `35 %`."),
});

const role = {
    requires: requires.optional().describe("What the machine has to be; looked at before anything is touched."),
    sources: z.record(is.name, source).optional().describe("Third-party package sources (deb822), by name."),
    packages: z
        .record(
            is.packageName,
            z.strictObject({
                version: is.packageVersion.optional().describe("Exactly this version; default what apt chooses."),
                hold: z.literal(true).optional().describe("Kept from upgrades by anybody else."),
            }),
        )
        .optional()
        .describe("Debian packages; only the role `packages` carries them."),
    secrets: z
        .record(is.secretName, is.whole)
        .optional()
        .describe("Secrets that the role uses, with their generation: a rotation shows as a number that goes up."),
    groups: z.record(is.account, nothing).optional().describe("System groups, by name."),
    users: z
        .record(
            is.account,
            z.strictObject({
                home: is.path.describe("Home directory; not made by this."),
                shell: is.path.optional().describe("Login shell; default /usr/sbin/nologin."),
                groups: set(is.account).optional().describe("Groups beside its own."),
                person: z
                    .literal(true)
                    .optional()
                    .describe("A person's: the home is made, and stays with the closed account when they leave."),
            }),
        )
        .optional()
        .describe("System users and people, by name."),
    directories: z
        .record(
            is.path,
            z.strictObject({
                mode: is.mode.describe("Octal."),
                owner: is.owner.describe("`user:group`."),
                keep: z.boolean().optional().describe("Data: the directory survives the removal of the role."),
            }),
        )
        .optional()
        .describe("Directories, by path."),
    artifacts: z.record(is.path, artifact).optional().describe("Downloads pinned by their hash, by path."),
    images: z.record(is.image, nothing).optional().describe("Container images, pulled with podman, by digest."),
    files: z.record(is.path, file).optional().describe("Files, by path."),
    links: z
        .record(
            is.path,
            z.strictObject({
                target: is.target.describe("What the link holds: a path, absolute or seen from its own directory."),
            }),
        )
        .optional()
        .describe("Symbolic links, by path."),
    units: z.record(is.unit, unit).optional().describe("systemd units, by name."),
    actions: z.record(is.name, action).optional().describe("Commands that run after the swap, in order of name."),
    removal: z
        .record(is.name, z.strictObject({ argv: is.argv.describe("What runs.") }))
        .optional()
        .describe("Commands that run when the role leaves the machine, before its files go."),
    sysctl: z.record(is.kernelSetting, is.line).optional().describe("Kernel settings, by name."),
    modules: z.record(is.kernelModule, nothing).optional().describe("Kernel modules, loaded now and at boot."),
    checks: z.record(is.name, check).optional().describe("What must hold before the role counts as applied, by name."),
    jobs: z.record(is.name, job).optional().describe("Long work, by name."),
    rollback: z
        .enum(["config", "binary", "never"])
        .optional()
        .describe("What can be undone: configuration (default), programs too, or nothing (stops at the new version)."),
    backup: z
        .strictObject({ argv: is.argv.describe("What runs.") })
        .optional()
        .describe("Runs before a swap that restarts something; only with `binary` and `never`."),
    confirm: z
        .strictObject({ window: seconds(10, 600).optional().describe("Seconds to wait; default 60.") })
        .optional()
        .describe("The role can cut the operator off: undone unless a fresh connection confirms it in time."),
};

const header = {
    version: z.literal(1).describe("Version of this format."),
    fleet: is.name.describe("Fleet that the machine belongs to."),
    node: is.name.describe("The machine's name in the inventory."),
    incarnation: is.whole.describe("Goes up when the machine behind the name is a new one."),
};

/** What a role wants of a machine, without the header that says whose it is. */
export const roleSchema = z.strictObject(role);

/**
 * The unit of change: one role on one node, as JSON on the standard input of `converge.py apply`. Everything is keyed by
 * identity, so that the engine's structural diff shows the changed line. It never holds a secret nor a value that is
 * unknown at preview.
 */
export const desiredSchema = z.strictObject({ ...header, role: is.name.describe("Name of the role."), ...role });

/** What is stored on a node by `converge.py secrets`; the whole document is a secret. */
export const secretsSchema = z.strictObject({
    ...header,
    secrets: z
        .record(
            is.secretName,
            z.strictObject({
                generation: is.whole.describe("Goes up with every rotation."),
                value: z.string().describe("The secret itself."),
            }),
        )
        .describe("Secrets, by name."),
    wireguard: z.record(is.name, is.publicKey).describe("Public keys of all nodes, by name."),
    addresses: z
        .record(is.name, is.address)
        .optional()
        .describe("Addresses that are known before the roles, by name: a rented machine's own."),
});

/** The roles of a node with the hashes of their desired states: what `converge.py finish` sweeps against. */
export const rosterSchema = z.strictObject({
    ...header,
    roles: z.record(is.name, is.sha256).describe("SHA-256 of the canonical JSON of each role's desired state."),
    addresses: z.record(is.name, is.address).optional().describe("Addresses that other nodes are reached at, by name."),
});

const claims = z.strictObject({
    profile: is.name.describe("Value of `hardware:` or `droplet:`, for messages."),
    place: is.acceptance.describe("What an acceptance begins with: the code and the path of the node."),
    arch: z.enum(["amd64", "arm64"]).optional().describe("Processor, in Debian's words."),
    memory: z
        .strictObject({
            bytes: is.whole.describe("Bytes of memory that are fitted; the kernel counts some percent less."),
            exact: z.boolean().describe("Whether more would be wrong as well."),
        })
        .optional()
        .describe("Main memory."),
    boards: set(is.boardName).optional().describe("Beginnings of the names that the board may have."),
    os: is.system.optional().describe("Operating system, as an inventory names it."),
    pageSize: z.int().min(4096).max(1_048_576).optional().describe("Page size of the kernel, in bytes."),
    disk: z
        .strictObject({
            kind: z.enum(["sd", "emmc", "usb-ssd", "ssd", "nvme", "hdd"]).describe("Kind, as an inventory names it."),
            size: is.whole.describe("Bytes that it has at least, less what its vendor rounds."),
        })
        .optional()
        .describe("The disk that the system lies on."),
    npu: is.name.optional().describe("Neural processor, as an inventory names it."),
    accept: z
        .partialRecord(z.enum(["memory", "board", "os", "pages", "disk", "npu"]), z.literal(true))
        .optional()
        .describe("Claims that are known not to hold."),
});

/**
 * What `converge.py install` compares the program with that came before it, and what it holds against the machine before
 * it changes anything there.
 */
export const installSchema = z.strictObject({
    ...header,
    program: is.sha256.describe("SHA-256 of the bundle, as it was uploaded."),
    claims: claims.optional().describe("What the inventory says that the machine is."),
});

/** A value as documents hold it: what one function rendered no other one changes. */
type Fixed<Value> = Value extends object ? { readonly [Key in keyof Value]: Fixed<Value[Key]> } : Value;

/** What a role wants of a machine. */
export type Role = Fixed<z.infer<typeof roleSchema>>;
/** A file on a node. */
export type DesiredFile = Fixed<z.infer<typeof file>>;
/** A download, pinned by its hash. */
export type DesiredArtifact = Fixed<z.infer<typeof artifact>>;
/** A systemd unit: what it should be, and which changed paths make it reload or restart. */
export type DesiredUnit = Fixed<z.infer<typeof unit>>;
/** A command that runs after the swap when one of the paths changed. */
export type DesiredAction = Fixed<z.infer<typeof action>>;
/** What must hold before a role is touched, or before it counts as applied. */
export type DesiredCheck = Fixed<z.infer<typeof check>>;
/** One role on one node. */
export type DesiredState = Fixed<z.infer<typeof desiredSchema>>;
/** What is stored on a node. */
export type SecretsDocument = Fixed<z.infer<typeof secretsSchema>>;
/** The roles of a node. */
export type Roster = Fixed<z.infer<typeof rosterSchema>>;
/** What the inventory says that a machine is. */
export type Claims = Fixed<z.infer<typeof claims>>;
/** What a node installs. */
export type InstallDocument = Fixed<z.infer<typeof installSchema>>;
