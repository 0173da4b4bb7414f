import { groupBy } from "../../components/fleet/group";
import type { Stack } from "../../components/fleet/stack";
import { showDisk } from "../../components/fleet/units";
import type { Fit } from "../../components/models/fit";
import { count } from "../../components/fleet/words";
import { section, wrap, type Layout } from "./check-text-layout";

/** Models with the arithmetic of their memory and the most that memory can feed; equal fits on several nodes once. */
export function modelsText({ design }: Pick<Stack, "design">, layout: Layout): string[] {
    const groups = groupBy(design.fits, ({ model, engine, arithmetic }) => `${model}\n${engine}\n${arithmetic}`);
    const lines = [...groups.values()].flatMap((fits) => fitLines(fits, layout));
    const models = new Set(design.fits.map(({ model }) => model)).size;
    return section("Models", count(models, "model"), lines, layout);
}

function fitLines(fits: readonly Fit[], layout: Layout): string[] {
    const [first] = fits;
    if (first === undefined) return [];
    const times = first.parallel === 1 ? "" : `, ${first.parallel} requests at once`;
    const where = `${first.engine} on ${fits.map(({ node }) => node).join(", ")}; ${showDisk(first.disk)} on disk${times}`;
    return [
        ...wrap(where, `  ${first.model}  `, layout.width),
        ...wrap(`${first.arithmetic}${speed(fits)}`, "      ", layout.width),
    ];
}

/** The speed roof of each node; one figure where all agree. */
function speed(fits: readonly Fit[]): string {
    const roofs = fits.map(({ node, roof }): [string, string] => [node, roof < 10 ? roof.toFixed(1) : roof.toFixed(0)]);
    const distinct = [...new Set(roofs.map(([, roof]) => roof))];
    if (fits.every(({ roof }) => roof === 0)) return "";
    if (distinct.length === 1) return `; at most ${distinct[0] ?? ""} tokens/s`;
    return `; at most ${roofs.map(([node, roof]) => `${roof} on ${node}`).join(", ")} tokens/s`;
}
