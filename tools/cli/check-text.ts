import type { PlacedProblem } from "../../components/fleet/errors";
import type { FleetPlan } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { section, wrap, type Layout } from "./check-text-layout";
import { meshText } from "./check-text-mesh";
import { modelsText } from "./check-text-models";
import { namesText } from "./check-text-names";
import { nodesText } from "./check-text-nodes";
import { costsText, partiesText, unbuiltText, warningsText } from "./check-text-rest";
import { columns } from "./output";

/** What is shown of a stack: its facts, and what stands between it and `./fleet up`. */
export interface Shown {
    readonly stack: Pick<Stack, "inventory" | "design" | "warnings" | "accepted">;
    /** What would be applied; absent while a part of the fleet is not built. */
    readonly plan?: FleetPlan;
    /** What is planned and not built (SE045). */
    readonly unbuilt: readonly PlacedProblem[];
    /** What else is missing to bring it up. */
    readonly missing: readonly PlacedProblem[];
}

/** A fleet for people, section by section. */
export function checkText({ stack, plan, unbuilt, missing }: Shown, layout: Layout): string {
    const lines = [
        ...nodesText(stack, layout),
        ...(plan === undefined ? [] : rolesText(plan, layout)),
        ...meshText(stack, layout),
        ...namesText(stack, layout),
        ...modelsText(stack, layout),
        ...costsText(stack, layout),
        ...partiesText(stack, layout),
        ...warningsText(stack, layout),
        ...unbuiltText(unbuilt, missing, layout),
    ];
    return lines.slice(1).join("\n");
}

/** What is applied on every node, and the addresses that people use. */
function rolesText({ nodes, urls }: FleetPlan, layout: Layout): string[] {
    const roles = Object.values(nodes).flatMap((node) =>
        wrap(node.leaving ? "(leaving)" : Object.keys(node.roles).join(", "), `  ${node.name}  `, layout.width),
    );
    const addresses =
        urls.length === 0
            ? []
            : columns(
                  urls.map(({ name, url }) => [name, url]),
                  "  ",
              ).split("\n");
    return [...section("Roles", "", roles, layout), ...section("Addresses", "", addresses, layout)];
}
