import { isDeepStrictEqual } from "node:util";

/** The part of an engine event that is read (`pulumi up --json` writes one a line). */
interface EngineEvent {
    readonly resourcePreEvent?: { readonly metadata: Step };
    readonly resOutputsEvent?: { readonly metadata: Step };
    readonly resOpFailedEvent?: { readonly metadata: Step };
    readonly diagnosticEvent?: Diagnostic;
}

interface Step {
    readonly op: string;
    readonly urn: string;
    readonly type: string;
    readonly old?: Snapshot | null;
    readonly new?: Snapshot | null;
}

interface Snapshot {
    readonly outputs?: Readonly<Record<string, unknown>>;
}

interface Diagnostic {
    readonly urn?: string;
    readonly message: string;
    readonly severity: string;
}

/** Something that happened in a run of the engine and that a person wants to see. */
export type Happening =
    | { readonly kind: "started" | "changed"; readonly resource: string; readonly op: string }
    | { readonly kind: "failed"; readonly resource: string; readonly cause: readonly string[] }
    | { readonly kind: "said"; readonly severity: "warning" | "error"; readonly text: string };

/** What a run of the engine came to. Resources are called by their name, such as `caddy on gematria`. */
export interface RunResult {
    /** Resource → operation (`create`, `update`, `delete` …). */
    readonly changed: ReadonlyMap<string, string>;
    readonly unchanged: ReadonlySet<string>;
    /** Resource → lines of the cause. */
    readonly failed: ReadonlyMap<string, readonly string[]>;
    /** Errors that belong to no resource. */
    readonly errors: readonly string[];
    /** Resource → lines that its command wrote on standard output, at this run or at its last. */
    readonly said: ReadonlyMap<string, readonly string[]>;
    /** Resource → long work that it began and that was not done when it was sent last. */
    readonly pending: ReadonlyMap<string, { readonly urn: string; readonly words: string }>;
    /** Resources that cut off their own connection: applied, and not confirmed over a fresh one. */
    readonly unconfirmed: ReadonlySet<string>;
    /** Types of all resources that something happens to, groups and the engine's own included. */
    readonly touched: ReadonlySet<string>;
    /** The stack's plain outputs. */
    readonly outputs: Readonly<Record<string, unknown>>;
    /** Whether they are others than before. */
    readonly outputsChanged: boolean;
}

const unchangedOps = new Set(["same", "read", "refresh"]);
/** Book-keeping around `create-replacement`, which is what really happens to a node. */
const silentOps = new Set(["replace", "delete-replaced", "discard", "discard-replaced"]);

/**
 * What the engine says that the summary says better, or that is how things should be: a dangerous change is run again over a
 * fresh connection, and that it was not is said by the program.
 */
const chatter = /^((update|preview) failed$|Could not find a package\.json|retrying \w+ due to on-error hook request)/;

/** Reads the engine's events one after the other. */
export class EventReader {
    private readonly changed = new Map<string, string>();
    private readonly unchanged = new Set<string>();
    private readonly failed = new Map<string, readonly string[]>();
    private readonly causes = new Map<string, readonly string[]>();
    private readonly errors: string[] = [];
    private readonly said = new Map<string, readonly string[]>();
    private readonly pending = new Map<string, { urn: string; words: string }>();
    private readonly unconfirmed = new Set<string>();
    private readonly touched = new Set<string>();
    private outputs: Readonly<Record<string, unknown>> = {};
    private outputsChanged = false;

    /** Takes a line of the event stream; lines that are no event are passed over. */
    read(line: string): Happening[] {
        const event = parseEvent(line);
        if (event?.diagnosticEvent !== undefined) return this.readDiagnostic(event.diagnosticEvent);
        if (event?.resourcePreEvent !== undefined) return this.readStarted(event.resourcePreEvent.metadata);
        if (event?.resOutputsEvent !== undefined) return this.readDone(event.resOutputsEvent.metadata);
        if (event?.resOpFailedEvent !== undefined) return this.readFailed(event.resOpFailedEvent.metadata);
        return [];
    }

    /** What has been read so far. */
    get result(): RunResult {
        const { changed, unchanged, errors, said, pending, unconfirmed, touched } = this;
        const { outputs, outputsChanged } = this;
        // What may not be done at all, such as to replace what is protected, has a cause and no step that fails. Beside a step that
        // failed such a cause only follows from it: an input that is missing now.
        const refused = [...this.causes].filter(([name]) => !changed.has(name) && !unchanged.has(name));
        const failed = this.failed.size > 0 ? this.failed : new Map(refused);
        return { changed, unchanged, failed, errors, said, pending, unconfirmed, touched, outputs, outputsChanged };
    }

