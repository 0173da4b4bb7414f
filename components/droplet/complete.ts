import type { Problem } from "../fleet/errors";
import type { Stack } from "../fleet/stack";
import { isDroplet } from "./plan";

/** What a fleet lacks beside its inventory for its droplets to be of use: somebody who may log in. */
export function dropletProblems({ inventory, operatorKeys, name: stack }: Stack): Problem[] {
    const [first] = Object.keys(inventory.nodes).filter((name) => {
        const node = inventory.nodes[name];
        return node !== undefined && isDroplet(node);
    });
    if (first === undefined || operatorKeys.length > 0 || Object.keys(inventory.people).length > 0) return [];
    return [
        {
            code: "SE018",
            path: ["nodes", first, "droplet"],
            message: `Nobody could log in on ${first}: the fleet knows no public key.`,
            fix: `Write yours under \`people:\`, or run \`ssh-add -L >stacks/${stack}.authorized_keys\`.`,
        },
    ];
}
