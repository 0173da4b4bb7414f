import { designFleet, type Design } from "../../components/fleet/design";
import { loadInventory, type Surroundings } from "../../components/fleet/load";
import type { Inventory } from "../../components/fleet/schema";

/** A fleet at home with two public machines, with more of it added. */
export function shop(more: string, around: Surroundings = {}): { inventory: Inventory; design: Design } {
    const text = [
        "version: 1",
        "fleet: shop",
        "nodes:",
        "  box: { hardware: amd64-16gb, address: 192.168.1.20 }",
        "  attic: { hardware: amd64-16gb, address: 192.168.1.21 }",
        "  east: { hardware: amd64-4gb, address: 203.0.113.10 }",
        "  west: { droplet: s-2vcpu-4gb, region: fra1 }",
        "edge: { at: [east, west], acme: ops@shop.example }",
        "dns: { primary: box, secondaries: [east, west] }",
        "domains: { shop.example: { registrar: registrar.example }, eu.shop.example: {} }",
        more,
    ].join("\n");
    const { inventory } = loadInventory("shop", "shop.yaml", text, around);
    return { inventory, design: designFleet(inventory) };
}