    private readDiagnostic({ urn, message, severity }: Diagnostic): Happening[] {
        if (severity !== "warning" && severity !== "error") return [];
        const text = plain(message).trim();
        if (severity === "error" && urn !== undefined && isOurs(typeOf(urn))) {
            const name = nameOf(urn);
            this.causes.set(name, [...new Set([...(this.causes.get(name) ?? []), ...causeLines(text)])]);
            return [];
        }
        if (text === "" || chatter.test(text)) return [];
        if (severity === "error") this.errors.push(text);
        const cutOff = /^(.+ on [a-z0-9-]+) was not confirmed over a fresh connection\b/.exec(text)?.[1];
        if (cutOff !== undefined) this.unconfirmed.add(cutOff);
        return [{ kind: "said", severity, text }];
    }

    private readStarted({ op, urn, type }: Step): Happening[] {
        if (unchangedOps.has(op)) return [];
        this.touched.add(type);
        return isOurs(type) && !silentOps.has(op) ? [{ kind: "started", resource: nameOf(urn), op }] : [];
    }

    private readDone(step: Step): Happening[] {
        if (step.type === "pulumi:pulumi:Stack") this.readOutputs(step);
        if (!isOurs(step.type) || silentOps.has(step.op)) return [];
        const resource = nameOf(step.urn);
        this.readSaid(resource, step);
        if (unchangedOps.has(step.op)) {
            if (!this.changed.has(resource)) this.unchanged.add(resource);
            return [];
        }
        this.unchanged.delete(resource);
        this.changed.set(resource, step.op);
        return [{ kind: "changed", resource, op: step.op }];
    }

    private readSaid(resource: string, { urn, new: now }: Step): void {
        const stdout = now?.outputs?.["stdout"];
        if (typeof stdout !== "string") return;
        const lines = stdout.split("\n");
        this.said.set(resource, lines);
        const words = /^pending: (.*)$/.exec(lines[0] ?? "")?.[1];
        if (words !== undefined) this.pending.set(resource, { urn, words });
    }

    /** The stack is told of twice; the second time brings the outputs. */
    private readOutputs({ old, new: now }: Step): void {
        this.outputs = now?.outputs ?? {};
        this.outputsChanged = !isDeepStrictEqual(this.outputs, old?.outputs ?? {});
    }

    private readFailed(step: Step): Happening[] {
        const resource = nameOf(step.urn);
        const cause = this.causes.get(resource) ?? ["failed without a word"];
        this.failed.set(resource, cause);
        return [{ kind: "failed", resource, cause }];
    }
}

/** The node a resource stands on, and what it is there: `caddy on gematria`. Nothing for resources of the whole fleet. */
export function roleOnNode(resource: string): { role: string; node: string } | undefined {
    const match = /^(.+) on ([a-z0-9-]+)$/.exec(resource);
    return match?.[1] === undefined || match[2] === undefined ? undefined : { role: match[1], node: match[2] };
}

/**
 * The lines of a command's failure that say why: the engine puts "Process exited …: running COMMAND:" before them, and the
 * command says nothing that the resource's name does not. That converge.py waited for its lock, or that sudo
 * found no address for the machine's own name, is no cause either. A provider's causes of a thing that was made and does not
 * run come counted, with a bullet each; those of a bridged Terraform provider also with its own place before and its name behind.
 */
export function causeLines(message: string): string[] {
    const output = /: running "(?:[^"\\]|\\.)*":\s*([\s\S]*)$/.exec(message);
    const text =
        output?.[1] === undefined || output[1].trim() === "" ? message.replace(/: running "[\s\S]*$/, "") : output[1];
    const lines = text
        .split("\n")
        .map((line) => line.trim().replace(/^\* /, ""))
        .map((line) => line.replace(/^\S+\.go:\d+: sdk\.helper_schema: (.*): provider=\S+$/, "$1"))
        .filter((line) => line !== "" && !/^(\w+ urn:.*: )?\d+ errors? occurred:$/.test(line));
    const told = lines.filter(
        (line, i) => lines.indexOf(line) === i && !/^waiting for pid |^sudo: unable to resolve host /.test(line),
    );
    return (told.length === 0 ? lines : told).map(plainer);
}

/** What sudo says without a terminal, with what to do (sudoers(5)). */
function plainer(line: string): string {
    if (!/^sudo: (a password is required|a terminal is required)/.test(line)) return line;
    return "sudo wants a password of the login user, which nobody types here. As root on the machine: echo 'USER ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/USER";
}

function parseEvent(line: string): EngineEvent | undefined {
    if (!line.startsWith("{")) return undefined;
    try {
        return JSON.parse(line) as EngineEvent;
    } catch {
        return undefined;
    }
}

/** Components and the engine's own resources are neither changed nor unchanged: they are only groups. */
function isOurs(type: string): boolean {
    return !type.startsWith("pulumi:") && !type.startsWith("sovereign-edge:");
}

function nameOf(urn: string): string {
    return urn.split("::").slice(3).join("::");
}

function typeOf(urn: string): string {
    return (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";
}

/** Without the engine's colour marks, `<{%reset%}>`, and terminal sequences. */
function plain(text: string): string {
    return text.replaceAll(/<\{%[^%]*%\}>/g, "").replaceAll(/\u001b\[[0-9;]*m/g, "");
}
