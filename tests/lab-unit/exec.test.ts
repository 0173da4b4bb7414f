import { passThrough } from "../../lab/exec";

test("a program that is stopped, as nsenter is by a machine that shuts down, goes on and ends", async () => {
    expect(await passThrough(["sh", "-c", "kill -STOP $$; exit 7"])).toBe(7);
});
