import { writeFileSync } from "node:fs";
import { neededArtifacts } from "../../../components/fleet/artifacts";
import { completenessProblems } from "../../../components/fleet/complete";
import { formatProblems } from "../../../components/fleet/errors";
import { sortByPlace } from "../../../components/fleet/load";
import { drawFleet } from "../../../components/fleet/picture/draw";
import { planFleet } from "../../../components/fleet/plan";
import type { Stack } from "../../../components/fleet/stack";
import { checkJson } from "../check-json";
import { checkText, type Shown } from "../check-text";
import { layoutOf } from "../check-text-layout";
import { loadStack, textFlag, type Context } from "../context";
import { exitCodes, type ExitCode } from "../failure";
import { leavingWords } from "../leaving-text";

/**
 * `./fleet check`: validates everything that can be validated from files, and shows the plan. What is planned and not
 * built yet is no refusal here, and while something is, neither is what would have to be fetched first.
 */
// eslint-disable-next-line @typescript-eslint/require-await -- a verb is asynchronous
export async function run(context: Context): Promise<ExitCode> {
    const { out } = context;
    const stack = loadStack(context);
    const shown = show(stack);
    const refused = shown.unbuilt.length > 0 ? [] : shown.missing;
    const picture = textFlag(context, "svg");
    if (picture !== undefined) writeFileSync(picture, drawFleet(stack.inventory, stack.design));
    out.say([checkText(shown, layoutOf(process.stdout)), ...leavingWords(stack)].join("\n"));
    if (refused.length > 0) out.warn(formatProblems(refused));
    out.result(checkJson(stack.name, shown, refused));
    return refused.length === 0 ? exitCodes.done : exitCodes.refused;
}

function show(stack: Stack): Shown {
    const problems = sortByPlace(completenessProblems(stack));
    const unbuilt = problems.filter(({ code }) => code === "SE045");
    const missing = problems.filter(({ code }) => code !== "SE045");
    return { stack, unbuilt, missing, ...(unbuilt.length > 0 ? {} : { plan: planFleet(withStandIns(stack)) }) };
}

/**
 * The stack with every artifact locked: which roles there are does not depend on hashes, so what is not pinned yet is
 * stood in for. Only for showing names of roles; the hashes go nowhere.
 */
function withStandIns(stack: Stack): Stack {
    const artifacts = { ...stack.lock.artifacts };
    for (const { key, version, arch, url } of neededArtifacts(stack.inventory)) {
        const entry = artifacts[key]?.version === version ? artifacts[key] : { version };
        const standIn = { url, sha256: "0".repeat(64), bytes: 1, verified: "not pinned", at: "" };
        artifacts[key] = { ...entry, [arch]: entry[arch] ?? standIn };
    }
    return { ...stack, lock: { ...stack.lock, artifacts } };
}
