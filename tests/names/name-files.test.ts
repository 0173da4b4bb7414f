import { loadInventory } from "../../components/fleet/load";
import { shop } from "../services/support";

const apps = "websites: { apps: { at: box, each: { file: apps.names } } }";

test("a file gives one name a line, patterns written out, comments and empty lines left out", () => {
    const read = (file: string): string | undefined =>
        file === "apps.names" ? "# all of them\ntutor\r\n\nchat\napp-{01..03}\n" : undefined;
    expect(shop(apps, { read }).inventory.websites["apps"]?.each).toEqual([
        "tutor",
        "chat",
        "app-01",
        "app-02",
        "app-03",
    ]);
});

test.each([
    ["missing", undefined, "There is no file apps.names beside the inventory."],
    ["empty", "\n# nothing\n", "There is no name in apps.names."],
    ["no names", "tutor\nRoad Trip\n", 'Line 2 of apps.names, "Road Trip", does not fit here.'],
])("a file that is %s is refused", (_, text, message) => {
    expect(() => shop(apps, { read: () => text })).toThrow(message);
});

test("the day is only looked at when it is given, and an acceptance stands until then", () => {
    const text = [
        "version: 1",
        "fleet: home",
        "nodes: { box: { hardware: amd64-16gb, address: 192.168.1.20 } }",
        "domains: { shop.example: { expires: 2026-11-30 } }",
    ].join("\n");
    const warnings = (more: string, today?: string): string[] =>
        loadInventory("home", "home.yaml", text + more, today === undefined ? {} : { today }).warnings.map(
            ({ code }) => code,
        );
    const accepted = "\naccept: { SE185 domains.shop.example.expires: by standing order }";
    expect(warnings("")).toEqual([]);
    expect(warnings("", "2026-10-30")).toEqual([]);
    expect(warnings("", "2026-11-01")).toEqual(["SE185"]);
    expect(warnings(accepted)).toEqual([]);
    expect(warnings(accepted, "2026-11-01")).toEqual([]);
    expect(warnings(accepted, "2026-10-30")).toEqual(["SE008"]);
    expect(() => warnings("", "2026-12-01")).toThrow("was paid for until 2026-11-30, 1 day before 2026-12-01");
});
