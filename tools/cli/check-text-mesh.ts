import { groupBy } from "../../components/fleet/group";
import { staying } from "../../components/fleet/leaving";
import type { Stack } from "../../components/fleet/stack";
import { describeWay, planPaths, type Path } from "../../components/mesh/paths";
import { count } from "../../components/fleet/words";
import { fitting, section, wrap, type Layout } from "./check-text-layout";
import { columns } from "./output";

/** Up to so many nodes are listed with where they are dialled. */
const listed = 12;

/** The mesh: where each node is dialled, and how many pairs reach each other in which way. */
export function meshText({ inventory, design }: Pick<Stack, "inventory" | "design">, layout: Layout): string[] {
    const names = Object.keys(design.mesh);
    const [first] = Object.values(design.mesh);
    if (first === undefined) return [];
    const paths = planPaths(staying(inventory));
    const beside = `${inventory.mesh.network}, port ${first.port}, ${count(paths.length, "pair")}`;
    const rows = names.map((name) => [name, design.mesh[name]?.address ?? "", dialledAt(name, design.mesh)]);
    const endpoints = names.length > listed ? [] : columns(rows, "  ").split("\n");
    const siteOf = (name: string): string => design.machines[name]?.site ?? name;
    return section("Mesh", beside, [...endpoints, ...wayLines(paths, siteOf, layout)], layout);
}

/** Endpoints under which a node's peers dial it. */
function dialledAt(name: string, mesh: Stack["design"]["mesh"]): string {
    const endpoints = Object.values(mesh).flatMap(({ peers }) =>
        peers.flatMap((peer) => (peer.name === name && peer.endpoint !== undefined ? [peer.endpoint] : [])),
    );
    const once = [...new Set(endpoints)].sort();
    if (once.length === 0) return "dials others, is not dialled";
    return `dialled at ${once.map((endpoint) => endpoint.replace(/\{\{address:.*\}\}/, "its own address")).join(", ")}`;
}

/** Pairs by the places they join and the way between them. */
function wayLines(paths: readonly Path[], siteOf: (name: string) => string, layout: Layout): string[] {
    const groups = groupBy(paths, ({ between, way }) => {
        const [a, b] = between.map(siteOf).sort();
        return `${a === b ? `within ${a ?? ""}` : `${a ?? ""} – ${b ?? ""}`}\n${describeWay(way)}`;
    });
    const rows = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
    const width = Math.max(0, ...rows.map(([, { length }]) => count(length, "pair").length));
    return rows.flatMap(([key, pairs]) => {
        const [where = "", way = ""] = key.split("\n");
        const lead = `  ${count(pairs.length, "pair").padStart(width)}  `;
        const none = way.startsWith("none")
            ? ` (${fitting(
                  pairs.map(({ between }) => between.join(" and ")),
                  60,
              )})`
            : "";
        return wrap(`${where}: ${way}${none}`, lead, layout.width);
    });
}
