import { Description, readDescription } from "../../lab/cloud/description";
import { DIFFERENCES, applyDifferences } from "../../lab/cloud/reality";
import * as views from "../../lab/cloud/views";
import { SMALL, droplet, emulator } from "./support";

const description = new Description();

test("an empty object is no droplet, though the description's own schema takes it", () => {
    expect(description.answerComplaint("GET /v2/droplets/{droplet_id}", 200, {})).toContain("droplet");
    expect(
        description.answerComplaint("GET /v2/tags", 200, { tags: [], links: {}, meta: { total: 0 } }),
    ).toBeUndefined();
});

test.each([
    ["GET /v2/tags", 200, { tags: [{ name: 7 }], meta: { total: 1 } }, /tags\/0\/name must be string/],
    ["GET /v2/tags", 404, { message: "x" }, /must have required property 'id'/],
    ["GET /v2/tags", 202, {}, /has no answer 202/],
    ["DELETE /v2/tags/{tag_id}", 204, { tag: {} }, /answers 204 without a body/],
    ["GET /v2/vpcs/{vpc_id}", 200, { vpc: { id: "no-uuid" } }, /format "uuid"/],
])("%s %i with %j is found wrong", (operation, status, body, complaint) => {
    expect(description.answerComplaint(operation, status, body)).toMatch(complaint);
});

test("an answer that does not fit is an error 500 that says so, and is noted", async () => {
    const provider = emulator();
    const id = await droplet(provider);
    const spoilt = jest.spyOn(views, "dropletView").mockReturnValue({ id: "seven" });
    const answer = await provider.call("GET", `/droplets/${id}`);
    spoilt.mockRestore();
    expect([answer.status, answer.body.id]).toEqual([500, "mismatch"]);
    expect(answer.body.message).toMatch(
        /answer to GET \/v2\/droplets\/\{droplet_id\} is wrong: .*must have required property 'name'/,
    );
    expect(provider.journal.at(-1)?.mismatch).toBe(answer.body.message);
});

test("a request that does not fit is refused with the place", async () => {
    const { call } = emulator();
    const { status, body } = await call("POST", "/droplets", { ...SMALL, monitoring: "yes" });
    expect([status, body.message]).toEqual([422, expect.stringMatching(/body\/monitoring must be boolean/)]);
    const rule = { protocol: "gre", ports: "0", sources: {} };
    expect((await call("POST", "/firewalls", { name: "f", inbound_rules: [rule] })).body.message).toMatch(
        /inbound_rules\/0\/protocol/,
    );
});

test("each allowed difference is one: the description as it came would refuse what the real API takes", () => {
    expect(DIFFERENCES.map(({ why }) => why.length > 20)).not.toContain(false);
    const read = readDescription();
    const requests = [
        ["POST /v2/droplets", { ...SMALL, volumes: [{ id: "a" }] }],
        ["POST /v2/droplets", { ...SMALL, ssh_keys: null }],
        ["POST /v2/firewalls", { name: "edge", inbound_rules: [{ protocol: "icmp", sources: {} }] }],
    ] as const;
    for (const [operation, body] of requests)
        expect(new Description(read).requestComplaint(operation, body)).toBeUndefined();
    expect(() => {
        applyDifferences({ components: {} });
    }).toThrow(/has no \/components\/schemas\/droplet_create/);
});
