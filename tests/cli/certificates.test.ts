import { namesIn, withShown } from "../../tools/cli/certificates";
import { certificate } from "./support";

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
