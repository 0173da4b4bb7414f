import type { DesiredState, Role } from "../converge/desired";
import { planZones } from "../dns/plan";
import { renderServer, renderZone, serverPackages } from "../dns/render";
import { caddyArtifact } from "../edge/artifact";
import { planEdges } from "../edge/plan";
import { renderCaddy } from "../edge/render";
import { planMesh, type MeshNode } from "../mesh/plan";
import { renderWireguard } from "../mesh/render";
import { llamaCppArtifact } from "../models/engines/llamacpp/artifact";
import { llamaCppPackages, renderLlamaCpp } from "../models/engines/llamacpp/render";
import { planGateway, planModels, type Gateway } from "../models/plan";
import { hardwareOf } from "../node/hardware";
import { desiredArtifact } from "./artifacts";
import type { Inventory } from "./schema";
import { planSecrets, type Secrets } from "../secrets/plan";
import type { Stack } from "./stack";

/** A node as the program drives it. */
export interface NodePlan {
    readonly fleet: string;
    readonly name: string;
    /** Address it is reached at, and the TCP port of its sshd. */
    readonly address: string;
    readonly port: number;
    readonly user: string;
    /** Loopback port of the road to it; 0 while the lock has none. */
    readonly road: number;
    /** Pinned host key, `ssh-ed25519 AAAA…`; empty while there is none. */
    readonly hostKey: string;
    readonly incarnation: number;
    /** Address in the mesh, when the fleet has one. */
    readonly mesh?: string;
    readonly roles: Readonly<Record<string, DesiredState>>;
    /** Names of the secrets that are stored on the node. */
    readonly secrets: readonly string[];
}

/** An address that people use, with a command that shows that it works. */
export interface Url {
    readonly name: string;
    readonly url: string;
    /** Arguments of curl. */
    readonly curl: readonly string[];
}

/** A whole fleet as plain data. */
export interface FleetPlan {
    readonly fleet: string;
    readonly nodes: Readonly<Record<string, NodePlan>>;
    readonly secrets: Secrets;
    /** Generation of every secret; 1 unless it was rotated. */
    readonly generations: Readonly<Record<string, number>>;
    readonly urls: readonly Url[];
    /** Every served model; its roles are named `model-SLUG`. */
    readonly models: readonly { readonly model: string; readonly slug: string }[];
}

type Roles = Record<string, Record<string, Role>>;

/** Computes the fleet: pure, the same for the same files, whole before anything is sent. */
export function planFleet(stack: Stack): FleetPlan {
    const { inventory, lock } = stack;
    const secrets = planSecrets(inventory);
    const generations = Object.fromEntries(Object.keys(secrets).map((name) => [name, lock.generations[name] ?? 1]));
    const roles = planRoles(stack, generations);
    const names = Object.keys(inventory.nodes).sort();
    const mesh = planMesh(inventory);
    const nodes = Object.fromEntries(names.map((name) => [name, planNode(stack, name, mesh[name], roles[name] ?? {})]));
    return {
        fleet: inventory.fleet,
        nodes,
        secrets,
        generations,
        urls: planUrls(stack),
        models: servedModels(inventory),
    };
}

function planNode(
    stack: Stack,
    name: string,
    mesh: MeshNode | undefined,
    roles: Readonly<Record<string, Role>>,
): NodePlan {
    const { inventory, lock, hostKeys } = stack;
    const node = inventory.nodes[name];
    const incarnation = node?.incarnation ?? 1;
    const header = { version: 1 as const, fleet: stack.name, node: name, incarnation };
    const sorted = Object.keys(roles).sort();
    return {
        fleet: stack.name,
        name,
        address: node?.address ?? "",
        port: node?.port ?? 22,
        user: node?.user ?? inventory.ssh.user,
        road: lock.roads[name] ?? 0,
        hostKey: hostKeys.find((key) => key.node === name)?.key ?? "",
        incarnation,
        ...(mesh === undefined ? {} : { mesh: mesh.address }),
        roles: Object.fromEntries(sorted.map((role) => [role, { ...header, role, ...roles[role] }])),
        secrets: [...new Set(Object.values(roles).flatMap((role) => Object.keys(role.secrets ?? {})))].sort(),
    };
}

