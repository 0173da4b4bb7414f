import type { Context } from "../context";
import { Refusal, type ExitCode } from "../failure";

type Rotate = (context: Context, names: readonly string[]) => Promise<ExitCode>;

/** What can be rotated; the code of each is loaded when it is called. */
const kinds: Readonly<Record<string, () => Promise<Rotate>>> = {
    mesh: async () => (await import("../rotate-mesh")).rotateMesh,
    "host-keys": async () => (await import("../rotate-host-keys")).rotateHostKeys,
    people: async () => (await import("../rotate-people")).rotatePeople,
};

/** `./fleet rotate mesh|host-keys|people [NAME…]`: new keys take the place of old ones, proven before the old ones go. */
export async function run(context: Context): Promise<ExitCode> {
    const [what = "", ...names] = context.args.positionals;
    const load = Object.hasOwn(kinds, what) ? kinds[what] : undefined;
    if (load === undefined)
        throw new Refusal(
            `"${what}" cannot be rotated. It is: ./fleet rotate mesh [NODE…], rotate host-keys [NODE…] or rotate people PERSON`,
        );
    return (await load())(context, names);
}
