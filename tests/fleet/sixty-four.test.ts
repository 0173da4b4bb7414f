import { canonical } from "../../components/converge/canonical";
import { planFleet } from "../../components/fleet/plan";
import { planPaths } from "../../components/mesh/paths";
import { sixtyFour } from "../support/sixty-four";
import { stackOf } from "../support/stack";

const stack = stackOf("many", sixtyFour());
const { nodes } = planFleet(stack);

test("64 nodes in four homes behind NAT: every pair has a path, and no desired state is longer than 20 KB", () => {
    expect(Object.keys(nodes).length).toBe(64);
    const kinds = new Set(planPaths(stack.inventory).map(({ way }) => way.kind));
    expect(kinds).toEqual(new Set(["lan", "public", "relayed"]));
    const long = Object.values(nodes).flatMap(({ name, roles }) =>
        Object.entries(roles)
            .map(([role, state]) => ({ name, role, bytes: Buffer.byteLength(canonical(state)) }))
            .filter(({ bytes }) => bytes > 20_000),
    );
    expect(long).toEqual([]);
});
