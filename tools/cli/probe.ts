import { connect } from "node:net";
import type { HostKey } from "../../components/fleet/known-hosts";
import { formatSeconds } from "./output";
import { clientHello, ServerReader } from "../../components/converge/ssh-wire";

/** Where a node's sshd should be. */
export interface Target {
    readonly node: string;
    readonly address: string;
    readonly port: number;
    /** Milliseconds it may take; `probePatience` when left out. */
    readonly patience?: number;
    /** Where that is in words, when a door of this computer leads there: `192.168.8.21:22 through gematria`. */
    readonly shown?: string;
    /** Why nobody answered, in words after the node's name, where several ways lead to it. */
    readonly why?: () => string;
}

/** What was found there. */
export type Finding =
    | { readonly state: "answers"; /** `ssh-ed25519 AAAA…` */ readonly key: string; readonly banner: string }
    /** Nothing took the connection: `cause` says how that showed. */
    | { readonly state: "unreachable"; readonly cause: string }
    /** None of several ways leads to it: `cause` says why. */
    | { readonly state: "no way"; readonly cause: string }
    /** The connection was taken and nothing came: a frozen sshd or machine. */
    | { readonly state: "silent" }
    /** Something else than an SSH server with an ed25519 key, or one that turns us away. */
    | { readonly state: "refuses"; readonly cause: string };

/** A finding and how long it took, in milliseconds. */
export interface Probe extends Target {
    readonly finding: Finding;
    readonly took: number;
}

/** How long a node may take for everything, in milliseconds. */
export const probePatience = 4_000;

/** Looks whether a node's sshd answers and which host key it shows; one connection, nothing is authenticated. Never throws. */
export async function probe(target: Target, patience = target.patience ?? probePatience): Promise<Probe> {
    const start = performance.now();
    // A droplet that is still to be made; no host at all would be this computer.
    if (target.address === "") return { ...target, finding: { state: "unreachable", cause: "no address" }, took: 0 };
    const found = await exchange(target, patience);
    const { why } = target;
    const finding: Finding = why === undefined || found.state === "answers" ? found : { state: "no way", cause: why() };
    return { ...target, finding, took: performance.now() - start };
}

/** Probes nodes side by side: takes as long as the slowest. */
export async function probeAll(targets: readonly Target[], patience?: number): Promise<Probe[]> {
    return Promise.all(targets.map((target) => probe(target, patience)));
}

/** Those of some nodes whose sshd was found to answer. */
export function answering<T extends { readonly name: string }>(nodes: readonly T[], probes: readonly Probe[]): T[] {
    const found = new Set(probes.filter(({ finding }) => finding.state === "answers").map(({ node }) => node));
    return nodes.filter(({ name }) => found.has(name));
}

/** Where a node's sshd is looked for, in words. */
export function placeOfTarget({ address, port, shown }: Target): string {
    return shown ?? `${address}:${port}`;
}

/** A probe in a few words: `answers in 0.1 s`, `does not answer on 192.168.8.12:22 (…)`. */
export function describe(found: Probe): string {
    const { finding, took } = found;
    if (found.address === "") return "is not made yet: ./fleet up";
    const place = placeOfTarget(found);
    switch (finding.state) {
        case "answers":
            return `answers in ${formatSeconds(took)}`;
        case "unreachable":
            return `does not answer on ${place} (${finding.cause} after ${formatSeconds(took)})`;
        case "no way":
            return finding.cause;
        case "silent":
            return `does not answer: ${place} takes the connection and stays silent (${formatSeconds(took)})`;
        case "refuses":
            return `does not answer: ${place} ${finding.cause}`;
    }
}

/** How a found host key stands to the pinned one. */
export type PinVerdict = "matches" | "differs" | "unpinned";

/** Compares the key of a probe with the pin of its node. */
export function comparePin(key: string, pin: HostKey | undefined): PinVerdict {
    if (pin === undefined) return "unpinned";
    return pin.key === key ? "matches" : "differs";
}

function exchange({ address, port }: Target, patience: number): Promise<Finding> {
    return new Promise((resolve) => {
        const socket = connect({ host: address, port });
        const reader = new ServerReader();
        let banner = "";
        let connected = false;
        const done = (finding: Finding): void => {
            clearTimeout(timer);
            socket.destroy();
            resolve(finding);
        };
        const timer = setTimeout(() => {
            done(connected ? { state: "silent" } : { state: "unreachable", cause: "no connection" });
        }, patience);
        socket.once("connect", () => {
            connected = true;
            socket.write(clientHello());
        });
        socket.on("data", (chunk) => {
            for (const event of readSafely(reader, chunk)) {
                if (event.kind === "banner") banner = event.text;
                if (event.kind === "host key") done({ state: "answers", key: event.key, banner });
                if (event.kind === "disconnect") done({ state: "refuses", cause: `turns us away: ${event.reason}` });
            }
        });
        socket.once("error", (error: NodeJS.ErrnoException) => {
            done(connected ? closed(reader, banner) : { state: "unreachable", cause: causeOf(error) });
        });
        socket.once("close", () => {
            done(closed(reader, banner));
        });
    });
}

function readSafely(reader: ServerReader, chunk: Buffer): ReturnType<ServerReader["push"]> {
    try {
        return reader.push(chunk);
    } catch (error) {
        return [
            {
                kind: "disconnect",
                reason: `it speaks no SSH (${error instanceof Error ? error.message : String(error)})`,
            },
        ];
    }
}

function closed(reader: ServerReader, banner: string): Finding {
    // OpenSSH says "Exceeded MaxStartups" or "Not allowed at this time" in a plain line before it hangs up.
    const said = banner === "" ? reader.text : "";
    return { state: "refuses", cause: said === "" ? "hangs up at once" : `turns us away: "${printable(said)}"` };
}

function printable(text: string): string {
    return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 80);
}

function causeOf(error: NodeJS.ErrnoException): string {
    const words: Record<string, string> = {
        ECONNREFUSED: "the port is closed",
        EHOSTUNREACH: "the host is not there",
        ENETUNREACH: "there is no route to it",
        ETIMEDOUT: "no connection",
    };
    return words[error.code ?? ""] ?? error.message;
}
