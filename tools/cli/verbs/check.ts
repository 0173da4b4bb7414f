import { completenessProblems } from "../../../components/fleet/complete";
import { formatProblems, type PlacedProblem } from "../../../components/fleet/errors";
import { sortByPlace } from "../../../components/fleet/load";
import { planFleet, type FleetPlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { loadStack, type Context } from "../context";
import { exitCodes, type ExitCode } from "../failure";
import { columns } from "../output";

/** `./fleet check`: validates everything that can be validated from files, and shows the plan. */
// eslint-disable-next-line @typescript-eslint/require-await -- a verb is asynchronous
export async function run(context: Context): Promise<ExitCode> {
    const stack = loadStack(context);
    const problems = sortByPlace(completenessProblems(stack));
    const missing = problems.some(({ code }) => code === "SE040");
    // Without its artifacts no role that installs one can be written down.
    const plan = missing ? undefined : planFleet(stack);
    if (plan !== undefined) context.out.say(planText(plan));
    if (problems.length > 0) context.out.warn(formatProblems(problems));
    context.out.result({ stack: stack.name, ok: problems.length === 0, problems, ...(plan && planJson(stack, plan)) });
    return problems.length === 0 ? exitCodes.done : exitCodes.refused;
}

/** The plan for people: nodes with their addresses and roles, then the URLs. */
export function planText({ nodes, urls }: FleetPlan): string {
    const rows = Object.values(nodes).map((node) => [
        node.name,
        `${node.user}@${node.address}:${node.port}`,
        node.mesh ?? "",
        Object.keys(node.roles).join(", "),
    ]);
    return [
        columns([["node", "address", "mesh", "roles"], ...rows], "  "),
        ...(urls.length === 0
            ? []
            : [
                  "",
                  columns(
                      urls.map(({ name, url }) => [name, url]),
                      "  ",
                  ),
              ]),
    ].join("\n");
}

function planJson(stack: Stack, { nodes, urls, models }: FleetPlan): Record<string, unknown> {
    const shown = Object.values(nodes).map(({ name, address, port, user, mesh, road, roles }) => [
        name,
        { address, port, user, mesh, road, roles: Object.keys(roles) },
    ]);
    return { nodes: Object.fromEntries(shown) as unknown, urls, models, serve: stack.inventory.models?.serve ?? {} };
}

/** The type of a problem in the JSON of `check`. */
export type CheckProblem = PlacedProblem;
