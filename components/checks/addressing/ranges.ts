import type { Checked } from "../../fleet/check";
import { planVpcs } from "../../droplet/vpcs";
import { parsePrefix, toAddress, type Prefix } from "../../fleet/net";

/** A network that some node routes, as the inventory has it or as it follows from it. */
export interface Range {
    /** As people say it: `the LAN of home`. */
    readonly what: string;
    readonly text: string;
    readonly prefix: Prefix;
    readonly path: readonly string[];
    /** Region that it is in, of a VPC. */
    readonly region?: string;
}

/** Networks that container engines make when nobody says otherwise (docs.docker.com, podman-network(1)). */
const containerNetworks = { Docker: "172.17.0.0/16", Podman: "10.88.0.0/16" } as const;

/** A node with the networks it routes by itself. */
export interface ContainerNetwork {
    readonly node: string;
    readonly engine: keyof typeof containerNetworks;
    readonly text: string;
    readonly prefix: Prefix;
}

/** The networks of an inventory: mesh (none in a fleet of one node), LANs, VPCs, of which those that nobody wrote are derived. */
export function writtenRanges({ inventory }: Checked): { mesh: Range[]; lans: Range[]; vpcs: Range[] } {
    const range = (what: string, text: string, path: readonly string[]): Range => {
        return { what, text, prefix: parsePrefix(text), path };
    };
    return {
        mesh:
            Object.keys(inventory.nodes).length < 2
                ? []
                : [range("the mesh", inventory.mesh.network, ["mesh", "network"])],
        lans: Object.entries(inventory.locations).flatMap(([name, { lan }]) =>
            lan === undefined ? [] : [range(`the LAN of ${name}`, lan, ["locations", name, "lan"])],
        ),
        vpcs: Object.entries({ ...planVpcs(inventory), ...inventory.vpcs }).map(([region, text]) => ({
            ...range(`the VPC of ${region}`, text, placeOfVpc(inventory, region)),
            region,
        })),
    };
}

/** Where a VPC stands: under `vpcs:`, or at the first region that it was derived for. */
function placeOfVpc({ vpcs, nodes }: Checked["inventory"], region: string): string[] {
    const [first = ""] = Object.keys(nodes).filter((name) => nodes[name]?.region === region);
    return vpcs[region] === undefined ? ["nodes", first, "region"] : ["vpcs", region];
}

/** Networks of containers on the nodes that run some. A DGX Spark comes with Docker. */
export function containerRanges({ inventory, design }: Checked): ContainerNetwork[] {
    return Object.keys(design.machines).flatMap((node) => {
        const here = design.instances.filter((instance) => instance.node === node);
        const docker = design.machines[node]?.profile === "dgx-spark" || here.some(({ type }) => type === "docker");
        const podman = here.some(({ block }) => inventory.services[block]?.image !== undefined);
        const engines = [...(docker ? ["Docker" as const] : []), ...(podman ? ["Podman" as const] : [])];
        return engines.map((engine) => {
            const text = containerNetworks[engine];
            return { node, engine, text, prefix: parsePrefix(text) };
        });
    });
}

/** Whether two networks share an address. */
export function overlap(a: Prefix, b: Prefix): boolean {
    const size = 2 ** (32 - Math.min(a.length, b.length));
    return Math.floor(a.base / size) === Math.floor(b.base / size);
}

/** The last address of a network. */
export function lastAddress({ base, length }: Prefix): string {
    return toAddress((base + 2 ** (32 - length) - 1) >>> 0);
}
