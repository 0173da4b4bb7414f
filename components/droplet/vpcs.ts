import type { Inventory } from "../fleet/schema";
import { regionNames } from "../node/droplets";

/**
 * The private network of every region that has a droplet: as written under `vpcs:`, else one of 10.100.0.0/14 by the place of
 * the region in the list, so that another region changes none. DigitalOcean takes /16 to /28 and keeps 10.244.0.0/15 and
 * 10.229.0.0/16 for itself (docs.digitalocean.com, "Plan your VPC network").
 */
export function planVpcs({ nodes, vpcs }: Pick<Inventory, "nodes" | "vpcs">): Record<string, string> {
    const used = Object.values(nodes).flatMap(({ droplet, region }) =>
        droplet === undefined || region === undefined ? [] : [region],
    );
    const regions = [...new Set(used)].sort();
    return Object.fromEntries(regions.map((region) => [region, vpcs[region] ?? derived(region)]));
}

function derived(region: string): string {
    const place = regionNames.indexOf(region);
    // A region that is not in the list yet (SE113) gets the place after the last: two such would overlap, which SE100 says.
    const index = place < 0 ? regionNames.length : place;
    return `10.${100 + Math.floor(index / 16)}.${(index % 16) * 16}.0/20`;
}
