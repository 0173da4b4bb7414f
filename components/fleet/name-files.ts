import { isEachName } from "./each";
import type { Problem } from "./errors";
import { expandPattern, isPattern, tryExpand } from "./patterns";

/** Reads a file that stands beside the inventory; nothing when there is none. */
export type ReadBeside = (file: string) => string | undefined;

/** An inventory as written, with every `each: { file: NAMES }` replaced by the names in it. */
export interface Filled {
    readonly value: unknown;
    /** Files that are not there (SE009), lines that are no names (SE003). */
    readonly problems: readonly Problem[];
}

/**
 * Puts the names of files in: one name or pattern a line, empty lines and those that start with `#` left out. What cannot
 * be read stays as written.
 */
export function fillNameFiles(value: unknown, read: ReadBeside): Filled {
    const problems: Problem[] = [];
    const filled = { ...asRecord(value) };
    for (const section of ["websites", "services"]) {
        const blocks = Object.entries(asRecord(filled[section]));
        if (blocks.length === 0) continue;
        filled[section] = Object.fromEntries(
            blocks.map(([block, entry]) => {
                const file = asRecord(asRecord(entry)["each"])["file"];
                if (typeof file !== "string") return [block, entry];
                const { names, problem } = namesIn(file, read);
                if (problem !== undefined) problems.push({ ...problem, path: [section, block, "each", "file"] });
                return [block, names === undefined ? entry : { ...asRecord(entry), each: names }];
            }),
        );
    }
    return { value: isRecord(value) ? filled : value, problems };
}

function namesIn(file: string, read: ReadBeside): { names?: string[]; problem?: Omit<Problem, "path"> } {
    const text = read(file);
    if (text === undefined) {
        const fix = "Write the path from the folder of the inventory; the file holds one name a line.";
        return { problem: { code: "SE009", message: `There is no file ${file} beside the inventory.`, fix } };
    }
    const lines = text.split(/\r?\n/).map((line, index) => ({ name: line.trim(), number: index + 1 }));
    const written = lines.filter(({ name }) => name !== "" && !name.startsWith("#"));
    const names = written.flatMap(({ name }) => (isNames(name) ? expandPattern(name) : []));
    const wrong = written.find(({ name }) => !isNames(name));
    if (wrong === undefined && names.length > 0) return { names };
    const message =
        wrong === undefined
            ? `There is no name in ${file}.`
            : `Line ${wrong.number} of ${file}, ${JSON.stringify(wrong.name)}, does not fit here.`;
    const fix = "Write one name of a-z, 0-9 and - on each line.";
    return { ...(names.length > 0 ? { names } : {}), problem: { code: "SE003", message, fix } };
}

function isNames(line: string): boolean {
    if (!isPattern(line)) return isEachName(line);
    const expanded = tryExpand(line);
    return "names" in expanded && expanded.names.every(isEachName);
}

function asRecord(value: unknown): Record<string, unknown> {
    return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
