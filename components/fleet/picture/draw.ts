import type { Design } from "../design";
import type { Inventory } from "../schema";
import { pictureFacts } from "./facts";
import { layOut } from "./layout";
import { linesOf } from "./lines";
import { renderPicture } from "./svg";

/**
 * A fleet as a picture (SVG): places with their NAT, nodes with what stands on them, tunnels as bundles between places,
 * the internet and the nodes that answer it. The same for the same inventory in any order.
 */
export function drawFleet(inventory: Inventory, design: Design): string {
    const facts = pictureFacts(inventory, design);
    const layout = layOut(facts);
    return renderPicture(facts, layout, linesOf(facts, layout));
}
