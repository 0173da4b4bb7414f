import type { DesiredState, DesiredUnit } from "../converge/schema";
import { compareKeys, type Clause } from "./effects-change";
import { someOf } from "./words";

/** What happens to the systemd units of a role, as `converge.py` decides it (`transaction.py`, `unit_verb`). */
export function unitClauses(
    before: DesiredState | undefined,
    after: DesiredState | undefined,
    paths: ReadonlySet<string>,
): Clause[] {
    const { removed } = compareKeys(before?.units, after?.units);
    return [
        ...Object.entries(after?.units ?? {}).flatMap(([unit, wanted]) =>
            clausesOf(nameOf(unit), before?.units?.[unit], wanted, paths),
        ),
        ...removed
            .filter((unit) => before?.units?.[unit]?.running === true)
            .map((unit): Clause => ({ text: `${nameOf(unit)} stops`, interrupts: true })),
    ];
}

function clausesOf(
    name: string,
    was: DesiredUnit | undefined,
    wanted: DesiredUnit,
    paths: ReadonlySet<string>,
): Clause[] {
    if (wanted.masked === true) return was?.masked === true ? [] : [{ text: `${name} is masked`, interrupts: true }];
    if (!wanted.running) return was?.running === true ? [{ text: `${name} stops`, interrupts: true }] : [];
    if (was?.running !== true) return [{ text: `${name} starts` }];
    const causes = (on: Readonly<Record<string, true>> = {}): string[] => Object.keys(on).filter((p) => paths.has(p));
    const [restart, reload] = [causes(wanted.restartOn), causes(wanted.reloadOn)];
    if (restart.length > 0) return [{ text: `${name} restarts because ${changedWords(restart)}`, interrupts: true }];
    if (reload.length > 0) return [{ text: `${name} reloads because ${changedWords(reload)}` }];
    if (was.enabled === wanted.enabled) return [];
    return [{ text: wanted.enabled ? `${name} starts at boot from now on` : `${name} no longer starts at boot` }];
}

function changedWords(paths: readonly string[]): string {
    return `${someOf([...paths].sort(), 2)} changed`;
}

function nameOf(unit: string): string {
    return unit.replace(/\.service$/, "");
}
