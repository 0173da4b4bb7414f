import { join } from "node:path";
import { EventReader } from "../../tools/cli/events";
import { checkpointing, forecast, isEmptyState, withLastWords, type Forecast } from "../../tools/cli/forecast";
import { hasPending } from "../../tools/cli/pending";
import { events, type Step } from "./clone";
import { cleanUp, makeRoot } from "./support";

afterEach(cleanUp);

function read(text: string): Forecast {
    const reader = new EventReader();
    for (const line of text.split("\n")) reader.read(line);
    return forecast(reader.result);
}

const command = "command:remote:Command";
const same: Step = ["same", "mesh secret", "random:index/randomBytes:RandomBytes"];

test.each<[Forecast, ...Step]>([
    ["nothing", "same", "caddy on box", command],
    ["commands", "create", "caddy on box", command],
    ["commands", "update", "caddy on box", command],
    ["commands", "delete", "caddy on box", command],
    ["commands", "create-replacement", "caddy on box", command],
    ["commands", "update", "program on box", "command:remote:CopyToRemote"],
    ["commands", "create", "edge", "sovereign-edge:edge:Edge"],
    ["commands", "update", "default", "pulumi:providers:command"],
    ["resources", "create", "model-key", "random:index/randomPassword:RandomPassword"],
    ["resources", "replace", "model-key", "random:index/randomPassword:RandomPassword"],
    ["resources", "delete", "ca", "tls:index/privateKey:PrivateKey"],
    ["resources", "update", "x", "command:local:Command"],
    ["resources", "create", "x", "command:remote:CommandX"],
    ["resources", "create", "gematria", "digitalocean:index/droplet:Droplet"],
])("%s: %s %s (%s)", (expected, ...step) => {
    expect(read(events(same, step))).toBe(expected);
    // One resource among commands is enough, wherever it stands.
    if (expected === "resources") expect(read(events(step, ["update", "pdns on box"]))).toBe("resources");
});

test("outputs that change are worth a run, and cost no checkpoint", () => {
    const stack = (before: string): string =>
        JSON.stringify({
            resOutputsEvent: {
                metadata: {
                    op: "same",
                    urn: "urn:pulumi:home::sovereign-edge::pulumi:pulumi:Stack::sovereign-edge-home",
                    type: "pulumi:pulumi:Stack",
                    old: { outputs: { urls: [before] } },
                    new: { outputs: { urls: ["b"] } },
                },
            },
        });
    expect([read(stack("a")), read(stack("b"))]).toEqual(["commands", "nothing"]);
});

test("checkpoints are skipped for commands alone", () => {
    expect(checkpointing("commands")).toEqual({ PULUMI_SKIP_CHECKPOINTS: "true" });
    expect([checkpointing("resources"), checkpointing("nothing")]).toEqual([{}, {}]);
});

test("a state file tells whether it is empty, and whether a run was cut off", () => {
    const root = makeRoot({
        empty: '{"checkpoint":{"latest":{}}}',
        full: '{"resources":[{"urn":"x"}]}',
        cut: '{"pending_operations":[{}]}',
    });
    const of = (name: string): boolean[] => [isEmptyState(join(root, name)), hasPending(join(root, name))];
    expect([of("empty"), of("full"), of("cut"), of("none")]).toEqual([
        [true, false],
        [false, false],
        [true, true],
        [false, false],
    ]);
});

test("a run that failed without a word in its events gives the engine's last words; a killed one says what to do", () => {
    const { result } = new EventReader();
    const errors = (code: number, stderr: string): readonly string[] => withLastWords(result, { code, stderr }).errors;
    expect([errors(0, "chatter"), errors(255, "no plugin\n"), errors(3, "")]).toEqual([
        [],
        ["no plugin"],
        ["pulumi ended with 3."],
    ]);
    expect(errors(137, "")).toEqual([expect.stringContaining("`./fleet unlock` if the stack is still locked")]);
});