function servedModels(inventory: Inventory): { model: string; slug: string }[] {
    const bySlug = new Map(planModels(inventory).map(({ model, slug }) => [slug, { model, slug }]));
    return [...bySlug.values()];
}

function planRoles(stack: Stack, generations: Readonly<Record<string, number>>): Roles {
    const { inventory } = stack;
    const roles: Roles = Object.fromEntries(Object.keys(inventory.nodes).map((name) => [name, {}]));
    const packages: Record<string, string[]> = {};
    const add = (node: string, role: string, body: Role, needs: readonly string[] = []): void => {
        roles[node] = { ...roles[node], [role]: body };
        packages[node] = [...(packages[node] ?? []), ...needs];
    };
    for (const [node, mesh] of Object.entries(planMesh(inventory))) {
        add(node, "wireguard", renderWireguard(node, mesh, generations), ["wireguard-tools"]);
    }
    addEdges(stack, generations, add);
    addZones(stack, add);
    addModels(stack, generations, add);
    for (const [node, names] of Object.entries(packages)) {
        const sorted = [...new Set(names)].sort();
        if (sorted.length > 0)
            add(node, "packages", { packages: Object.fromEntries(sorted.map((name) => [name, {}])) });
    }
    return roles;
}

type Add = (node: string, role: string, body: Role, needs?: readonly string[]) => void;

function addEdges({ inventory, lock, chatPage }: Stack, generations: Readonly<Record<string, number>>, add: Add): void {
    for (const [node, edge] of Object.entries(planEdges(inventory))) {
        const artifact = desiredArtifact(lock, caddyArtifact.key, archOf(inventory.nodes[node]?.hardware));
        add(node, "caddy", renderCaddy(edge, caddyArtifact.version, artifact, generations, chatPage));
    }
}

function addZones({ inventory }: Stack, add: Add): void {
    const zones = planZones(inventory);
    const primary = inventory.dns?.primary;
    if (primary === undefined) return;
    const mesh = planMesh(inventory)[primary]?.address;
    const addresses = [inventory.nodes[primary]?.address ?? "", ...(mesh === undefined ? [] : [mesh])];
    add(primary, "pdns", renderServer(addresses), serverPackages);
    for (const zone of zones) add(primary, `zone-${zone.domain}`, renderZone(zone));
}

function addModels({ inventory, lock }: Stack, generations: Readonly<Record<string, number>>, add: Add): void {
    for (const served of planModels(inventory)) {
        const engine = desiredArtifact(lock, llamaCppArtifact.key, archOf(inventory.nodes[served.node]?.hardware));
        const weights = desiredArtifact(lock, served.artifact, "any");
        const generation = generations[served.apiKey] ?? 1;
        const role = renderLlamaCpp(served, llamaCppArtifact.version, engine, weights, generation);
        add(served.node, `model-${served.slug}`, role, llamaCppPackages);
    }
}

function archOf(hardware: string | undefined): "amd64" | "arm64" {
    return hardwareOf(hardware ?? "")?.arch ?? "amd64";
}

function planUrls(stack: Stack): Url[] {
    const gateway = planGateway(stack.inventory);
    if (gateway === undefined) return [];
    const node = gateway.nodes[0] ?? "";
    const address = stack.inventory.nodes[node]?.address ?? "";
    const trust = gateway.public ? [] : ["--cacert", stack.shownCa, "--resolve", `${gateway.host}:443:${address}`];
    return [
        {
            name: "models",
            url: `https://${gateway.host}/v1`,
            curl: [
                "-sS",
                ...trust,
                ...keyHeader(gateway),
                `https://${gateway.host}/v1/chat/completions`,
                ...question(gateway),
            ],
        },
        { name: "chat", url: `https://${gateway.host}/`, curl: ["-sS", ...trust, `https://${gateway.host}/`] },
    ];
}

function keyHeader(gateway: Gateway): string[] {
    return gateway.keys.length === 0 ? [] : ["-H", "Authorization: Bearer YOUR-KEY"];
}

function question(gateway: Gateway): string[] {
    const body = {
        model: gateway.upstreams[0]?.model ?? "",
        messages: [{ role: "user", content: "The capital of France is" }],
        max_tokens: 16,
    };
    return ["-H", "Content-Type: application/json", "-d", JSON.stringify(body)];
}
