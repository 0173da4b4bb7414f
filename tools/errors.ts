import { codes, type Rule } from "../components/fleet/codes";

/** The text of docs/errors.md: every code with the rule behind it. */
export function errorsPage(): string {
    const rows = Object.entries<Rule>(codes)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([code, { rule, warning }]) => `| ${code} | ${warning === true ? "warning" : "error"} | ${rule} |`);
    return [
        "# Errors",
        "",
        "What an inventory is refused for, and what it is warned of: a warning may stand when its reason is written under `accept:`. Every problem is reported at once, each with its place, before any node is contacted.",
        "Written by `tools/node tools/errors.ts`; a test holds it fresh.",
        "",
        "| code | | rule |",
        "| --- | --- | --- |",
        ...rows,
        "",
    ].join("\n");
}

if (require.main === module) process.stdout.write(errorsPage());
