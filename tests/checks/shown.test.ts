import { shownOf } from "../../tools/checks/shown";

const many = (word: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${word} ${index}`);
const output = (...lines: string[]): string => lines.join("\n");

test("of a failed check the end is shown", () => {
    expect(shownOf(output(...many("line", 500)))).toEqual(many("line", 500).slice(-120));
    expect(shownOf("short")).toEqual(["short"]);
});

test("failures that came long before the end are shown before it, each by its beginning, none twice", () => {
    const first = ["  ● one fails", ...many("why", 60)];
    const second = ["  ● another fails", ...many("because", 3)];
    const last = ["  ● the last one", ...many("end", 100)];
    const shown = shownOf(output("PASS x", ...first, ...second, ...many("ok", 150), ...last));
    expect(shown.slice(0, 40)).toEqual(first.slice(0, 40));
    expect(shown.slice(40, 44)).toEqual(second);
    expect(shown.filter((line) => line === "  ● the last one")).toHaveLength(1);
    expect(shown.slice(-101)).toEqual(last);
});
