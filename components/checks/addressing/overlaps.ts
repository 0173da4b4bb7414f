import type { Check } from "../../fleet/check";
import { containerRanges, overlap, writtenRanges, type Range } from "./ranges";

/** What can be written in place of a VPC that nobody wrote, after `before`; empty for another network. */
function ownVpc({ path: [family], region }: Range, before = ""): string {
    return family === "nodes" ? `${before}one of your own under \`vpcs: { ${region ?? ""}: … }\`` : "";
}

/** The mesh with each LAN and VPC, whose nodes route both. */
export const meshOverlap: Check = (checked) => {
    const { mesh, lans, vpcs } = writtenRanges(checked);
    const pairs = [...lans, ...vpcs].flatMap((range) => mesh.map((own): [Range, Range] => [range, own]));
    return pairs
        .filter(([one, other]) => overlap(one.prefix, other.prefix))
        .map(([one, other]) => ({
            code: "SE100",
            path: one.path,
            message: `${one.text}, ${one.what}, overlaps with ${other.text}, ${other.what}: its nodes are in both and cannot tell where a packet goes.`,
            fix: `Write another \`mesh: { network: … }\`${ownVpc(one, ", or ")}.`,
        }));
};

/** VPCs with each other: one account cannot have both (DigitalOcean, "VPC IP ranges"). */
export const vpcOverlap: Check = (checked) => {
    const { vpcs } = writtenRanges(checked);
    const pairs = vpcs.flatMap((vpc, index) => vpcs.slice(0, index).map((other): [Range, Range] => [vpc, other]));
    return pairs
        .filter(([one, other]) => overlap(one.prefix, other.prefix))
        .map(([one, other]) => ({
            code: "SE100",
            path: one.path,
            message: `${one.text}, ${one.what}, overlaps with ${other.text}, ${other.what}: DigitalOcean gives an account each address once.`,
            fix: ownVpc(one) === "" ? "Change one of the two." : `Write ${ownVpc(one)}.`,
        }));
};

/** The networks of containers with what else their node routes. */
export const containerOverlap: Check = (checked) => {
    const { mesh, lans, vpcs } = writtenRanges(checked);
    const { nodes } = checked.inventory;
    return containerRanges(checked).flatMap(({ node, engine, text, prefix }) => {
        const { location, region: rentedIn } = nodes[node] ?? {};
        const here = [...mesh, ...lans, ...vpcs].filter(
            ({ path: [family, name], region }) =>
                family === "mesh" ||
                (family === "locations" && name === location) ||
                (region !== undefined && region === rentedIn),
        );
        return here
            .filter((range) => overlap(range.prefix, prefix))
            .map((range) => ({
                code: "SE100" as const,
                path: range.path,
                message: `${range.text}, ${range.what}, overlaps with ${text}, which ${engine} on ${node} takes for its containers.`,
                fix: `Choose a network outside ${text}.`,
            }));
    });
};

/** Two LANs that share addresses. */
export const sameLan: Check = (checked) => {
    const { lans } = writtenRanges(checked);
    return lans.flatMap((lan, index) =>
        lans
            .slice(0, index)
            .filter((other) => overlap(lan.prefix, other.prefix))
            .map((other) => ({
                code: "SE101" as const,
                path: lan.path,
                message: `${lan.text}, ${lan.what}, overlaps with ${other.text}, ${other.what}: dialled from one of them, an address of the other is somebody else's machine.`,
                fix: "Give one router another network; the mesh itself works either way.",
            })),
    );
};
