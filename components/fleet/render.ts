import type { Role } from "../converge/schema";
import { planZones } from "../dns/plan";
import { renderServer, renderZone, serverPackages } from "../dns/render";
import { renderAnchor } from "../droplet/anchor";
import { isDroplet } from "../droplet/plan";
import { caddyArtifact } from "../edge/artifact";
import { planEdges } from "../edge/plan";
import { renderCaddy } from "../edge/render";
import { planFirewall } from "../firewall/node";
import { renderFirewall } from "../firewall/render";
import { meshAddresses, meshedNodes } from "../mesh/plan";
import { renderWireguard } from "../mesh/render";
import { takeTurn } from "../mesh/turn";
import { llamaCppArtifact } from "../models/engines/llamacpp/artifact";
import { llamaCppPackages, renderLlamaCpp } from "../models/engines/llamacpp/render";
import { planModels } from "../models/plan";
import { hardwareOfNode } from "../node/plan";
import { hostsText } from "../node/base/hosts";
import { renderBase } from "../node/base/render";
import { bootPackages, renderBoot } from "../node/boot/render";
import { upgradesPackage } from "../node/base/upgrades";
import { acceptsAnySystem } from "../node/claims";
import type { Machine } from "../node/plan";
import { renderSshd } from "../node/sshd/render";
import { desiredArtifact } from "./artifacts";
import { groupBy } from "./group";
import { renderPeople } from "../people/render";
import type { Stack } from "./stack";

type Roles = Record<string, Record<string, Role>>;
type Add = (node: string, role: string, body: Role, needs?: readonly string[]) => void;

/** Every role of every node, by node and role: each concept adds its own, and the packages of all come together in one. */
export function renderRoles(stack: Stack, generations: Readonly<Record<string, number>>): Roles {
    const { inventory, design } = stack;
    const { people } = inventory;
    const flows = groupBy(design.flows, ({ to }) => to);
    const roles: Roles = Object.fromEntries(Object.keys(inventory.nodes).map((name) => [name, {}]));
    const packages: Record<string, string[]> = {};
    const add = (node: string, role: string, body: Role, needs: readonly string[] = []): void => {
        roles[node] = { ...roles[node], [role]: body };
        packages[node] = [...(packages[node] ?? []), ...needs];
    };
    for (const [name, node] of Object.entries(inventory.nodes)) {
        const anySystem = acceptsAnySystem(inventory, name);
        add(name, "sshd", renderSshd(node.address ?? "", node.port ?? inventory.ssh.port ?? 22, anySystem));
        if (isDroplet(node)) add(name, "anchor", renderAnchor());
        const own = { ...design, flows: flows.get(name) ?? [] };
        add(name, "firewall", renderFirewall(planFirewall(inventory, own, name)));
        if (Object.keys(people).length > 0) add(name, "people", renderPeople(people), ["sudo"]);
    }
    for (const [node, mesh] of Object.entries(design.mesh)) {
        const role = renderWireguard(node, mesh, generations);
        add(node, "wireguard", takeTurn(node, role, mesh, stack.lock.turn), ["wireguard-tools"]);
    }
    addEdges(stack, generations, add);
    addZones(stack, add);
    addModels(stack, generations, add);
    const hosts = hostsText(inventory);
    for (const node of Object.keys(inventory.nodes)) {
        const machine = design.machines[node];
        addBoot(node, machine, add);
        const brought = [...new Set(packages[node])].filter((name) => name !== "sudo");
        add(node, "base", renderBase({ node, fleet: inventory.fleet, hosts, packages: brought, machine }), [
            upgradesPackage,
        ]);
    }
    for (const [node, names] of Object.entries(packages)) {
        const sorted = [...new Set(names)].sort();
        add(node, "packages", { packages: Object.fromEntries(sorted.map((name) => [name, {}])) });
    }
    return roles;
}

function addBoot(node: string, machine: Machine | undefined, add: Add): void {
    const boot = machine === undefined ? undefined : renderBoot(machine);
    if (machine !== undefined && boot !== undefined) add(node, "boot", boot, bootPackages(machine));
}

function addEdges({ inventory, lock, chatPage }: Stack, generations: Readonly<Record<string, number>>, add: Add): void {
    for (const [node, edge] of Object.entries(planEdges(inventory))) {
        const artifact = desiredArtifact(lock, caddyArtifact.key, archOf(inventory, node));
        add(node, "caddy", renderCaddy(edge, caddyArtifact.version, artifact, generations, chatPage));
    }
}

function addZones({ inventory, design }: Stack, add: Add): void {
    const zones = planZones(inventory, design.names);
    const primary = inventory.dns?.primary;
    if (primary === undefined) return;
    const inMesh = meshedNodes(inventory).includes(primary) ? [meshAddresses(inventory)[primary] ?? ""] : [];
    const own = inventory.nodes[primary]?.address;
    add(primary, "pdns", renderServer(own, inMesh), serverPackages);
    for (const zone of zones) add(primary, `zone-${zone.domain}`, renderZone(zone));
}

function addModels({ inventory, lock }: Stack, generations: Readonly<Record<string, number>>, add: Add): void {
    for (const served of planModels(inventory)) {
        const engine = desiredArtifact(lock, llamaCppArtifact.key, archOf(inventory, served.node));
        const weights = desiredArtifact(lock, served.artifact, "any");
        const generation = generations[served.apiKey] ?? 1;
        const role = renderLlamaCpp(served, llamaCppArtifact.version, engine, weights, generation);
        add(served.node, `model-${served.slug}`, role, llamaCppPackages);
    }
}

function archOf({ nodes }: Stack["inventory"], name: string): "amd64" | "arm64" {
    const node = nodes[name];
    return (node === undefined ? undefined : hardwareOfNode(node)?.arch) ?? "amd64";
}
