import { programLine } from "../../components/converge/command";
import type { NodePlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { loginOf } from "./nodes";
import { sshRun } from "./ssh";
import { parseReport } from "./status-text";

/** Milliseconds a node may take to say who holds its lock. */
const patience = 10_000;

/**
 * Who holds a node's lock, in its own words: `pid 812 (role caddy, since …, by alice@laptop)`. An empty text when it is
 * free, nothing when the node does not say.
 */
export async function askHolder(stack: Stack, node: NodePlan): Promise<string | undefined> {
    const { code, stdout } = await sshRun(loginOf(stack, node), programLine("status", node.user), "", patience);
    return code === 0 ? parseReport(stdout)?.lock : undefined;
}

/** Asks who holds the lock of a node whose roles take long; a few times a node, because each is a login. */
export class Holders {
    private readonly asked = new Map<string, number>();

    constructor(
        private readonly stack: Stack,
        private readonly nodes: readonly NodePlan[],
        private readonly most = 3,
    ) {}

    /** The holder when it is another run than ours. @param roles what our run has going on at the node */
    async other(name: string, roles: readonly string[]): Promise<string | undefined> {
        const node = this.nodes.find((candidate) => candidate.name === name);
        const times = this.asked.get(name) ?? 0;
        if (node === undefined || times >= this.most) return undefined;
        this.asked.set(name, times + 1);
        const holder = await askHolder(this.stack, node);
        return holder === undefined || isOurs(holder, roles) ? undefined : holder;
    }
}

/** Whether the holder may be one of our own commands, by what it says it does. */
export function isOurs(holder: string, roles: readonly string[]): boolean {
    const doing: Record<string, string> = { converge: "install", leave: "release" };
    return holder === "" || roles.some((role) => holder.includes(`(${doing[role] ?? doingOf(role)}, since `));
}

function doingOf(role: string): string {
    return role === "secrets" || role === "finish" ? role : `role ${role}`;
}
