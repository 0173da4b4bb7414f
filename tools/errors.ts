import { codes } from "../components/fleet/errors";

/** The text of docs/errors.md: every code with the rule behind it. */
export function errorsPage(): string {
    const rows = Object.entries(codes).map(([code, rule]) => `| ${code} | ${rule} |`);
    return [
        "# Errors",
        "",
        "What the inventory is refused for. Every problem is reported at once, each with its place, before any node is contacted.",
        "Written by `tools/node tools/errors.ts`; a test holds it fresh.",
        "",
        "| code | rule |",
        "| --- | --- |",
        ...rows,
        "",
    ].join("\n");
}

if (require.main === module) process.stdout.write(errorsPage());
