import { neededArtifacts } from "../../../components/fleet/artifacts";
import { completenessProblems } from "../../../components/fleet/complete";
import { formatProblems } from "../../../components/fleet/errors";
import { sortByPlace } from "../../../components/fleet/load";
import { planFleet, type FleetPlan } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { loadStack, type Context } from "../context";
import { exitCodes, type ExitCode } from "../failure";
import { leavingWords } from "../leaving-text";
import { columns } from "../output";

/** `./fleet check`: validates everything that can be validated from files, and shows the plan. */
// eslint-disable-next-line @typescript-eslint/require-await -- a verb is asynchronous
export async function run(context: Context): Promise<ExitCode> {
    const stack = loadStack(context);
    const problems = sortByPlace(completenessProblems(stack));
    const plan = planFleet(withStandIns(stack));
    context.out.say([planText(plan), ...leavingWords(stack)].join("\n"));
    if (problems.length > 0) context.out.warn(formatProblems(problems));
    context.out.result({ stack: stack.name, ok: problems.length === 0, problems, ...planJson(plan) });
    return problems.length === 0 ? exitCodes.done : exitCodes.refused;
}

/** The plan for people: nodes with their addresses and roles, then the URLs. */
export function planText({ nodes, urls }: FleetPlan): string {
    const rows = Object.values(nodes).map((node) => [
        node.name,
        `${node.user}@${node.address}:${node.port}`,
        node.mesh ?? "",
        node.leaving ? "leaving" : Object.keys(node.roles).join(", "),
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

/**
 * The stack with every artifact locked: which roles there are does not depend on hashes, so what is not pinned yet is
 * stood in for. Only for showing names of roles; the hashes go nowhere.
 */
function withStandIns(stack: Stack): Stack {
    const artifacts = { ...stack.lock.artifacts };
    for (const { key, version, arch, url } of neededArtifacts(stack.inventory)) {
        const entry = artifacts[key]?.version === version ? artifacts[key] : { version };
        const standIn = { url, sha256: "0".repeat(64), bytes: 1, verified: "not pinned", at: "" };
        artifacts[key] = { ...entry, [arch]: entry[arch] ?? standIn };
    }
    return { ...stack, lock: { ...stack.lock, artifacts } };
}

function planJson({ nodes, urls, models }: FleetPlan): Record<string, unknown> {
    const shown = Object.values(nodes).map(({ name, address, port, user, mesh, road, leaving, roles }) => [
        name,
        { address, port, user, mesh, road, leaving, roles: Object.keys(roles) },
    ]);
    return { nodes: Object.fromEntries(shown) as unknown, urls, models };
}
