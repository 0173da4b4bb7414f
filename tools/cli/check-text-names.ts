import { groupBy } from "../../components/fleet/group";
import type { Stack } from "../../components/fleet/stack";
import type { PublicName } from "../../components/names/plan";
import { count } from "../../components/fleet/words";
import { fitting, section, wrap, type Layout } from "./check-text-layout";

/** Blocks of up to so many names are listed name by name. */
const listed = 4;

/** Public names and where they lead; blocks of many names in one line each. */
export function namesText({ design }: Pick<Stack, "design">, layout: Layout): string[] {
    const blocks = groupBy(design.names, blockOf);
    const lines = [...blocks.values()].flatMap((names) =>
        names.length > listed ? together(names, layout) : names.flatMap((name) => alone(name, layout)),
    );
    return section("Names", count(design.names.length, "public name"), lines, layout);
}

/** What the inventory writes as one: a block, or all redirects. */
function blockOf({ kind, path, domain, edges }: PublicName): string {
    return [kind, ...path.slice(0, 2), domain ?? "", ...edges].join("\n");
}

function alone(name: PublicName, layout: Layout): string[] {
    return wrap(`→ ${target(name, name.of)}`, `  ${name.name} `, layout.width);
}

function together(names: readonly PublicName[], layout: Layout): string[] {
    const [first, last] = [names[0], names.at(-1)];
    if (first === undefined || last === undefined) return [];
    const nodes = [...new Set(names.flatMap((name) => name.nodes))];
    const of = `the ${count(names.length, "name")} of ${String(first.path[1] ?? first.kind)}`;
    return wrap(`→ ${target({ ...first, nodes }, of, false)}`, `  ${first.name} … ${last.name} `, layout.width);
}

function target({ kind, nodes, port, edges }: PublicName, of: string, withPort = true): string {
    const at = nodes.length === 0 ? "" : ` on ${fitting(nodes, 40)}${withPort && port !== undefined ? `:${port}` : ""}`;
    const via = edges.length === 0 ? "; no edge answers for it" : `, answered by ${edges.join(" and ")}`;
    return `${kind === "redirect" ? "redirected to " : ""}${of}${at}${via}`;
}
