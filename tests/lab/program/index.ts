import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { canonical } from "../../../components/converge/canonical";
import { confirmHook, openRoads, shipProgram } from "../../../components/converge/resources";
import { LeavingNode, Node, type Shared } from "../../../components/node/resources";
import { planOf, rawVariable, type RawFleet, type RawNode } from "./raw";

/** Registers a node in the production order. */
function register(name: string, raw: RawNode, shared: Shared): void {
    const plan = planOf(name, raw);
    if (plan.leaving) {
        new LeavingNode(plan, shared, {});
        return;
    }
    const { fleet, incarnation, roles } = plan;
    const { secrets = {}, wireguard = {} } = raw;
    const document = canonical({ version: 1, fleet, node: name, incarnation, secrets, wireguard });
    const node = new Node(plan, pulumi.secret(document), shared, {});
    if (roles["wireguard"] !== undefined) node.joinMesh(node, Promise.resolve());
    for (const role of node.unregistered) node.addRole(role, node);
    node.finish(raw.addresses);
}

export = async (): Promise<void> => {
    const { nodes } = JSON.parse(readFileSync(process.env[rawVariable] ?? "", "utf8")) as RawFleet;
    const plans = Object.entries(nodes).map(([name, node]) => planOf(name, node));
    const roads = openRoads(plans);
    const confirm = await confirmHook(plans, roads);
    const shared: Shared = { program: shipProgram(), confirm, roads, reach: () => undefined };
    for (const [name, node] of Object.entries(nodes)) register(name, node, shared);
};
