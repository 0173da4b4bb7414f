import type { DesiredState } from "../converge/schema";

/** What the stack's state says that a node was told last. */
export interface RecordedNode {
    /** Number of the machine behind the name. */
    readonly incarnation: number;
    /** SHA-256 of the program that was installed; absent when none was. */
    readonly program?: string;
    /** Desired states by role. */
    readonly roles: Readonly<Record<string, DesiredState>>;
}

/** What the stack's state says of every node, by name. */
export type Recorded = Readonly<Record<string, RecordedNode>>;

/** The part of a resource in a state that is read. */
interface Resource {
    readonly type: string;
    /** Replaced, and not yet deleted. */
    readonly delete?: boolean;
    readonly inputs?: { readonly stdin?: unknown };
}

interface State {
    /** As `pulumi stack export` writes it. */
    readonly deployment?: { readonly resources?: readonly Resource[] } | null;
    /** As the file backend keeps it. */
    readonly checkpoint?: { readonly latest?: { readonly resources?: readonly Resource[] } | null };
}

interface Header {
    readonly node?: unknown;
    readonly role?: unknown;
    readonly program?: unknown;
    readonly incarnation?: unknown;
}

/**
 * Reads what nodes were told last out of a stack's state: the documents on the standard input of its commands. Those with
 * secrets in them are encrypted there and passed over.
 * @param text an exported state, or a checkpoint of the file backend
 * @throws SyntaxError when it is not JSON
 */
export function readRecorded(text: string): Recorded {
    const { deployment, checkpoint } = JSON.parse(text) as State;
    const resources = deployment?.resources ?? checkpoint?.latest?.resources ?? [];
    const found: Record<string, { incarnation: number; program?: string; roles: Record<string, DesiredState> }> = {};
    for (const { type, delete: condemned, inputs } of resources) {
        if (type !== "command:remote:Command" || condemned === true || typeof inputs?.stdin !== "string") continue;
        const document = JSON.parse(inputs.stdin) as Header;
        if (typeof document.node !== "string") continue;
        const node = (found[document.node] ??= { incarnation: 1, roles: {} });
        if (typeof document.incarnation === "number") node.incarnation = document.incarnation;
        if (typeof document.program === "string") node.program = document.program;
        if (typeof document.role === "string") node.roles[document.role] = document as DesiredState;
    }
    return found;
}
