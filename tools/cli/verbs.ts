import type { VerbSpec } from "./arguments";
import type { Context } from "./context";
import type { ExitCode } from "./failure";

/** A verb of `./fleet`. */
export interface Verb extends VerbSpec {
    /** The part of the help it is listed in. */
    readonly group: "start" | "daily" | "keep" | "end";
    /** One line. */
    readonly summary: string;
    /** Loads its code only when it is called: a start costs what the verb needs. Absent for `help`. */
    readonly load?: () => Promise<{ run: (context: Context) => Promise<ExitCode> }>;
}

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
    {
        name: "init",
        group: "start",
        positionals: ["NAME"],
        flags: { model: { value: "MODEL", help: "model to serve; gemma3:270m when left out" } },
        summary: "make a fleet: smallest inventory, passphrase, state",
        load: () => import("./verbs/init"),
    },
    {
        name: "add",
        group: "start",
        positionals: ["NODE", "ADDRESS"],
        flags: {
            user: { value: "USER", help: "user to log in as; needs sudo without a password" },
            port: { value: "PORT", help: "TCP port of its sshd; 22 when left out" },
            location: { value: "LOCATION", help: "where it stands, as declared under locations:" },
            via: { value: "NODE", help: "a node of its LAN through which it is reached, when it is not from here" },
            fingerprint: { value: "SHA256:…", help: "the host key's fingerprint, compared for you" },
            yes: { help: "trust the host key unseen" },
        },
        summary: "probe a machine, show its host key, write it into the inventory",
        load: () => import("./verbs/add"),
    },
    {
        name: "prepare",
        group: "start",
        positionals: ["NODE"],
        flags: {
            to: {
                value: "FOLDER",
                help: "the card's mounted boot partition, or a folder to be made; card-NODE when left out",
            },
            gateway: {
                value: "ADDRESS",
                help: "the LAN's router: the node gets the fixed address that the inventory says",
            },
            wifi: { value: "SSID", help: "the wireless network it joins; its password is asked for" },
            country: { value: "CC", help: "the country it stands in, two letters, for --wifi" },
        },
        summary: "write what a card or an image needs before its first boot; pin the host key it gives",
        load: () => import("./verbs/prepare"),
    },
    {
        name: "pin",
        group: "start",
        positionals: ["[NAME]"],
        flags: {
            refresh: { help: "download again what is locked" },
            "accept-changed": { help: "take other bytes for a version that is locked" },
        },
        summary: "download what the fleet installs once and lock its hashes",
        load: () => import("./verbs/pin"),
    },
    {
        name: "check",
        group: "daily",
        positionals: [],
        flags: { svg: { value: "FILE", help: "draw the fleet into this file" } },
        summary: "validate and show the plan; touches no state, secret or network",
        load: () => import("./verbs/check"),
    },
    {
        name: "preview",
        group: "daily",
        positionals: [],
        flags: { full: { help: "do not shorten new documents" } },
        summary: "every line that would change on every node; contacts none",
        load: () => import("./verbs/preview"),
    },
    {
        name: "up",
        group: "daily",
        positionals: ["[NODE…]"],
        flags: {},
        summary: "make it so; ends with every node, every URL and one curl line",
        load: () => import("./verbs/up"),
    },
    {
        name: "status",
        group: "daily",
        positionals: ["[NODE…]"],
        flags: { pairs: { help: "a line for every pair of nodes: way, latency, handshake" } },
        summary: "who answers, what is applied, what failed, who reaches whom",
        load: () => import("./verbs/status"),
    },
    {
        name: "logs",
        group: "daily",
        positionals: ["NODE", "[UNIT]"],
        flags: {
            lines: { value: "N", help: "how many past lines; 50 when left out" },
            once: { help: "do not follow" },
        },
        summary: "follow a node's journal",
        load: () => import("./verbs/logs"),
    },
    {
        name: "ssh",
        group: "daily",
        positionals: ["NODE"],
        flags: {},
        rest: "COMMAND…",
        summary: "log in with the pinned host key",
        load: () => import("./verbs/ssh"),
    },
    {
        name: "reboot",
        group: "daily",
        positionals: ["[NODE…]"],
        flags: {},
        summary: "restart nodes, one at a time, with the boot configuration that waits",
        load: () => import("./verbs/reboot"),
    },
    {
        name: "history",
        group: "keep",
        positionals: ["[NODE…]"],
        flags: {
            lines: { value: "N", help: "how many of the last lines; 20 when left out" },
            all: { help: "every line" },
        },
        summary: "who changed what, and whether the nodes' logs are as they were written",
        load: () => import("./verbs/history"),
    },
    {
        name: "secret",
        group: "keep",
        positionals: ["set|list", "[NAME]"],
        flags: {},
        summary: "set a secret from standard input or a hidden prompt; list names",
        load: () => import("./verbs/secret"),
    },
    {
        name: "rotate",
        group: "keep",
        positionals: ["mesh|host-keys|people", "[NAME…]"],
        flags: {
            key: { value: "FILE", help: "people: the person's new public key" },
            old: { value: "SHA256:…", help: "people: which key goes, of a person who has several" },
            now: { help: "people: do not wait until the person was seen to log in with the new key" },
        },
        summary: "new keys of the mesh, of machines or of a person, each proven before the old one goes",
        load: () => import("./verbs/rotate"),
    },
    {
        name: "unlock",
        group: "keep",
        positionals: [],
        flags: { "yes-unlock": { value: "FLEET", help: "the fleet's name, to free it from another computer's run" } },
        summary: "free the stack from a run that is gone; who holds which node",
        load: () => import("./verbs/unlock"),
    },
    {
        name: "replace",
        group: "keep",
        positionals: ["NODE", "[ADDRESS]"],
        flags: {
            fingerprint: { value: "SHA256:…", help: "the new machine's host key, compared for you" },
            yes: { help: "trust its host key unseen" },
        },
        summary: "a dead node comes back on another machine, under its name",
        load: () => import("./verbs/replace"),
    },
    {
        name: "revoke",
        group: "end",
        positionals: ["NODE"],
        flags: { "yes-revoke": { value: "FLEET", help: "the fleet's name, instead of typing it" } },
        summary: "a node was stolen: nothing that it held is good for anything",
        load: () => import("./verbs/revoke"),
    },
    {
        name: "reset",
        group: "end",
        positionals: ["NODE"],
        flags: { "yes-destroy": { value: "FLEET", help: "the fleet's name, instead of typing it" } },
        summary: "take everything off one node again; the next up sends it anew",
        load: () => import("./verbs/reset"),
    },
    {
        name: "destroy",
        group: "end",
        positionals: [],
        flags: {
            "yes-destroy": { value: "FLEET", help: "the fleet's name, instead of typing it" },
            forget: { help: "forget nodes that do not answer, without cleaning them" },
        },
        summary: "take everything off the nodes again, then forget them",
        load: () => import("./verbs/destroy"),
    },
    { name: "help", group: "end", positionals: ["[VERB]"], flags: {}, summary: "this, or what a verb takes" },
];
