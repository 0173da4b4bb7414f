import { roleOnNode, type Happening } from "./events";
import { formatSeconds, type Output } from "./output";

/** Milliseconds between two reminders of what takes long. */
const reminder = 15_000;

/**
 * Shows a run as it goes: a line for what was changed or failed, none for what stays as it is. What fails on a node that
 * is known not to answer is not news.
 */
export class Progress {
    private readonly running = new Map<string, number>();
    private readonly timer: NodeJS.Timeout;

    /** @param holder who else holds a node's lock, given what our run has going on there */
    constructor(
        private readonly out: Output,
        private readonly silent: readonly string[],
        private readonly holder: (node: string, roles: readonly string[]) => Promise<string | undefined>,
    ) {
        this.timer = setInterval(() => {
            this.remind();
        }, reminder);
    }

    show(happenings: readonly Happening[]): void {
        for (const happening of happenings) this.showOne(happening);
    }

    stop(): void {
        clearInterval(this.timer);
    }

    private showOne(happening: Happening): void {
        switch (happening.kind) {
            case "started":
                this.running.set(happening.resource, performance.now());
                return;
            case "changed":
                this.out.say(`  ${happening.resource}  ${wordFor(happening)}${this.since(happening.resource)}`);
                return;
            case "failed":
                if (this.silent.includes(roleOnNode(happening.resource)?.node ?? "")) {
                    this.running.delete(happening.resource);
                    return;
                }
                this.out.say(`  ${happening.resource}  FAILED${this.since(happening.resource)}`);
                for (const line of happening.cause) this.out.say(`      ${line}`);
                return;
            case "said":
                if (this.silent.some((node) => happening.text.startsWith(`${node} `))) return;
                this.out.warn(`  ${happening.severity}: ${happening.text}`);
        }
    }

    private since(resource: string): string {
        const start = this.running.get(resource);
        this.running.delete(resource);
        return start === undefined ? "" : ` (${formatSeconds(performance.now() - start)})`;
    }

    private remind(): void {
        const long = [...this.running].map(
            ([resource, start]) => `${resource} (${Math.round((performance.now() - start) / 1000)} s)`,
        );
        if (long.length > 0) this.out.say(`  … still at ${long.join(", ")}`);
        for (const [node, roles] of this.going()) void this.nameHolder(node, roles);
    }

    /** Roles that take long, by node. */
    private going(): Map<string, string[]> {
        const late = performance.now() - reminder / 2;
        const places = [...this.running].flatMap(([resource, start]) =>
            start < late ? (roleOnNode(resource) ?? []) : [],
        );
        return new Map(places.map(({ node }) => [node, places.filter((p) => p.node === node).map(({ role }) => role)]));
    }

    private async nameHolder(node: string, roles: readonly string[]): Promise<void> {
        const holder = await this.holder(node, roles);
        if (holder !== undefined) this.out.say(`  … ${node} is held by another run: ${holder}`);
    }
}

/** What is told to a node is sent and forgotten; a rented machine or a key is made, and gone for good. */
function wordFor({ op, resource }: { readonly op: string; readonly resource: string }): string {
    const told = roleOnNode(resource) !== undefined;
    const words: Record<string, string> = {
        create: "done",
        update: "changed",
        "create-replacement": told ? "sent again" : "made anew",
        delete: told ? "forgotten" : "deleted",
    };
    return words[op] ?? op;
}
