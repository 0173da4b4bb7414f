import { remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { NodePlan } from "../fleet/plan";
import { bundleFile, bundleOf, placeBundle, readProgram, type Bundle } from "./bundle";
import { canonical } from "./canonical";
import { commandLine, installLine, upload } from "./command";
import { engineTooOld, freshConnectionWithin, hooksSince, runAgain, unconfirmed } from "./confirm";
import { openNodeRoads, type Roads } from "./node-roads";
import type { DesiredState, InstallDocument, Roster } from "./schema";

/** How a node is reached whose address and host key come about while the program runs. */
export interface Reach {
    /** The loopback address, as soon as the road behind it leads to the node. */
    readonly host: pulumi.Output<string>;
    readonly hostKey: pulumi.Output<string>;
    /** Which machine it is, and of what size: another one, and one that was restarted for its size, is waited for anew. */
    readonly machine: pulumi.Output<string>;
    /** Once this is there, the road leads to it; the others have a value in any case. */
    readonly leads: pulumi.Resource;
}

/** What every command on a node needs beside its text. */
export interface CommandOptions {
    /** How it is reached, where the plan cannot know that. */
    readonly reach?: Reach | undefined;
    readonly parent: pulumi.Resource;
    readonly dependsOn: readonly pulumi.Resource[];
    /** Runs a command again whose change waits to be confirmed; none in a program without a real engine. */
    readonly confirm?: pulumi.ErrorHook | undefined;
}

/** What a role's command can need beside. */
export interface RoleOptions extends CommandOptions {
    /** What has to be over before it starts, however it ended; what it depends on has to have gone well. */
    readonly after?: Promise<void> | undefined;
}

/** Opens the roads to all nodes that are dialled. Not in a preview: nothing is dialled there. */
export function openRoads(nodes: readonly NodePlan[]): Roads {
    if (pulumi.runtime.isDryRun()) return new Map();
    const warn = (message: string): void => void pulumi.log.warn(message);
    const dialled = nodes.filter(({ offline }) => offline === undefined);
    return openNodeRoads(dialled, ({ road }) => road, warn);
}

/**
 * The hook that runs a command again over a fresh connection when its change waits to be confirmed.
 * @returns nothing when the engine has no such hooks and no role needs them
 * @throws RunError when a role needs them
 */
export async function confirmHook(nodes: readonly NodePlan[], roads: Roads): Promise<pulumi.ErrorHook | undefined> {
    try {
        await pulumi.runtime.requirePulumiVersion(`>=${hooksSince}`);
    } catch {
        const needed = nodes.flatMap(({ name, roles }) =>
            Object.keys(roles).flatMap((role) => (roles[role]?.confirm === undefined ? [] : [`${role} on ${name}`])),
        );
        if (needed.length > 0) throw new pulumi.RunError(engineTooOld(needed));
        return undefined;
    }
    const rolesOf = new Map(nodes.map((node) => [node.name, node.roles]));
    return new pulumi.ErrorHook("confirm", ({ name, errors }) => {
        const [role = "", node = ""] = name.split(" on ");
        const again = runAgain(errors);
        if (again) roads.get(node)?.again(freshConnectionWithin);
        const words = unconfirmed(name, node, errors, rolesOf.get(node)?.[role]?.confirm?.window);
        if (!again && words !== undefined) void pulumi.log.warn(words);
        return again;
    });
}

/** Resolves as soon as the engine is done with a resource, whatever came of it: done, unchanged, failed or skipped. */
export function settled(resource: pulumi.Resource): Promise<void> {
    return new Promise((done) => {
        // A resource has its URN in any case; nothing is waited for but the answer that brings it.
        resource.urn.apply(() => {
            done();
        });
    });
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
    { parent, dependsOn, reach }: CommandOptions,
): remote.Command {
    const copy = new remote.CopyToRemote(
        `program on ${node.name}`,
        {
            connection: connectionOf(node, reach),
            source: new pulumi.asset.FileAsset(bundleFile),
            remotePath: upload,
            triggers: triggersOf(node),
        },
        { parent, dependsOn: [...dependsOn], ...untouched(node) },
    );
    const { fleet, name, incarnation, claims } = node;
    const said = claims === undefined ? {} : { claims };
    const document: InstallDocument = { version: 1, fleet, node: name, incarnation, program: sha256, ...said };
    return command(node, "converge", installLine(node.user), canonical(document), {
        parent,
        dependsOn: [copy],
        reach,
    });
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
export function roleCommand(node: NodePlan, role: string, options: RoleOptions): remote.Command {
    const desired: DesiredState | undefined = node.roles[role];
    if (desired === undefined) throw new Error(`${node.name} has no role ${role}.`);
    const { confirm, after, ...others } = options;
    const hooks = desired.confirm === undefined ? others : { ...others, confirm };
    const text = canonical(desired);
    // Waited for before the engine hears of the command: one that waits in the engine takes a place from the others.
    const stdin = after === undefined ? text : pulumi.output(after.then(() => text));
    return command(node, role, commandLine("apply", node.user), stdin, hooks);
}

/** How long a machine that was just made is waited for until its sshd answers, in milliseconds; half a minute is usual. */
const firstAnswerWithin = 180_000;

/** cloud-init(1): 0 is done, 2 is done with complaints that it recovered from; 1 is a first boot that failed. */
const firstBoot =
    'said=$(cloud-init status --wait --long); code=$?; [ $code -eq 0 ] || [ $code -eq 2 ] || { echo "$said"; exit $code; }';

/** `boot on NODE`: waits, once for a machine, until it answers with the host key that the program made and its first boot is over. */
export function bootCommand(node: NodePlan, roads: Roads, options: CommandOptions): remote.Command {
    const { parent, dependsOn, reach } = options;
    const wait = new pulumi.ResourceHook(`wait for ${node.name}`, () => {
        roads.get(node.name)?.again(firstAnswerWithin);
    });
    const connection = pulumi.output(connectionOf(node, reach)).apply((one) => ({ ...one, perDialTimeout: 200 }));
    return new remote.Command(
        `boot on ${node.name}`,
        {
            connection,
            create: firstBoot,
            triggers: [...triggersOf(node), reach?.machine ?? ""],
            addPreviousOutputInEnv: false,
            logging: remote.Logging.None,
        },
        {
            parent,
            dependsOn: [...dependsOn],
            hooks: { beforeCreate: [wait], beforeUpdate: [wait] },
            ...untouched(node),
        },
    );
}

/** `finish on NODE`: sweeps what the roster does not name, and renders again what uses an address that changed. */
export function finishCommand(node: NodePlan, roster: pulumi.Input<Roster>, options: CommandOptions): remote.Command {
    const text = pulumi.output(roster).apply(canonical);
    return command(node, "finish", commandLine("finish", node.user), text, options);
}

/** `leave on NODE`: takes off the machine what the fleet put there, the program included. */
export function leaveCommand(node: NodePlan, options: CommandOptions): remote.Command {
    return command(node, "leave", commandLine("release", node.user), undefined, options);
}

function command(
    node: NodePlan,
    what: string,
    create: string,
    stdin: pulumi.Input<string> | undefined,
    { parent, dependsOn, confirm, reach }: CommandOptions,
): remote.Command {
    return new remote.Command(
        `${what} on ${node.name}`,
        {
            connection: connectionOf(node, reach),
            // What has no text is neither run, when it is new, nor changed.
            ...(node.offline === undefined ? { create, ...(stdin === undefined ? {} : { stdin }) } : {}),
            triggers: triggersOf(node),
            addPreviousOutputInEnv: false,
            logging: remote.Logging.None,
        },
        {
            parent,
            dependsOn: [...dependsOn],
            ...(confirm === undefined ? {} : { hooks: { onError: [confirm] } }),
            ...untouched(node),
        },
    );
}

/** The commands of a node that is not dialled stay in the state as they are, so that what differs applies on its return. */
function untouched({ offline }: NodePlan): pulumi.CustomResourceOptions {
    return offline === undefined ? {} : { ignoreChanges: ["*"] };
}

/** Without a key: the SSH agent's are used, so that the connection is the same for every operator. */
function connectionOf({ road, user, hostKey }: NodePlan, reach?: Reach): remote.CommandArgs["connection"] {
    const end = reach ?? { host: "127.0.0.1", hostKey };
    return { host: end.host, port: road, user, hostKey: end.hostKey, dialErrorLimit: 1, perDialTimeout: 5 };
}

/**
 * What makes everything be sent again: the machine behind the name is a new one, or it leaves and, should it come back,
 * has nothing of ours any more.
 */
function triggersOf({ incarnation, leaving }: NodePlan): (number | string)[] {
    return leaving ? [incarnation, "leaving"] : [incarnation];
}
