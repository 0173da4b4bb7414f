import { parseArguments, usageOf } from "../../tools/cli/arguments";
import { verbs } from "../../tools/cli/verbs";

const parse = (...argv: string[]): ReturnType<typeof parseArguments> => parseArguments(argv, verbs);

test("flags may stand before and after the verb, with = or without", () => {
    for (const argv of [
        ["-s", "home", "--json", "up", "alice"],
        ["up", "alice", "--stack=home", "--json"],
        ["--stack", "home", "up", "--json", "alice"],
    ]) {
        expect(parse(...argv)).toMatchObject({ verb: "up", stack: "home", json: true, positionals: ["alice"] });
    }
});

test("values of a verb's flags, and what stands behind --", () => {
    expect(parse("add", "box", "192.0.2.1", "--user", "admin", "--yes").flags).toEqual({ user: "admin", yes: true });
    expect(parse("ssh", "box", "--", "ls", "-l", "--json")).toMatchObject({
        json: false,
        rest: ["ls", "-l", "--json"],
    });
});

test("no verb at all is asked for help", () => {
    expect(parse()).toMatchObject({ positionals: [] });
    expect(parse().verb).toBeUndefined();
    expect(parse("up", "-h").help).toBe(true);
    expect(parse("add", "--help").help).toBe(true);
});

test.each([
    [["chek"], 'There is no verb "chek". Did you mean "check"?'],
    [["dance"], 'There is no verb "dance". Verbs: init, add, prepare, pin,'],
    [["add", "box", "192.0.2.1", "--usr", "x"], '"--usr" is no flag of add. Did you mean "--user"?'],
    [["up", "--quickly"], '"--quickly" is no flag of up. It takes --stack or --json.'],
    [["up", "-q"], '"-q" is no flag of up.'],
    [["up", "--toString"], '"--toString" is no flag of up.'],
    [["add", "box"], "ADDRESS is missing: ./fleet add NODE ADDRESS"],
    [["check", "alice"], '"alice" is one argument too many: ./fleet check'],
    [["ssh", "box", "ls"], '"ls" is one argument too many (what is run on the node stands behind --)'],
    [["check", "--", "x"], "Nothing may stand behind --"],
    [["add", "box", "192.0.2.1", "--user"], "--user needs a value: --user USER."],
    [["up", "--json=1"], "--json takes no value."],
])("%j is refused with what to write instead", (argv, message) => {
    expect(() => parse(...argv)).toThrow(message);
});

test("every verb's usage names what it takes", () => {
    const ssh = verbs.find(({ name }) => name === "ssh")!;
    expect(usageOf(ssh)).toBe("./fleet ssh NODE [-- COMMAND…]");
    expect(usageOf(verbs.find(({ name }) => name === "init")!)).toBe("./fleet init NAME [--model MODEL]");
});
