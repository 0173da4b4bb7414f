import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AUTHORIZED_KEYS, BUNDLE, DISKS, KNOWN_HOSTS, machineDirectory } from "./paths";
import { MACHINES } from "./plan";
import { run } from "./shell";

const AUTHORITY = join(DISKS, "ca");
const ISSUING = join(AUTHORITY, "issuing");
/** Root certificate of the lab's internet: what a public authority is elsewhere. */
export const ROOT_CERTIFICATE = join(AUTHORITY, "root.pem");
const ROOT_KEY = join(AUTHORITY, "root.key");
/** The operator's private SSH key. */
export const OPERATOR_KEY = join(DISKS, "operator", "id_ed25519");

const DAYS = "3650";
const EC_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes an SSH key pair unless it is there. */
export function ensureSshKey(path: string, comment: string): void {
    if (existsSync(path)) return;
    mkdirSync(join(path, ".."), { recursive: true });
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path]);
}

/** Makes the lab's certificate authority unless it is there. */
export function ensureAuthority(): void {
    if (existsSync(ROOT_CERTIFICATE)) return;
    mkdirSync(ISSUING, { recursive: true });
    run([
        "openssl",
        "req",
        "-x509",
        ...EC_KEY,
        "-keyout",
        ROOT_KEY,
        "-out",
        ROOT_CERTIFICATE,
        "-days",
        DAYS,
        "-subj",
        "/CN=lab internet CA",
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
    ]);
}

/** Certificate and key for some host names, signed by the lab's authority; made unless they are there. */
export function ensureLeaf(name: string, hosts: readonly string[]): { certificate: string; key: string } {
    const leaf = { certificate: join(AUTHORITY, `${name}.pem`), key: join(AUTHORITY, `${name}.key`) };
    if (!existsSync(leaf.certificate)) {
        run([
            "openssl",
            "req",
            "-x509",
            ...EC_KEY,
            "-CA",
            ROOT_CERTIFICATE,
            "-CAkey",
            ROOT_KEY,
            "-keyout",
            leaf.key,
            "-out",
            leaf.certificate,
            "-days",
            DAYS,
            "-subj",
            `/CN=${hosts[0] ?? name}`,
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            "extendedKeyUsage=serverAuth",
            "-addext",
            `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(",")}`,
        ]);
    }
    return leaf;
}

/** Remembers a root that the ACME server issues under (it makes a new one at each start) and renews the clients' bundle. */
export function trustIssuingRoot(pem: string): void {
    const known = readdirSync(ISSUING);
    if (!known.some((file) => readFileSync(join(ISSUING, file), "utf8") === pem)) {
        writeFileSync(join(ISSUING, `${String(known.length + 1).padStart(4, "0")}.pem`), pem);
    }
    writeBundle();
}

/** Writes the clients' trust anchors: the lab's root and every issuing root seen since the disks exist. */
export function writeBundle(): void {
    writeFileSync(BUNDLE, readFileSync(ROOT_CERTIFICATE));
    for (const file of readdirSync(ISSUING).sort()) appendFileSync(BUNDLE, readFileSync(join(ISSUING, file)));
}

/** The SSH host key that a machine starts with; the public half carries `.pub`. */
export function hostKeyOf(machine: string): string {
    return join(machineDirectory(machine), "ssh_host_ed25519_key");
}

/** Pins the machines of `up` for the program, by what is on their disks: the program may have changed it. Pins of droplets stay as the program noted them. Nobody has pinned the spare box: that is for a test to do. */
export function writeKnownHosts(): void {
    const own = MACHINES.filter(({ inUp }) => inUp).map(({ name }) => {
        const [type = "", key = ""] = readFileSync(shownKeyOf(name), "utf8").split(" ");
        return `${name} ${type} ${key}`;
    });
    const before = existsSync(KNOWN_HOSTS) ? readFileSync(KNOWN_HOSTS, "utf8") : "";
    const others = before.split("\n").filter((line) => line !== "" && !isPlanned(line.split(" ")[0] ?? ""));
    const text = `${[...own, ...others].sort().join("\n")}\n`;
    if (before !== text) writeFileSync(KNOWN_HOSTS, text);
}

function shownKeyOf(machine: string): string {
    return join(machineDirectory(machine), "upper", "etc", "ssh", "ssh_host_ed25519_key.pub");
}

function isPlanned(name: string): boolean {
    return MACHINES.some((machine) => machine.name === name);
}

/** Says whom new droplets let in. */
export function writeAuthorizedKeys(): void {
    writeFileSync(AUTHORIZED_KEYS, readFileSync(`${OPERATOR_KEY}.pub`, "utf8"));
}
