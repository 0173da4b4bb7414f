import { canonical } from "../../components/converge/canonical";
import type { Role } from "../../components/converge/schema";
import { planFleet, type NodePlan } from "../../components/fleet/plan";
import { Engine } from "../lab/program/drive";
import type { RawFleet, RawNode } from "../lab/program/raw";
import { file, spare, start } from "../lab/program/spare";
import { lab, operator } from "../lab/support";
import { sixtyFour } from "../support/sixty-four";
import { stackOf } from "../support/stack";
import type { Row } from "./measure";
import { machines, must0, nameOf, prepare } from "./scale";

/** As many roles as are planned for a node, each a file with the text of its desired state: what is sent has its size. */
function rolesOf({ roles }: NodePlan): Record<string, Role> {
    const entries = Object.entries(roles).map(([role, state]): [string, Role] => {
        // What it refers to is not stored on these nodes.
        const text = canonical(state).replaceAll("{{", "{ {");
        return [role, { files: { [`/etc/bench/${role}.json`]: file(text) } }];
    });
    return Object.fromEntries(entries);
}

/** The planned fleet of 64, spread over the machines of the lab; each node has a login and a root directory of its own. */
function fleet(): RawFleet {
    const { nodes } = planFleet(stackOf("many", sixtyFour()));
    const entries = Object.values(nodes).map((plan, index): [string, RawNode] => {
        const [machine, place] = [index % machines.length, Math.floor(index / machines.length)];
        const name = nameOf(machine, place);
        const node = spare(machines[machine] ?? "", rolesOf(plan), { user: name, road: 30_000 + index });
        return [name, node];
    });
    return { nodes: Object.fromEntries(entries) };
}

async function timed(name: string, body: () => Promise<void>): Promise<Row> {
    const start = performance.now();
    await body();
    return { name, times: [performance.now() - start] };
}

/** 64 planned nodes that dial two machines: the first up, and a preview that has nothing to say, in milliseconds. */
export async function sixtyFourRows(): Promise<Row[]> {
    await start(...machines);
    await Promise.all(machines.map((_, machine) => prepare(machine)));
    const engine = await Engine.make(operator, { PULUMI_SKIP_CHECKPOINTS: "true" });
    try {
        // The program itself, and the unit that systemctl is told of, lie under no root of their own.
        const own = machines.map((machine) => [machine, spare(machine, {})] as const);
        await must0("the machines' own up", engine.up({ nodes: Object.fromEntries(own) }));
        const planned = fleet();
        const first = await timed("64 planned nodes: first up", () => must0("the first up", engine.up(planned)));
        const again = await timed("the same, nothing changed: preview", () =>
            must0("the preview", engine.preview(planned, "--expect-no-changes")),
        );
        return [first, again];
    } finally {
        engine.dispose();
        for (const machine of machines) await lab("power", "off", machine);
    }
}
