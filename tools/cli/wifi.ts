import { pbkdf2Sync } from "node:crypto";
import type { Wifi } from "../../components/pi/card";
import { textFlag, type Context } from "./context";
import { Refusal } from "./failure";
import { askHidden, canAsk } from "./prompt";
import { readAll } from "./standard-input";

/** The wireless network of `--wifi SSID --country CC`, its password asked for; nothing without the flag. @throws Refusal */
export async function askWifi(context: Context): Promise<Wifi | undefined> {
    const [ssid, country] = [textFlag(context, "wifi"), textFlag(context, "country")];
    if (ssid === undefined) return undefined;
    if (!/^[\x20-\x7e]{1,32}$/.test(ssid)) throw new Refusal("--wifi takes a name of 1 to 32 printable characters.");
    if (country === undefined || !/^[A-Z]{2}$/.test(country))
        throw new Refusal(
            "--wifi needs --country with two capital letters, for example --country DE: it decides on the channels.",
        );
    const password = canAsk() ? await askHidden(`Password of ${ssid} (not shown): `) : await readAll();
    return { ssid, country, key: wifiKey(ssid, password) };
}

/** The key that a password stands for (IEEE 802.11i H.4): the card need not know the password. @throws Refusal */
export function wifiKey(ssid: string, password: string): string {
    if (!/^[\x20-\x7e]{8,63}$/.test(password)) throw new Refusal("A Wi-Fi password has 8 to 63 printable characters.");
    return pbkdf2Sync(password, ssid, 4096, 32, "sha1").toString("hex");
}
