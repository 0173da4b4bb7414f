import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { certificatePattern, letsEncrypt, planAccount, renderAccountScript } from "../../components/edge/account";
import { credentials, storage } from "../../components/edge/caddyfile";
import { planFleet } from "../../components/fleet/plan";
import { devText, homeText, stackOf } from "../support/stack";

const account = planAccount("gematria", { email: "ops@dev.example", directory: "https://acme.lab.example/dir" });

describe("the script that gives Caddy its account", () => {
    let root: string;
    const folder = `${storage}/acme/acme.lab.example-dir/users/ops@dev.example`;
    beforeEach(() => {
        root = mkdtempSync(join(tmpdir(), "account-"));
        put(`${credentials}/acme-account.gematria`, "the fleet's\n");
    });
    afterEach(() => {
        rmSync(root, { recursive: true });
    });
    const put = (name: string, text: string): void => {
        mkdirSync(dirname(`${root}${name}`), { recursive: true });
        writeFileSync(`${root}${name}`, text);
    };
    const read = (): string[] =>
        ["ops.key", "ops.json"].map((name) => readFileSync(`${root}${folder}/${name}`, "utf8"));
    const runScript = (of = account): void => {
        const text = renderAccountScript(of).replaceAll(`=${storage}`, `=${root}${storage}`);
        execFileSync("sh", { input: text.replaceAll(`=${credentials}`, `=${root}${credentials}`) });
    };

    test("puts the key there with a registration that Caddy has to make at the CA", () => {
        runScript();
        expect(read()).toEqual(["the fleet's\n", '{"contact":["mailto:ops@dev.example"]}\n']);
    });
    test("leaves what Caddy made of it, until the key is another", () => {
        runScript();
        put(`${folder}/ops.json`, '{"status":"valid"}');
        runScript();
        expect(read()).toEqual(["the fleet's\n", '{"status":"valid"}']);
        put(`${credentials}/acme-account.gematria`, "the next\n");
        runScript();
        expect(read()).toEqual(["the next\n", '{"contact":["mailto:ops@dev.example"]}\n']);
    });
    test("takes the place of an account that Caddy made itself", () => {
        put(`${folder}/ops.key`, "Caddy's\n");
        runScript();
        expect(read()[0]).toBe("the fleet's\n");
    });
    test("bears a name with a quote", () => {
        runScript({ ...account, email: "o'ps@dev.example" });
        expect(readFileSync(`${root}${folder}/ops.json`, "utf8")).toBe(`{"contact":["mailto:o'ps@dev.example"]}\n`);
    });
});

// As CertMagic 0.25 names them.
test.each([
    [letsEncrypt, "acme-v02.api.letsencrypt.org-directory"],
    ["https://acme.lab.example/dir", "acme.lab.example-dir"],
    ["https://CA.example:14000/acme/v2/", "ca.example-14000-acme-v2"],
    ["https://ca.example", "ca.example"],
])("the folder of the CA %s is %s", (directory, folder) => {
    expect(certificatePattern(directory)).toBe(`${storage}/certificates/${folder}/*/*.crt`);
});

test("a node whose names are on the internet has an account of its own, and no other node has", () => {
    const plan = planFleet(stackOf("dev", devText));
    expect(
        Object.values(plan.nodes).flatMap(({ secrets }) => secrets.filter((name) => name.startsWith("acme"))),
    ).toEqual(["acme-account.gematria"]);
    const { files, units } = plan.nodes["gematria"]!.roles["caddy"]!;
    expect(units!["caddy.service"]).toMatchObject({
        reloadOn: { "/etc/caddy/account.sh": true, [`${credentials}/acme-account.gematria`]: true },
    });
    const [before, reload] = ["ExecStartPre", "ExecReload"].map((word) => `${word}=/etc/caddy/account.sh\n`);
    expect(files!["/etc/systemd/system/caddy.service"]!.text).toMatch(
        new RegExp(`${before!}ExecStart=.* run .*\n${reload!}ExecReload=.* reload `),
    );
    const own = planFleet(stackOf("home", homeText));
    expect(JSON.stringify([own.secrets, own.nodes["box"]!.roles["caddy"]])).not.toContain("account");
});
