import { readFileSync } from "node:fs";
import { join } from "node:path";
import { planFleet } from "../../components/fleet/plan";
import type { Stack } from "../../components/fleet/stack";
import { copyCertificates, namesIn, readCopies, withShown } from "../../tools/cli/certificates";
import { devText, stackOf } from "../support/stack";
import { certificate, cleanUp, makeRoot } from "./support";

afterEach(cleanUp);

const directory = "https://acme.lab.example/dir";
const now = new Date();
const later = new Date(now.getTime() + 91 * 24 * 3_600_000);
const [one, two, root] = [
    certificate(["a.example", "b.example"]),
    certificate(["a.example"]),
    certificate(["x"], true),
];

test("what a node shows is added to its copies, without what signed it and what is no certificate", () => {
    const before = { edge: { directory, certificates: [one] } };
    const garbage = `-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n`;
    const after = withShown(before, directory, [["edge", `${two}\n${root}\n${garbage}${two}\n`]], now);
    expect(after).toEqual({ edge: { directory, certificates: [one, two].sort() } });
    expect(namesIn(one)).toEqual(["a.example", "b.example"]);
});

test("a node that shows none keeps its copies, until they have ended", () => {
    const before = { edge: { directory, certificates: [one] } };
    expect(withShown(before, directory, [["edge", ""]], now)).toEqual(before);
    expect(withShown(before, directory, [["edge", ""]], later)).toEqual({});
});

test("what another CA gave is not asked of this one", () => {
    const before = { edge: { directory: "https://other.example/dir", certificates: [one] } };
    const after = withShown(before, directory, [["edge", two]], now);
    expect(after).toEqual({ edge: { directory, certificates: [two] } });
});

test.each([
    ["<<<<<<< HEAD", /Unexpected token/],
    ['{"edge":[]}', /it has another form/],
])("copies that cannot be read are left, and said: %s", async (text, why) => {
    const files = { certificates: join(makeRoot({ "x.certificates.json": text }), "x.certificates.json") };
    expect(() => readCopies({ files } as Stack)).toThrow(why);
    const stack = { ...stackOf("dev", devText), files } as Stack;
    const edge = { ...planFleet(stackOf("dev", devText)).nodes["gematria"]!, address: "127.0.0.1", port: 1 };
    expect(await copyCertificates(stack, [edge])).toEqual([expect.stringMatching(why)]);
    expect(readFileSync(files.certificates, "utf8")).toBe(text);
});
