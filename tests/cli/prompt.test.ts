import { PassThrough } from "node:stream";
import { ask, askHidden } from "../../tools/cli/prompt";

function terminal(): { input: PassThrough; output: PassThrough; shown: () => string } {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let text = "";
    output.on("data", (chunk: Buffer) => (text += chunk.toString()));
    return { input, output, shown: () => text };
}

test("a hidden answer is read and never shown", async () => {
    const { shown, ...streams } = terminal();
    const answer = askHidden("Value: ", streams);
    streams.input.write("can");
    streams.input.write("ary\r");
    expect(await answer).toBe("canary");
    expect(shown()).toBe("Value: \n");
});

test("a plain answer is read", async () => {
    const { shown, ...streams } = terminal();
    const answer = ask("Same? ", streams);
    streams.input.write("yes\n");
    expect([await answer, shown()]).toEqual(["yes", "Same? "]);
});

test.each([
    ["an interrupt", (input: PassThrough) => input.write("\u0003")],
    ["the end of the input", (input: PassThrough) => input.end()],
])("%s is an empty answer", async (_, act) => {
    const { input, output } = terminal();
    const answer = askHidden("Value: ", { input, output });
    act(input);
    expect(await answer).toBe("");
});
