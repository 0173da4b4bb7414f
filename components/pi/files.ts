import type { Card, CardFile } from "./card";
import { firstrunArguments, renderFirstrun } from "./firstrun";
import { renderSeed } from "./seed";

/**
 * Every file that a card gets.
 * @param cmdline text of the `cmdline.txt` that is there, when the folder is a Raspberry Pi's boot partition
 */
export function cardFiles(card: Card, cmdline: string | undefined): CardFile[] {
    if (card.os !== "raspberry-pi-os-12") return renderSeed(card);
    const script = { name: "firstrun.sh", text: renderFirstrun(card) };
    return cmdline === undefined ? [script] : [script, { name: "cmdline.txt", text: withFirstrun(cmdline) }];
}

/** The kernel's one line with what runs the script at the end; the same when it is there already. */
export function withFirstrun(cmdline: string): string {
    const line = cmdline.trimEnd();
    return line.includes(firstrunArguments) ? cmdline : `${line} ${firstrunArguments}\n`;
}
