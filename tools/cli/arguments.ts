import { listOf, nearest } from "../../components/fleet/errors";
import { Refusal } from "./failure";

/** A flag: what it is for, and the word for its value when it takes one. */
export interface FlagSpec {
    readonly help: string;
    readonly value?: string;
}

/** How a verb is called. */
export interface VerbSpec {
    readonly name: string;
    /** `NODE` has to be given, `[NODE]` may be, `[NODE…]` may be given several times. */
    readonly positionals: readonly string[];
    readonly flags: Readonly<Record<string, FlagSpec>>;
    /** Word for what may stand behind `--`. */
    readonly rest?: string;
}

/** A parsed command line. */
export interface Arguments {
    readonly verb?: string;
    readonly stack?: string;
    readonly json: boolean;
    readonly help: boolean;
    readonly positionals: readonly string[];
    /** Values of flags by name without dashes; `true` for a flag without a value. */
    readonly flags: Readonly<Record<string, string | true>>;
    /** What stands behind `--`. */
    readonly rest: readonly string[];
}

/** Flags of every verb. */
export const globalFlags: Readonly<Record<string, FlagSpec>> = {
    stack: { value: "STACK", help: "the fleet to work on (short: -s)" },
    json: { help: "the result as JSON on standard output, words on standard error" },
    help: { help: "what the verb does and takes (short: -h)" },
};

const shortFlags: Readonly<Record<string, string>> = { "-s": "--stack", "-h": "--help" };

/**
 * Parses the command line.
 * @throws Refusal with the nearest name when a verb or flag is unknown, and when an argument is missing or too many
 */
export function parseArguments(argv: readonly string[], verbs: readonly VerbSpec[]): Arguments {
    const { words, rest } = splitRest(argv);
    const loose = readWords(words, undefined);
    const [name] = loose.positionals;
    const verb = name === undefined ? undefined : findVerb(name, verbs);
    const { positionals, flags } = readWords(words, verb);
    const given = positionals.slice(1);
    const help = flags["help"] === true;
    if (verb !== undefined && !help) checkPositionals(verb, given, rest);
    const stack = flags["stack"];
    return {
        ...(verb === undefined ? {} : { verb: verb.name }),
        ...(typeof stack === "string" ? { stack } : {}),
        json: flags["json"] === true,
        help,
        positionals: given,
        flags,
        rest,
    };
}

/** How a verb is written, for help and refusals: `./fleet add NODE ADDRESS [--user USER]`. */
export function usageOf(verb: VerbSpec): string {
    const flags = Object.entries(verb.flags).map(([name, { value }]) =>
        value === undefined ? `[--${name}]` : `[--${name} ${value}]`,
    );
    const rest = verb.rest === undefined ? [] : [`[-- ${verb.rest}]`];
    return ["./fleet", verb.name, ...verb.positionals, ...flags, ...rest].join(" ");
}

function splitRest(argv: readonly string[]): { words: readonly string[]; rest: readonly string[] } {
    const at = argv.indexOf("--");
    return at < 0 ? { words: argv, rest: [] } : { words: argv.slice(0, at), rest: argv.slice(at + 1) };
}

interface Words {
    readonly positionals: string[];
    readonly flags: Record<string, string | true>;
}

/** Reads words; without a verb unknown flags are passed over, so that the verb can be found first. */
function readWords(words: readonly string[], verb: VerbSpec | undefined): Words {
    const known = { ...globalFlags, ...verb?.flags };
    const result: Words = { positionals: [], flags: {} };
    for (let i = 0; i < words.length; i++) {
        const word = words[i] ?? "";
        if (!/^-./.test(word)) {
            result.positionals.push(word);
            continue;
        }
        const [flag = "", ...after] = (shortFlags[word] ?? word).split("=");
        const name = flag.replace(/^--/, "");
        const spec = Object.hasOwn(known, name) && flag.startsWith("--") ? known[name] : undefined;
        if (spec === undefined) {
            if (verb === undefined) continue;
            throw new Refusal(unknownFlag(flag, verb, Object.keys(known)));
        }
        const inline = after.length > 0 ? after.join("=") : undefined;
        if (spec.value === undefined) {
            if (inline !== undefined) throw new Refusal(`--${name} takes no value.`);
            result.flags[name] = true;
        } else {
            const value = inline ?? words[++i];
            if (value === undefined || value === "")
                throw new Refusal(`--${name} needs a value: --${name} ${spec.value}.`);
            result.flags[name] = value;
        }
    }
    return result;
}

function findVerb(name: string, verbs: readonly VerbSpec[]): VerbSpec {
    const verb = verbs.find((candidate) => candidate.name === name);
    if (verb !== undefined) return verb;
    const names = verbs.map((candidate) => candidate.name);
    const near = nearest(name, names);
    throw new Refusal(
        `There is no verb "${name}". ${near === undefined ? `Verbs: ${names.join(", ")}.` : `Did you mean "${near}"?`}`,
    );
}

function unknownFlag(flag: string, verb: VerbSpec, known: readonly string[]): string {
    const near = nearest(flag.replace(/^-+/, ""), known);
    const own = Object.keys(verb.flags).map((name) => `--${name}`);
    const hint =
        near === undefined ? `It takes ${listOf([...own, "--stack", "--json"])}.` : `Did you mean "--${near}"?`;
    return `"${flag}" is no flag of ${verb.name}. ${hint}`;
}

function checkPositionals(verb: VerbSpec, given: readonly string[], rest: readonly string[]): void {
    const missing = verb.positionals.slice(given.length).find((word) => !word.startsWith("["));
    if (missing !== undefined) throw new Refusal(`${missing} is missing: ${usageOf(verb)}`);
    const many = verb.positionals.at(-1)?.endsWith("…]") ?? false;
    const extra = given[verb.positionals.length];
    if (extra !== undefined && !many) {
        const hint = verb.rest === undefined ? "" : ` (what is run on the node stands behind --)`;
        throw new Refusal(`"${extra}" is one argument too many${hint}: ${usageOf(verb)}`);
    }
    if (rest.length > 0 && verb.rest === undefined) throw new Refusal(`Nothing may stand behind --: ${usageOf(verb)}`);
}
