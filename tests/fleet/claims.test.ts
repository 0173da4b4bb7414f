import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const folder = join(root, "tests/reject/as-written");
const read = (file: string): string => readFileSync(join(folder, file), "utf8");

interface Claim {
    readonly number: number;
    readonly text: string;
    /** What is said of the fleet that makes it. */
    readonly said: string;
}

const claims: readonly Claim[] = readdirSync(folder)
    .filter((file) => file.endsWith(".claims.md"))
    .flatMap((file) =>
        [...read(file).matchAll(/^(\d+)\. (.*)$/gm)].map(([, number = "", text = ""]) => ({
            number: Number(number),
            text,
            said: read(file.replace("claims.md", "txt")),
        })),
    )
    .sort((a, b) => a.number - b.number);

test("each of the 31 doubtful claims is looked at, once", () => {
    expect(claims.map(({ number }) => number)).toEqual(Array.from({ length: 31 }, (_, index) => index + 1));
});

test.each(claims)("claim $number is refused where it says, or computed in a file that is there", ({ text, said }) => {
    const codes = [...text.matchAll(/(SE\d{3}) ([^\s,;]+)/g)];
    const missing = codes.filter(
        ([, code = "", path = ""]) => !["", " warning"].some((word) => said.includes(`${code}${word}  ${path}\n`)),
    );
    expect(missing.map(([line]) => line)).toEqual([]);
    const files = [...text.matchAll(/in `([^`]+)`/g)].map(([, file = ""]) => file);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect(codes.length + files.length).toBeGreaterThan(0);
});
