import { showMoney, sumCosts, type CostLine } from "../../components/cost/plan";
import { formatPath, type PlacedProblem, type Problem } from "../../components/fleet/errors";
import { groupBy } from "../../components/fleet/group";
import type { Stack } from "../../components/fleet/stack";
import type { Party } from "../../components/parties/plan";
import { count } from "../../components/fleet/words";
import { fitting, section, wrap, type Layout } from "./check-text-layout";

/** What the fleet costs, line by line, and the sums by currency. */
export function costsText({ design }: Pick<Stack, "design">, layout: Layout): string[] {
    const sums = (["month", "once"] as const).flatMap((per) => sumWords(design.costs, per));
    const lines = design.costs.flatMap(({ what, per, arithmetic }) =>
        wrap(`${shortened(what)}: ${arithmetic}${per === "month" ? " a month" : " once"}`, "  ", layout.width),
    );
    return section("Costs", sums.join("; "), lines, layout);
}

/** `a, b, c: pi5-8gb` with as many names as half a line takes. */
function shortened(what: string): string {
    const [names = "", ...thing] = what.split(": ");
    return [fitting(names.split(", "), 40), ...thing].join(": ");
}

function sumWords(costs: readonly CostLine[], per: CostLine["per"]): string[] {
    const sums = sumCosts(costs, per);
    if (sums.length === 0) return [];
    return [`${sums.map(showMoney).join(" and ")} ${per === "month" ? "a month" : "once"}`];
}

/** Who outside the fleet could stop a part of it, those first whose absence is felt at once. */
export function partiesText({ design }: Pick<Stack, "design">, layout: Layout): string[] {
    const of = (when: Party["when"]): string[] =>
        design.parties
            .filter((party) => party.when === when)
            .flatMap(({ name, role, stops }) => {
                const lead = `  ${name} (${role}): `;
                return wrap(fitting(stops, Math.max(layout.width - lead.length, 30)), lead, layout.width);
            });
    const [now, later] = [of("at once"), of("later")];
    const headed = (heading: string, lines: string[]): string[] => (lines.length === 0 ? [] : [heading, ...lines]);
    const lines = [...headed("  felt at once:", now), ...headed("  felt at the next change:", later)];
    return section("Outside parties", count(design.parties.length, "dependence"), lines, layout);
}

/** Warnings, and those that were accepted with the reasons why. */
export function warningsText({ warnings, accepted }: Pick<Stack, "warnings" | "accepted">, layout: Layout): string[] {
    const open = warnings.flatMap(({ file, line, code, path, message, fix }) => [
        `  ${file}:${line}  ${code}  ${formatPath(path)}`,
        ...wrap(message, "    ", layout.width),
        ...wrap(fix, "    ", layout.width),
    ]);
    const read = accepted.flatMap(({ problem: { code, path }, reason }) =>
        wrap(reason, `  ${code} ${formatPath(path)}: `, layout.width),
    );
    return [
        ...section("Warnings", count(warnings.length, "warning"), open, layout),
        ...section("Accepted", count(accepted.length, "warning"), read, layout),
    ];
}

/** What is planned and cannot be brought up yet, by part of the inventory; what else is missing, by kind. */
export function unbuiltText(unbuilt: readonly Problem[], missing: readonly PlacedProblem[], layout: Layout): string[] {
    const parts = [...groupBy(unbuilt, ({ path }) => String(path[0] ?? "")).entries()].map(([part, gaps]) => {
        const lead = `  ${part}: `;
        const what = [...new Set(gaps.map(({ message, path }) => shortGap(message, path)))];
        return `${lead}${fitting(what, Math.max(layout.width - lead.length, 30))}`;
    });
    const lacking = [...groupBy(missing, ({ code }) => code).values()].flatMap((problems) => {
        const lead = `  missing too, ${problems[0]?.code ?? ""}${problems.length === 1 ? "" : ` and ${problems.length - 1} like it`}: `;
        const { message = "", fix = "" } = problems[0] ?? {};
        return wrap(`${message} ${fix}`, lead, layout.width);
    });
    const words = "`./fleet up` refuses the fleet until these are built; leave them out to bring up the rest.";
    const closing = wrap(words, "  ", layout.width);
    const lines = unbuilt.length === 0 ? [] : [...parts, ...closing, ...lacking];
    return section("Planned, not built yet", count(unbuilt.length, "part"), lines, layout);
}

/** `The service gitea is not built yet.` → `gitea`; the last key of the path where there is a deeper one. */
function shortGap(message: string, path: Problem["path"]): string {
    return path.length > 1 ? path.slice(1).join(".") : message.replace(/ (is|are) not built yet\.$/, "").toLowerCase();
}
