import type { Problem } from "../fleet/errors";
import type { Stack } from "../fleet/stack";
import { images, isDroplet } from "./plan";

/** What a fleet lacks for its droplets to be of use: an image of the system that is asked for, and somebody who may log in. */
export function dropletProblems({ inventory, operatorKeys, name: stack }: Stack): Problem[] {
    const droplets = Object.entries(inventory.nodes).filter(([, node]) => isDroplet(node));
    const nobody = operatorKeys.length === 0 && Object.keys(inventory.people).length === 0;
    const [first] = droplets;
    return [
        ...droplets.flatMap(([name, { os }]): Problem[] =>
            os === undefined || images[os] !== undefined
                ? []
                : [
                      {
                          code: "SE018",
                          path: ["nodes", name, "os"],
                          message: `DigitalOcean has no image of ${os}.`,
                          fix: `Write one of ${Object.keys(images).join(", ")}.`,
                      },
                  ],
        ),
        ...(first !== undefined && nobody
            ? [
                  {
                      code: "SE018" as const,
                      path: ["nodes", first[0], "droplet"],
                      message: `Nobody could log in on ${first[0]}: the fleet knows no public key.`,
                      fix: `Write yours under \`people:\`, or run \`ssh-add -L >stacks/${stack}.authorized_keys\`.`,
                  },
              ]
            : []),
    ];
}
