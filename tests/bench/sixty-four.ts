import { cpus, loadavg } from "node:os";
import { canonical } from "../../components/converge/canonical";
import type { Role } from "../../components/converge/schema";
import { planFleet, type NodePlan } from "../../components/fleet/plan";
import type { Engine } from "../lab/program/drive";
import type { RawFleet, RawNode } from "../lab/program/raw";
import { file, spare } from "../lab/program/spare";
import { sixtyFour } from "../support/sixty-four";
import { stackOf } from "../support/stack";
import { measure, table, type Row } from "./measure";
import { takenBy, type Clocked } from "./processor";
import { machines, must0, nameOf, row, withMachines } from "./shared";

/** As many roles as are planned for a node, each a file with the text of its desired state: what is sent has its size. */
function rolesOf({ roles }: NodePlan): Record<string, Role> {
    const entries = Object.entries(roles).map(([role, state]): [string, Role] => {
        // What it refers to is not stored on these nodes.
        const text = canonical(state).replaceAll("{{", "{ {");
        return [role, { files: { [`/etc/bench/${role}.json`]: file(text) } }];
    });
    return Object.fromEntries(entries);
}

/** Planned nodes, spread over the machines of the lab; each has a login and a root directory of its own. */
function spread(nodes: readonly NodePlan[]): RawFleet {
    const entries = nodes.map((plan, index): [string, RawNode] => {
        const [machine, place] = [index % machines.length, Math.floor(index / machines.length)];
        const name = nameOf(machine, place);
        const node = spare(machines[machine] ?? "", rolesOf(plan), { user: name, road: 30_000 + index });
        return [name, node];
    });
    return { nodes: Object.fromEntries(entries) };
}

/** Bytes of the longest desired state, as it is planned. */
function longest(nodes: readonly NodePlan[]): number {
    const roles = nodes.flatMap((plan) => Object.values(plan.roles));
    return Math.max(...roles.map((state) => Buffer.byteLength(canonical(state))));
}

/** What is measured with the engine, on machines that are prepared. */
async function rows(nodes: readonly NodePlan[], engine: Engine, clock: Clocked): Promise<Row[]> {
    const planned = spread(nodes);
    const [before, start] = [takenBy(machines), performance.now()];
    await must0("the first up", engine.up(planned));
    const first = row("first up", performance.now() - start);
    const taken = [row("  processor time of the engine", clock.last)];
    taken.push(row("  processor time of the nodes", takenBy(machines) - before));
    const again = await measure("nothing changed: preview", 3, () =>
        must0("the preview", engine.preview(planned, "--expect-no-changes")),
    );
    return [first, ...taken, again, row("  processor time of the engine", clock.last)];
}

/** 64 planned nodes that dial two machines: the first up, and a preview that has nothing to say, in milliseconds. */
export async function sixtyFourTable(): Promise<string> {
    const nodes = Object.values(planFleet(stackOf("many", sixtyFour())).nodes);
    const measured = await withMachines((engine, clock) => rows(nodes, engine, clock));
    const load = loadavg().map((value) => value.toFixed(1));
    return `${table("64 planned nodes (ms)", measured)}\n  longest desired state ${longest(nodes)} bytes; load ${load.join(", ")} on ${cpus().length} cores`;
}
