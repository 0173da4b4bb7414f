import { relative } from "node:path";
import type { Endpoint } from "../converge/dial";
import type { Claims, DesiredState, Role } from "../converge/schema";
import { planCloud, type CloudPlan } from "../droplet/plan";
import { meshAddresses, type MeshNode } from "../mesh/plan";
import type { Turn } from "../mesh/turn";
import { planModels } from "../models/plan";
import { planClaims } from "../node/claims";
import { planDetours } from "../node/ways";
import { planSecrets, type Secrets } from "../secrets/plan";
import { ownKey } from "./known-hosts";
import { leavingNodes, staying } from "./leaving";
import { renderRoles } from "./render";
import type { Inventory } from "./schema";
import type { Stack } from "./stack";
import { planUrls, type Url } from "./urls";

/** A node as the program drives it. */
export interface NodePlan {
    readonly fleet: string;
    readonly name: string;
    /** Address it is reached at, and the TCP port of its sshd. */
    readonly address: string;
    readonly port: number;
    /** Ways to it through other nodes, for when it does not answer at its address; absent without any. */
    readonly detours?: readonly Endpoint[];
    readonly user: string;
    /** Loopback port of the road to it; 0 while the lock has none. */
    readonly road: number;
    /** Pinned host key, `ssh-ed25519 AAAA…`; empty while there is none. */
    readonly hostKey: string;
    /** Where that is pinned, `FILE:LINE`, for messages. */
    readonly hostKeyPlace: string;
    readonly incarnation: number;
    /** What it is said to be; nothing of one that leaves, which goes whatever it is. */
    readonly claims?: Claims;
    /** Address in the mesh, when the fleet has one. */
    readonly mesh?: string;
    /** Whether everything of ours is taken off it; it has no roles then. */
    readonly leaving: boolean;
    /** The day since which it is not dialled, `2026-03-29`; what would change on it waits. Absent when it is dialled. */
    readonly offline?: string;
    readonly roles: Readonly<Record<string, DesiredState>>;
    /** Names of the secrets that are stored on the node, sorted. Found when asked for: 1,000 nodes have a million of them. */
    readonly secrets: readonly string[];
}

/** A whole fleet as plain data. */
export interface FleetPlan {
    readonly fleet: string;
    readonly nodes: Readonly<Record<string, NodePlan>>;
    readonly secrets: Secrets;
    /** What is rented; absent when nothing is. */
    readonly cloud?: CloudPlan;
    /** Generation of every secret that was rotated; all others have 1. */
    readonly generations: Readonly<Record<string, number>>;
    /** The rotation of a node's mesh key that is under way. */
    readonly turn?: Turn;
    readonly urls: readonly Url[];
    /** Every served model; its roles are named `model-SLUG`. */
    readonly models: readonly { readonly model: string; readonly slug: string }[];
}

/** Computes the fleet: pure, the same for the same files, whole before anything is sent. */
export function planFleet(files: Stack): FleetPlan {
    const stack = { ...files, inventory: staying(files.inventory) };
    const { inventory, lock } = stack;
    const secrets = planSecrets(inventory);
    const { generations, turn } = lock;
    const roles = renderRoles(stack, generations);
    const names = [...Object.keys(inventory.nodes), ...leavingNodes(files)].sort();
    const { mesh } = stack.design;
    const addresses = meshAddresses(files.inventory);
    const nodes = Object.fromEntries(
        names.map((name) => [name, planNode(files, name, mesh[name], roles[name] ?? {}, addresses)]),
    );
    const ownOf = (name: string): string | undefined =>
        ownKey(files.hostKeys, name, files.inventory.nodes[name]?.incarnation);
    const own = Object.fromEntries(names.map((name) => [name, ownOf(name)]));
    const machines = { replaced: replacedDroplets(files), hostKeys: own };
    const cloud = planCloud(files.inventory, stack.design.flows, files.operatorKeys, machines);
    return {
        fleet: inventory.fleet,
        nodes,
        secrets,
        ...(cloud === undefined ? {} : { cloud }),
        generations,
        ...(turn === undefined ? {} : { turn }),
        urls: planUrls(stack),
        models: servedModels(inventory),
    };
}

function planNode(
    stack: Stack,
    name: string,
    mesh: MeshNode | undefined,
    roles: Readonly<Record<string, Role>>,
    addresses: Readonly<Record<string, string>>,
): NodePlan {
    const { inventory, lock, hostKeys } = stack;
    const node = inventory.nodes[name];
    const incarnation = node?.incarnation ?? 1;
    const pin = hostKeys.find((key) => key.node === name);
    const header = { version: 1 as const, fleet: stack.name, node: name, incarnation };
    const sorted = Object.keys(roles).sort();
    const detours = planDetours(inventory, name, addresses);
    const machine = stack.design.machines[name];
    return {
        fleet: stack.name,
        name,
        address: node?.address ?? stack.rented[name]?.address ?? "",
        port: node?.port ?? inventory.ssh.port ?? 22,
        ...(detours.length === 0 ? {} : { detours }),
        user: node?.user ?? inventory.ssh.user,
        road: lock.roads[name] ?? 0,
        hostKey: ownKey(hostKeys, name, node?.incarnation) ?? stack.rented[name]?.hostKey ?? pin?.key ?? "",
        hostKeyPlace: `${shown(stack.files.knownHosts)}:${pin?.line ?? 1}`,
        incarnation,
        ...(machine === undefined ? {} : { claims: planClaims(machine, inventory) }),
        ...(mesh === undefined ? {} : { mesh: mesh.address }),
        leaving: node?.leaving === true,
        ...(node?.offline === undefined ? {} : { offline: node.offline }),
        roles: Object.fromEntries(sorted.map((role) => [role, { ...header, role, ...roles[role] }])),
        get secrets() {
            return secretsOf(Object.values(roles));
        },
    };
}

/** Names of the secrets of all roles, sorted. Those of the mesh, the only many, come nearly sorted and are no role's else. */
function secretsOf(roles: readonly Role[]): string[] {
    const [most = [], ...others] = roles.flatMap(({ secrets }) =>
        secrets === undefined ? [] : [Object.keys(secrets)],
    );
    return (others.length === 0 ? most : [...new Set([most, ...others].flat())]).sort();
}

/** Droplets whose incarnation is another one than the state's: only those may be replaced. */
function replacedDroplets({ inventory, rented }: Stack): Set<string> {
    const changed = Object.entries(inventory.nodes).filter(([name, { incarnation }]) => {
        const before = rented[name]?.incarnation;
        return before !== undefined && before !== incarnation;
    });
    return new Set(changed.map(([name]) => name));
}

function servedModels(inventory: Inventory): { model: string; slug: string }[] {
    const bySlug = new Map(planModels(inventory).map(({ model, slug }) => [slug, { model, slug }]));
    return [...bySlug.values()];
}

function shown(file: string): string {
    return relative(process.cwd(), file) || file;
}
