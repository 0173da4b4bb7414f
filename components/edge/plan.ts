import { gatewayNodes } from "../fleet/artifacts";
import type { Inventory } from "../fleet/schema";
import { planGateway, type Gateway } from "../models/plan";

/** What Caddy on one node answers for. */
export interface EdgePlan {
    readonly gateways: readonly Gateway[];
    /** Response header fields of every site. */
    readonly headers: Readonly<Record<string, string>>;
    readonly acme?: { readonly email: string; readonly directory?: string | undefined };
}

/** Every node that runs Caddy, with what it answers for. */
export function planEdges(inventory: Inventory): Record<string, EdgePlan> {
    const gateway = planGateway(inventory);
    const { headers = {}, acme } = inventory.edge ?? {};
    return Object.fromEntries(
        gatewayNodes(inventory).map((node) => [
            node,
            {
                gateways: gateway?.nodes.includes(node) === true ? [gateway] : [],
                headers,
                ...(acme === undefined ? {} : { acme }),
            },
        ]),
    );
}
