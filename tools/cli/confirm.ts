import { textFlag, type Context } from "./context";
import { Refusal } from "./failure";
import { ask, canAsk } from "./prompt";

/**
 * Has the operator say the fleet's name, by a flag or on the terminal, before something that is hard to take back.
 * @throws Refusal when the name that was given is not the fleet's, or nobody can be asked
 */
export async function confirmFleet(context: Context, fleet: string, flag: string): Promise<void> {
    const given = (textFlag(context, flag) ?? (await askName(fleet, flag))).trim();
    if (given !== fleet) throw new Refusal(`"${given}" is not ${fleet}. Nothing was done.`);
}

async function askName(fleet: string, flag: string): Promise<string> {
    if (!canAsk()) throw new Refusal(`There is no terminal to ask on. Give --${flag} ${fleet}.`);
    return ask("Type the fleet's name to go on: ");
}
