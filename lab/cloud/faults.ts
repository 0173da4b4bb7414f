/** What the emulator can be told to do wrong. */
export const FAULT_KINDS = {
    fail: "answers with --status (500) and does nothing",
    "fail-after": "does what was asked and answers with --status (500)",
    limit: "answers 429 with retry-after --seconds (1) and does nothing",
    silence: "does what was asked, says nothing for --seconds (30) and hangs up",
    delay: "does what was asked and answers after --seconds (5)",
    stuck: "the next droplet stays `new` for --seconds (600), or until the faults are cleared",
    unassignable: "the next reserved address that is to be assigned ends with an error",
} as const;

/** Name of a kind of fault. */
export type FaultKind = keyof typeof FAULT_KINDS;

/** A fault in waiting. */
export interface Fault {
    readonly kind: FaultKind;
    /** Which requests: method and path, `*` for any method or one part of a path, as in `GET /v2/droplets/*`; "*" is all. */
    readonly on: string;
    /** How many such requests go well before it happens. */
    after: number;
    /** How often it happens, from then on. */
    times: number;
    readonly status: number;
    readonly seconds: number;
}

const SECONDS: Readonly<Partial<Record<FaultKind, number>>> = { limit: 1, silence: 30, delay: 5, stuck: 600 };
/** Nobody waits longer than this for a test. */
const LONGEST_SECONDS = 600;

/**
 * Reads a fault as it comes from outside.
 * @throws Error naming what is wrong with it.
 */
export function faultOf(order: Readonly<Record<string, unknown>>): Fault {
    const { kind, on = "*", after = 0, times = 1, status = 500 } = order;
    const known = Object.keys(FAULT_KINDS);
    if (typeof kind !== "string" || !known.includes(kind))
        throw new Error(`There is no fault "${String(kind)}". Faults: ${known.join(", ")}.`);
    const seconds = order["seconds"] ?? SECONDS[kind as FaultKind] ?? 0;
    if (typeof on !== "string" || !/^(\*|(\*|[A-Z]+) \/\S*)$/.test(on))
        throw new Error(`A fault is on a method and a path, as in "POST /v2/droplets"; this is "${String(on)}".`);
    const counted = isWhole(times, 1, 1000) && isWhole(after, 0, 1000);
    if (!counted || !isWhole(status, 400, 599) || !isWhole(seconds, 0, LONGEST_SECONDS))
        throw new Error(`times is 1 to 1000, after 0 to 1000, status 400 to 599, seconds 0 to ${LONGEST_SECONDS}.`);
    return { kind: kind as FaultKind, on, after, times, status, seconds };
}

function isWhole(value: unknown, least: number, most: number): value is number {
    return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** Whether a request is one that a fault is for. */
export function concerns(on: string, method: string, path: string): boolean {
    if (on === "*") return true;
    const [wantedMethod, wantedPath = ""] = on.split(" ");
    const [wanted, parts] = [wantedPath.split("/"), path.split("/")];
    const sameMethod = wantedMethod === "*" || wantedMethod === method;
    return (
        sameMethod &&
        wanted.length === parts.length &&
        wanted.every((part, index) => part === "*" || part === parts[index])
    );
}

/** The faults in waiting. */
export class Faults {
    private waiting: Fault[] = [];
    private readonly held = new Set<() => void>();

    /** Adds one. */
    add(fault: Fault): void {
        this.waiting.push(fault);
    }

    /** Forgets all, and lets go of what is held up. */
    clear(): void {
        this.waiting = [];
        for (const release of this.held) release();
    }

    /** What is still to come. */
    list(): readonly Fault[] {
        return this.waiting;
    }

    /** Takes the first fault of these kinds that concerns a request, and whose time has come; undefined when there is none. */
    take(kinds: readonly FaultKind[], method = "*", path = ""): Fault | undefined {
        const concerned = this.waiting.filter(
            (one) => kinds.includes(one.kind) && (method === "*" || concerns(one.on, method, path)),
        );
        const fault = concerned.find(({ after }) => after === 0);
        for (const one of concerned) if (one !== fault && one.after > 0) one.after -= 1;
        if (fault === undefined) return undefined;
        fault.times -= 1;
        if (fault.times === 0) this.waiting = this.waiting.filter((one) => one !== fault);
        return fault;
    }

    /** Resolves after some seconds, or as soon as the faults are cleared. */
    hold(seconds: number): Promise<void> {
        return new Promise((resolve) => {
            const release = (): void => {
                clearTimeout(timer);
                this.held.delete(release);
                resolve();
            };
            const timer = setTimeout(release, seconds * 1000);
            this.held.add(release);
        });
    }
}
