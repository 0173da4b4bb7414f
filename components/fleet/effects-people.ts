import type { DesiredState } from "../converge/schema";
import { keysOfPeople } from "../people/render";
import { compareKeys, type Clause } from "./effects-change";

/** Who may log in from now on, who may not any more, and whose keys are others. */
export function peopleClauses(before: DesiredState | undefined, after: DesiredState | undefined): Clause[] {
    const { added, removed } = compareKeys(before?.users, after?.users);
    const rekeyed = compareKeys(before?.files, after?.files).changed.filter((path) => path.startsWith(keysOfPeople));
    return [
        ...added.map((name) => ({ text: `${name} may log in and become root` })),
        ...rekeyed.map((path) => ({ text: `${path.slice(keysOfPeople.length + 1)} logs in with other keys` })),
        ...removed.map((name): Clause => ({
            text: `${name} is logged out and may not log in any more; the files stay`,
            interrupts: true,
        })),
    ];
}
