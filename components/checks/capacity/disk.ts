import { left } from "../../budget/plan";
import type { Check } from "../../fleet/check";
import type { Problem } from "../../fleet/errors";
import { diskSum } from "./words";

/** Everything that lies on a disk at once: all models, not only those in memory. */
export const diskFits: Check = ({ design }) =>
    Object.entries(design.budgets).flatMap(([node, { disk }]): Problem[] => {
        if (disk === undefined || left(disk) >= 0) return [];
        return [
            {
                code: "SE142",
                path: disk.items[0]?.path ?? ["nodes", node, "disk"],
                message: `${node}'s disk is too small: ${diskSum(disk, disk.items)}.`,
                fix: "Fit a larger disk (`disk:` of the node), or move some of it to another node.",
            },
        ];
    });
