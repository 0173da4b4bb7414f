import { gatewayNodes } from "../fleet/artifacts";
import type { Inventory } from "../fleet/schema";
import { planGateway, type Gateway } from "../models/plan";
import { planAccount, type Account } from "./account";

/** What Caddy on one node answers for. */
export interface EdgePlan {
    readonly gateways: readonly Gateway[];
    /** Response header fields of every site. */
    readonly headers: Readonly<Record<string, string>>;
    readonly acme?: { readonly email: string; readonly directory?: string | undefined };
    /** At the CA, where it has public names. */
    readonly account?: Account;
}

/** Every node that runs Caddy, with what it answers for. */
export function planEdges(inventory: Inventory): Record<string, EdgePlan> {
    const gateway = planGateway(inventory);
    const { headers = {}, acme } = inventory.edge ?? {};
    return Object.fromEntries(
        gatewayNodes(inventory).map((node) => {
            const gateways = gateway?.nodes.includes(node) === true ? [gateway] : [];
            const isPublic = gateways.some((one) => one.public);
            const known = acme === undefined ? {} : { acme, ...(isPublic ? { account: planAccount(node, acme) } : {}) };
            return [node, { gateways, headers, ...known }];
        }),
    );
}
