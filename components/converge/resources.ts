import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { NodePlan } from "../fleet/plan";
import { bundleFile, bundleOf, placeBundle, readProgram, type Bundle } from "./bundle";
import { canonical } from "./canonical";
import { commandLine, installLine, upload } from "./command";
import { openRoad } from "./roads";
import type { DesiredState, InstallDocument, Roster } from "./schema";

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

/** Puts the program where the engine uploads it from. */
export function shipProgram(): Bundle {
    const bundle = bundleOf(readProgram());
    placeBundle(bundle);
    return bundle;
}

/**
 * `program on NODE` and `converge on NODE`: uploads converge.py and installs it. The engine keeps nothing of the program
 * but its hash.
 */
export function installCommand(
    node: NodePlan,
    { sha256 }: Bundle,
    { parent, dependsOn }: CommandOptions,
): remote.Command {
    const copy = new remote.CopyToRemote(
        `program on ${node.name}`,
        {
            connection: connectionOf(node),
            source: new pulumi.asset.FileAsset(bundleFile),
            remotePath: upload,
            triggers: triggersOf(node),
        },
        { parent, dependsOn: [...dependsOn] },
    );
    const { fleet, name, incarnation } = node;
    const document: InstallDocument = { version: 1, fleet, node: name, incarnation, program: sha256 };
    return command(node, "converge", installLine(node.user), canonical(document), { parent, dependsOn: [copy] });
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
            connection: connectionOf(node),
            create,
            stdin,
            triggers: triggersOf(node),
            addPreviousOutputInEnv: false,
            logging: remote.Logging.None,
        },
        { parent, dependsOn: [...dependsOn] },
    );
}

/** Without a key: the SSH agent's are used, so that the connection is the same for every operator. */
function connectionOf({ road, user, hostKey }: NodePlan): remote.CommandArgs["connection"] {
    return { host: "127.0.0.1", port: road, user, hostKey, dialErrorLimit: 1, perDialTimeout: 5 };
}

/** Only what makes everything be sent again: the machine behind the name is a new one. */
function triggersOf({ incarnation }: NodePlan): number[] {
    return [incarnation];
}
