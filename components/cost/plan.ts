import type { Inventory } from "../fleet/schema";
import type { Money } from "../fleet/units";
import { acceleratorOf } from "../node/accelerators";
import { dropletOf, dropletPrices } from "../node/droplets";
import { hardwareOf } from "../node/hardware";
import type { Machine } from "../node/plan";
import type { NodeEntry } from "../node/schema";
import { grouped, money, showMoney, type CostLine, type Item } from "./lines";

export { showMoney, sumCosts, type CostLine } from "./lines";

/** Hours of a month: 8760 / 12. */
const hours = 730;

/** What a fleet costs, once and running. What nobody knows the price of has no line; currencies are never converted. */
export function planCosts(inventory: Inventory, machines: Readonly<Record<string, Machine>>): CostLine[] {
    const nodes = Object.entries(inventory.nodes).sort(([a], [b]) => (a < b ? -1 : 1));
    return [
        ...grouped(nodes.flatMap(([name, node]) => bought(name, node))),
        ...grouped(nodes.flatMap(([name, node]) => rented(name, node))),
        ...domainCosts(inventory),
        ...electricity(inventory, machines),
    ];
}

/** A machine that stands at home: what its owner paid, with all that is on it, else the list prices of board and accelerator. */
function bought(name: string, node: NodeEntry): Item[] {
    const what = [node.hardware ?? "", ...(node.npu === undefined ? [] : [`with ${node.npu}`])].join(" ");
    if (node.price !== undefined) {
        return [{ name, what, price: node.price, per: "once", one: showMoney(node.price), basis: "as written" }];
    }
    const board = hardwareOf(node.hardware ?? "")?.price;
    if (board === undefined || node.cost !== undefined) return [];
    const added = acceleratorOf(node.npu ?? "")?.price;
    const price = money(board.amount + (added?.amount ?? 0), board.currency);
    const one = added === undefined ? showMoney(board) : `(${board.amount} + ${added.amount}) ${board.currency}`;
    const dates = [board.date, ...(added === undefined ? [] : [added.date])].join(" and ");
    return [{ name, what, price, per: "once", one, basis: `list price of ${dates}` }];
}

function rented(name: string, node: NodeEntry): Item[] {
    const what = node.hardware ?? node.droplet ?? "";
    if (node.cost !== undefined) {
        return [{ name, what, price: node.cost, per: "month", one: showMoney(node.cost), basis: "as written" }];
    }
    const size = dropletOf(node.droplet ?? "");
    if (size === undefined) return [];
    const price = money(size.price, "USD");
    return [{ name, what, price, per: "month", one: showMoney(price), basis: `list price of ${dropletPrices}` }];
}

/** Domains of one price make one line. */
function domainCosts({ domains }: Inventory): CostLine[] {
    const prices = new Map<string, { readonly one: Money; count: number }>();
    const costs = Object.values(domains).flatMap(({ cost }) => cost ?? []);
    for (const cost of costs.sort((a, b) => a.amount - b.amount || (a.currency < b.currency ? -1 : 1))) {
        const known = prices.get(showMoney(cost));
        if (known === undefined) prices.set(showMoney(cost), { one: cost, count: 1 });
        else known.count++;
    }
    return [...prices.values()].map(({ one, count }) => {
        const cost = money((one.amount * count) / 12, one.currency);
        const what = count === 1 ? "1 domain" : `${count} domains`;
        return { what, cost, per: "month", arithmetic: `${count} × ${showMoney(one)} ÷ 12 = ${showMoney(cost)}` };
    });
}

/** The machines of a location, by what its electricity costs; rented ones have theirs in the rent. */
function electricity({ nodes, locations }: Inventory, machines: Readonly<Record<string, Machine>>): CostLine[] {
    const sorted = Object.entries(locations).sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.flatMap(([location, { electricity: price }]): CostLine[] => {
        const here = Object.entries(nodes).filter(([, node]) => node.location === location && node.cost === undefined);
        const watts = here.flatMap(([name]) => machines[name]?.watts.average ?? []).filter((each) => each > 0);
        if (price === undefined || watts.length === 0) return [];
        const counts = new Map<number, number>();
        for (const each of watts.sort((a, b) => a - b)) counts.set(each, (counts.get(each) ?? 0) + 1);
        const terms = [...counts].map(([each, count]) => `${count} × ${each} W`);
        const sum = watts.reduce((all, each) => all + each, 0);
        const cost = money((sum / 1000) * hours * price.amount, price.currency);
        const drawn = terms.length === 1 ? terms.join("") : `(${terms.join(" + ")})`;
        const arithmetic = `${drawn} × ${hours} h × ${price.amount} ${price.currency}/kWh = ${showMoney(cost)}`;
        return [{ what: `electricity in ${location}`, cost, per: "month", arithmetic }];
    });
}
