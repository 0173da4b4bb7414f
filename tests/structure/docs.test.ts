import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { errorsPage } from "../../tools/errors";

const root = resolve(__dirname, "../..");
const squash = (text: string): string => text.replaceAll(/ +|-{2,}/g, " ");

test("docs/errors.md is what the codes say", () => {
    expect(squash(readFileSync(join(root, "docs/errors.md"), "utf8"))).toBe(squash(errorsPage()));
});

test("every concept has a README", () => {
    const folders = readdirSync(join(root, "components"), { withFileTypes: true }).filter((entry) =>
        entry.isDirectory(),
    );
    expect(folders.filter(({ name }) => !existsSync(join(root, "components", name, "README.md")))).toEqual([]);
});

test("links of the documents lead somewhere", () => {
    const documents = [
        "README.md",
        ...readdirSync(join(root, "docs"))
            .filter((f) => f.endsWith(".md"))
            .map((f) => `docs/${f}`),
    ];
    const dead = documents.flatMap((document) =>
        [...readFileSync(join(root, document), "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
            .map(([, target]) => resolve(root, document, "..", target!))
            .filter((target) => !existsSync(target))
            .map((target) => `${document}: ${target}`),
    );
    expect(dead).toEqual([]);
});
