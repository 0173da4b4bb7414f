import { planFleet } from "../../components/fleet/plan";
import { planClaims } from "../../components/node/claims";
import { devText, stackOf } from "../support/stack";

const accepting = (keys: string): ReturnType<typeof planFleet>["nodes"] =>
    planFleet(stackOf("dev", devText.replace("accept:", `accept:\n${keys}`))).nodes;

test("another system that was accepted is turned away by no role either, and only on its own node", () => {
    const { alice, cecilia } = accepting("  SE129 nodes.alice.os: a derivative of Debian\n");
    expect(alice?.claims?.accept).toEqual({ os: true });
    expect(Object.values(alice?.roles ?? {}).filter(({ requires }) => requires?.os !== undefined)).toEqual([]);
    expect(cecilia?.roles["sshd"]?.requires?.os).toMatchObject({ "debian-13": true });
});

test("what else is accepted of a machine does not let any system in", () => {
    const { alice } = accepting("  SE129 nodes.alice.memory: it shares its memory\n");
    expect(alice?.claims?.accept).toEqual({ memory: true });
    expect(alice?.roles["sshd"]?.requires?.os).toMatchObject({ "debian-13": true });
});

test("the claims of a machine name it by its place in the inventory", () => {
    const { inventory, design } = stackOf("dev", devText);
    const { alice } = design.machines;
    expect(planClaims(alice!, inventory)).toMatchObject({ place: "SE129 nodes.alice", os: "debian-13" });
});
