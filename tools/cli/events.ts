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
    readonly new?: { readonly outputs?: Readonly<Record<string, unknown>> } | null;
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
    /** The stack's plain outputs. */
    readonly outputs: Readonly<Record<string, unknown>>;
}

const unchangedOps = new Set(["same", "read", "refresh"]);
/** Book-keeping around `create-replacement`, which is what really happens to a node. */
const silentOps = new Set(["replace", "delete-replaced", "discard", "discard-replaced"]);

/** Reads the engine's events one after the other. */
export class EventReader {
    private readonly changed = new Map<string, string>();
    private readonly unchanged = new Set<string>();
    private readonly failed = new Map<string, readonly string[]>();
    private readonly causes = new Map<string, readonly string[]>();
    private readonly errors: string[] = [];
    private outputs: Readonly<Record<string, unknown>> = {};

    /** Takes a line of the event stream; lines that are no event are passed over. */
    read(line: string): Happening[] {
        const event = parseEvent(line);
        if (event?.diagnosticEvent !== undefined) return this.readDiagnostic(event.diagnosticEvent);
        if (event?.resourcePreEvent !== undefined) return started(event.resourcePreEvent.metadata);
        if (event?.resOutputsEvent !== undefined) return this.readDone(event.resOutputsEvent.metadata);
        if (event?.resOpFailedEvent !== undefined) return this.readFailed(event.resOpFailedEvent.metadata);
        return [];
    }

    /** What has been read so far. */
    get result(): RunResult {
        const { changed, unchanged, failed, errors, outputs } = this;
        return { changed, unchanged, failed, errors, outputs };
    }

    private readDiagnostic({ urn, message, severity }: Diagnostic): Happening[] {
        if (severity !== "warning" && severity !== "error") return [];
        const text = plain(message).trim();
        if (severity === "error" && urn !== undefined && isOurs(typeOf(urn))) {
            const name = nameOf(urn);
            this.causes.set(name, [...(this.causes.get(name) ?? []), ...causeLines(text)]);
            return [];
        }
        // The engine's own closing line says nothing that the summary does not.
        if (text === "" || text === "update failed" || text.startsWith("Could not find a package.json")) return [];
        if (severity === "error") this.errors.push(text);
        return [{ kind: "said", severity, text }];
    }

    private readDone(step: Step): Happening[] {
        if (step.type === "pulumi:pulumi:Stack") this.outputs = step.new?.outputs ?? {};
        if (!isOurs(step.type) || silentOps.has(step.op)) return [];
        const resource = nameOf(step.urn);
        if (unchangedOps.has(step.op)) {
            if (!this.changed.has(resource)) this.unchanged.add(resource);
            return [];
        }
        this.unchanged.delete(resource);
        this.changed.set(resource, step.op);
        return [{ kind: "changed", resource, op: step.op }];
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
 * command says nothing that the resource's name does not. That converge.py waited for its lock is no cause either.
 */
export function causeLines(message: string): string[] {
    const output = /: running "(?:[^"\\]|\\.)*":\s*([\s\S]*)$/.exec(message);
    const text =
        output?.[1] === undefined || output[1].trim() === "" ? message.replace(/: running "[\s\S]*$/, "") : output[1];
    const lines = text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "");
    const told = lines.filter((line, i) => lines.indexOf(line) === i && !line.startsWith("waiting for pid "));
    return told.length === 0 ? lines : told;
}

function started({ op, urn, type }: Step): Happening[] {
    return isOurs(type) && !unchangedOps.has(op) && !silentOps.has(op)
        ? [{ kind: "started", resource: nameOf(urn), op }]
        : [];
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
