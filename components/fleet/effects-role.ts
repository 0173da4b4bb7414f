import type { DesiredState } from "../converge/schema";
import { changedPaths, compareKeys, rotatedSecrets, type Clause } from "./effects-change";
import { firewallClauses } from "./effects-firewall";
import { peopleClauses } from "./effects-people";
import { unitClauses } from "./effects-units";
import { wireguardClauses } from "./effects-wireguard";
import { zoneClauses } from "./effects-zone";
import { count, someOf } from "./words";

/** What it means for a node that a role came or changed; downloads apart, which depend on the node's other roles. */
export function roleClauses(before: DesiredState | undefined, after: DesiredState): Clause[] {
    const domain = /^zone-(.+)$/.exec(after.role)?.[1];
    const paths = changedPaths(before, after);
    if (domain !== undefined) return orElse(zoneClauses(domain, before, after), before, after);
    if (after.role === "wireguard" && before !== undefined) {
        return orElse(wireguardClauses(before, after, paths), before, after);
    }
    if (after.role === "people") return orElse(peopleClauses(before, after), before, after);
    if (after.role === "firewall") return orElse(firewallClauses(before, after), before, after);
    const clauses = [
        ...sectionClauses(before, after),
        ...rotatedClauses(before, after),
        ...unitClauses(before, after, paths),
        ...actionClauses(before, after, paths),
        ...(before === undefined ? [] : fileClauses(after, paths)),
    ];
    return orElse(clauses, before, after);
}

/** What it means for a node that a role is not wanted any more: `sweep.py` takes off what it brought, data stays. */
export function removedClauses(before: DesiredState): Clause[] {
    const domain = /^zone-(.+)$/.exec(before.role)?.[1];
    if (domain !== undefined) return [{ text: `zone ${domain} is no longer served`, interrupts: true }];
    if (before.role === "people") return peopleClauses(before, undefined);
    const stops = unitClauses(before, undefined, new Set()).map(({ text }) => text);
    const kept = keptDirectories([before]);
    const going = [...stops, count(Object.keys(before.files ?? {}).length, "file of ours goes", "files of ours go")];
    const stays = kept.length === 0 ? "" : `; ${someOf(kept)} ${kept.length === 1 ? "stays" : "stay"}`;
    const text = `${before.role} is removed: ${going.join(", ")}${stays}`;
    return [stops.length > 0 ? { text, interrupts: true } : { text }];
}

/** Directories with data, which stay on the machine when their roles go. Sorted. */
export function keptDirectories(roles: readonly DesiredState[]): string[] {
    const entries = roles.flatMap(({ directories = {} }) => Object.entries(directories));
    return [...new Set(entries.filter(([, { keep }]) => keep === true).map(([path]) => path))].sort();
}

function orElse(clauses: Clause[], before: DesiredState | undefined, { role }: DesiredState): Clause[] {
    if (clauses.length > 0) return clauses;
    return [{ text: before === undefined ? `${role} is new` : `${role} changes; nothing restarts` }];
}

/** Sections whose entries come, go and change on their own, in the order that `converge.py` looks at them. */
function sectionClauses(before: DesiredState | undefined, after: DesiredState): Clause[] {
    const of = (section: "sources" | "packages" | "images" | "users" | "modules" | "sysctl" | "jobs") =>
        compareKeys(before?.[section], after[section]);
    const [packages, users, settings, jobs] = [of("packages"), of("users"), of("sysctl"), of("jobs")];
    const said: [string, readonly string[], string?][] = [
        ["package sources added:", of("sources").added],
        ["packages installed:", packages.added],
        ["packages changed:", packages.changed],
        ["packages purged, unless they were there before or something else needs them:", packages.removed],
        ["images pulled:", of("images").added],
        ["users made:", users.added],
        ["users removed:", users.removed],
        ["kernel modules loaded:", of("modules").added],
        ["kernel settings:", [...settings.added, ...settings.changed].map((key) => `${key} = ${valueOf(after, key)}`)],
        ["long work begins:", [...jobs.added, ...jobs.changed]],
    ];
    return said
        .filter(([, names]) => names.length > 0)
        .map(([lead, names]) => ({ text: `${lead} ${someOf(names, 6)}` }));
}

function valueOf({ sysctl = {} }: DesiredState, key: string): string {
    return sysctl[key] ?? "";
}

function rotatedClauses(before: DesiredState | undefined, after: DesiredState): Clause[] {
    return rotatedSecrets(before, after).map((name) => ({
        text: `${name} rotated to generation ${after.secrets?.[name] ?? 1}`,
    }));
}

function actionClauses(
    before: DesiredState | undefined,
    { actions = {}, role }: DesiredState,
    paths: ReadonlySet<string>,
): Clause[] {
    if (before === undefined) return [];
    return Object.entries(actions)
        .filter(([, { on }]) => Object.keys(on).some((path) => paths.has(path)))
        .map(([name]) => ({ text: `${role} runs ${name}` }));
}

/** Changed files of which no unit and no action takes notice. */
function fileClauses({ files = {}, units = {}, actions = {} }: DesiredState, paths: ReadonlySet<string>): Clause[] {
    const noticed = new Set([
        ...Object.values(units).flatMap((unit) =>
            unit.masked === true ? [] : [...Object.keys(unit.reloadOn ?? {}), ...Object.keys(unit.restartOn ?? {})],
        ),
        ...Object.values(actions).flatMap(({ on }) => Object.keys(on)),
    ]);
    const quiet = Object.keys(files).filter((path) => paths.has(path) && !noticed.has(path) && isPlain(path));
    return quiet.length === 0 ? [] : [{ text: `${someOf(quiet.sort(), 3)} changed` }];

    /** Credentials are said to be rotated. */
    function isPlain(path: string): boolean {
        return !/^\{\{secret:[^{}]+\}\}\s*$/.test(files[path]?.text ?? "");
    }
}
