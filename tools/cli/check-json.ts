import { z } from "zod";
import type { PlacedProblem } from "../../components/fleet/errors";
import { staying } from "../../components/fleet/leaving";
import { planPaths } from "../../components/mesh/paths";
import type { Shown } from "./check-text";

const bytes = z.number().min(0);
const path = z.array(z.union([z.string(), z.number()])).describe("Keys from the top of the inventory.");
const placed = z.strictObject({
    code: z.string().regex(/^SE\d{3}$/),
    path,
    message: z.string(),
    fix: z.string(),
    file: z.string(),
    line: z.int(),
    column: z.int(),
});
const budget = z.strictObject({
    size: bytes,
    reserve: bytes.describe("Kept for the system itself."),
    items: z.array(z.strictObject({ what: z.string(), bytes, path })).describe("The largest first."),
});
const way = z.strictObject({
    kind: z.enum(["lan", "public", "ipv6", "relayed", "none"]),
    via: z.string().optional(),
    standby: z.array(z.string()).optional(),
    reason: z.string().optional(),
});

/** The facts of a fleet (`components/fleet/design.ts`). Objects may get more keys; those that are here stay. */
const design = z.looseObject({
    machines: z.record(z.string(), z.looseObject({ arch: z.string(), memory: bytes, site: z.string() })),
    mesh: z.record(
        z.string(),
        z.looseObject({ address: z.string(), port: z.int(), peers: z.array(z.looseObject({})) }),
    ),
    paths: z.array(z.strictObject({ between: z.tuple([z.string(), z.string()]), way })),
    instances: z.array(z.looseObject({ block: z.string(), type: z.string(), name: z.string(), node: z.string() })),
    names: z.array(z.looseObject({ name: z.string(), kind: z.string(), edges: z.array(z.string()), path })),
    fits: z.array(z.looseObject({ model: z.string(), node: z.string(), roof: z.number(), arithmetic: z.string() })),
    budgets: z.record(z.string(), z.strictObject({ memory: budget, disk: budget.optional() })),
    flows: z.array(z.looseObject({ from: z.string(), to: z.string(), port: z.int(), what: z.string() })),
    costs: z.array(z.looseObject({ what: z.string(), per: z.enum(["once", "month"]), arithmetic: z.string() })),
    parties: z.array(z.looseObject({ name: z.string(), role: z.string(), stops: z.array(z.string()) })),
});

/** What `./fleet check --json` writes. */
export const checkSchema = z.strictObject({
    stack: z.string(),
    ok: z.boolean().describe("Whether nothing is refused: exit code 0."),
    problems: z.array(placed).describe("What is refused."),
    unbuilt: z.array(placed).describe("What is planned and not built yet (SE045)."),
    missing: z.array(placed).describe("What else is missing to bring the fleet up."),
    warnings: z.array(placed),
    accepted: z.array(z.strictObject({ code: z.string(), path, reason: z.string() })),
    nodes: z.record(
        z.string(),
        z.strictObject({
            address: z.string().optional(),
            mesh: z.string().optional(),
            port: z.int().optional(),
            user: z.string().optional(),
            road: z.int().optional(),
            leaving: z.boolean(),
            roles: z.array(z.string()).describe("Empty while a part of the fleet is not built."),
        }),
    ),
    urls: z.array(z.strictObject({ name: z.string(), url: z.string(), curl: z.array(z.string()) })),
    models: z.array(z.strictObject({ model: z.string(), slug: z.string() })),
    design,
});

/** A checked fleet as plain data. @param problems what is refused */
export function checkJson(name: string, shown: Shown, problems: readonly PlacedProblem[]): Record<string, unknown> {
    const { stack, plan, unbuilt, missing } = shown;
    return {
        stack: name,
        ok: problems.length === 0,
        problems,
        unbuilt,
        missing,
        warnings: stack.warnings,
        accepted: stack.accepted.map(({ problem: { code, path: keys }, reason }) => ({ code, path: keys, reason })),
        nodes: plan === undefined ? writtenNodes(shown) : plannedNodes(plan),
        urls: plan?.urls ?? [],
        models: plan?.models ?? [],
        design: { ...stack.design, paths: planPaths(staying(stack.inventory)) },
    };
}

function plannedNodes({ nodes }: NonNullable<Shown["plan"]>): Record<string, unknown> {
    const entries = Object.values(nodes).map(({ name, address, port, user, mesh, road, leaving, roles }) => [
        name,
        { address, port, user, mesh, road, leaving, roles: Object.keys(roles) },
    ]);
    return Object.fromEntries(entries) as Record<string, unknown>;
}

function writtenNodes({ stack: { inventory, design: facts } }: Shown): Record<string, unknown> {
    const entries = Object.entries(inventory.nodes).map(([name, { address, port, user, leaving }]) => {
        const login = { port: port ?? inventory.ssh.port ?? 22, user: user ?? inventory.ssh.user };
        return [
            name,
            { address, ...login, mesh: facts.mesh[name]?.address, leaving: leaving !== undefined, roles: [] },
        ];
    });
    return Object.fromEntries(entries) as Record<string, unknown>;
}
