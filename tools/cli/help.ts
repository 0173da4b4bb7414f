import { globalFlags, usageOf, type FlagSpec } from "./arguments";
import { columns } from "./output";
import { verbs, type Verb } from "./verbs";

/** The overview: `./fleet help`. */
export function helpText(): string {
    const groups = [...new Set(verbs.map(({ group }) => group))];
    const rows = groups.flatMap((group) =>
        verbs
            .filter((verb) => verb.group === group)
            .map((verb, i) => [i === 0 ? group : "", [verb.name, ...verb.positionals].join(" "), verb.summary]),
    );
    return [
        "./fleet [-s STACK] [--json] VERB",
        "",
        columns(rows, "  "),
        "",
        "`./fleet help VERB` says what a verb takes. Exit codes: 0 done, 1 failed, 2 refused.",
    ].join("\n");
}

/** What one verb does and takes. */
export function verbHelp(verb: Verb): string {
    const flags = { ...verb.flags, ...globalFlags };
    return [usageOf(verb), "", `  ${verb.summary}`, "", columns(Object.entries(flags).map(flagRow), "  ")].join("\n");
}

function flagRow([name, { value, help }]: [string, FlagSpec]): string[] {
    return [value === undefined ? `--${name}` : `--${name} ${value}`, help];
}
