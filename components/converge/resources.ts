import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { NodePlan } from "../fleet/plan";
import { canonical } from "./canonical";
import { commandLine, installLine } from "./command";
import type { DesiredState, Roster } from "./schema";
import { openRoad } from "./roads";

/** What every command on a node needs beside its text. */
export interface CommandOptions {
    readonly parent: pulumi.Resource;
    readonly dependsOn: readonly pulumi.Resource[];
}

/** Opens the roads to all nodes. Not in a preview: nothing is dialled there. */
export function openRoads(nodes: readonly NodePlan[]): void {
    if (pulumi.runtime.isDryRun()) return;
    for (const { name, road, address, port } of nodes) {
        openRoad({ node: name, port: road, endpoints: [{ host: address, port }] }, (message) => {
            void pulumi.log.warn(message);
        });
    }
}

/** `converge on NODE`: installs converge.py. */
export function installCommand(node: NodePlan, options: CommandOptions): remote.Command {
    const text = readFileSync(resolve(__dirname, "converge.py"), "utf8");
    return command(node, "converge", installLine(node.user), text, options);
}

/** `secrets on NODE`: stores what the node's roles refer to. `document` is a SecretsDocument as JSON. */
export function secretsCommand(
    node: NodePlan,
    document: pulumi.Output<string>,
    options: CommandOptions,
): remote.Command {
    return command(node, "secrets", commandLine("secrets", node.user), pulumi.secret(document), options);
}

/** `ROLE on NODE`: applies a desired state. */
export function roleCommand(node: NodePlan, role: string, options: CommandOptions): remote.Command {
    const desired: DesiredState | undefined = node.roles[role];
    if (desired === undefined) throw new Error(`${node.name} has no role ${role}.`);
    return command(node, role, commandLine("apply", node.user), canonical(desired), options);
}

/** `finish on NODE`: sweeps what the roster does not name. */
export function finishCommand(node: NodePlan, roster: Roster, options: CommandOptions): remote.Command {
    return command(node, "finish", commandLine("finish", node.user), canonical(roster), options);
}

function command(
    node: NodePlan,
    what: string,
    create: string,
    stdin: pulumi.Input<string>,
    { parent, dependsOn }: CommandOptions,
): remote.Command {
    return new remote.Command(
        `${what} on ${node.name}`,
        {
            // Without a key: the SSH agent's are used, so that the connection is the same for every operator.
            connection: {
                host: "127.0.0.1",
                port: node.road,
                user: node.user,
                hostKey: node.hostKey,
                dialErrorLimit: 1,
                perDialTimeout: 5,
            },
            create,
            stdin,
            // Only what is sent again when the machine behind the name is a new one.
            triggers: [node.incarnation],
            addPreviousOutputInEnv: false,
            logging: remote.Logging.None,
        },
        { parent, dependsOn: [...dependsOn] },
    );
}
