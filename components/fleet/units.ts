import { z } from "zod";

/** Decimal, as disks, uplinks and model files are sold; memory is binary, see `memorySize`. */
const decimal: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9, t: 1e12 };
const binary: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** An amount of money in one currency. */
export interface Money {
    readonly amount: number;
    /** ISO 4217. */
    readonly currency: "EUR" | "USD" | "GBP" | "CHF";
}

const sizeForm = /^(\d+(?:\.\d+)?)([kmgt])b$/;

function size(units: Readonly<Record<string, number>>, words: string) {
    return z
        .string()
        .regex(sizeForm, words)
        .transform((text) => {
            const [, amount = "0", unit = ""] = sizeForm.exec(text) ?? [];
            return Math.round(Number(amount) * (units[unit] ?? 1));
        });
}

/** Working memory, `64mb` or `8gb`: bytes, 1 gb = 2^30. */
export const memorySize = size(binary, "a size like 64mb or 8gb");

/** Room on a disk, `200gb`: bytes, 1 gb = 10^9, as disks are sold. */
export const diskSize = size(decimal, "a size like 200gb or 1tb");

const rateForm = /^(\d+(?:\.\d+)?)([kmg])bit$/;

/** Speed of a line, `15mbit`: bits a second. */
export const bitRate = z
    .string()
    .regex(rateForm, "a speed like 15mbit or 1gbit")
    .transform((text) => {
        const [, amount = "0", unit = ""] = rateForm.exec(text) ?? [];
        return Math.round(Number(amount) * (decimal[unit] ?? 1));
    });

const day = 86_400;
const seconds: Readonly<Record<string, number>> = { h: 3600, d: day, w: 7 * day, y: 365 * day };

/** A time span, `60d` or `1y`: seconds. */
export const duration = z
    .string()
    .regex(/^\d{1,5}[hdwy]$/, "a time like 12h, 60d, 8w or 1y")
    .transform((text) => Number(text.slice(0, -1)) * (seconds[text.slice(-1)] ?? 0));

/** How often something is done: seconds. */
export const interval = z
    .enum(["hour", "day", "week", "month", "quarter"])
    .transform((word) => ({ hour: 3600, day, week: 7 * day, month: 30 * day, quarter: 91 * day })[word]);

/** A day, `2027-01-10`. YAML 1.1 readers make dates of it; this one keeps the text. */
export const date = z.iso.date("a day like 2027-01-10");

const moneyForms = {
    "": { form: /^(\d{1,7}(?:\.\d{1,4})?) (EUR|USD|GBP|CHF)$/, example: "350 EUR" },
    "/month": { form: /^(\d{1,7}(?:\.\d{1,4})?) (EUR|USD|GBP|CHF)\/month$/, example: "6.50 EUR/month" },
    "/year": { form: /^(\d{1,7}(?:\.\d{1,4})?) (EUR|USD|GBP|CHF)\/year$/, example: "12 USD/year" },
    "/kWh": { form: /^(\d{1,7}(?:\.\d{1,4})?) (EUR|USD|GBP|CHF)\/kWh$/, example: "0.12 USD/kWh" },
} as const;

/** Money for something, `0.12 USD/kWh` with `per` = `/kWh`, `24 USD/month`; without `per` once. */
export function money(per: keyof typeof moneyForms) {
    const { form, example } = moneyForms[per];
    return z
        .string()
        .regex(form, `money like ${example}`)
        .transform((text): Money => {
            const [, amount = "0", currency = "EUR"] = form.exec(text) ?? [];
            return { amount: Number(amount), currency: currency as Money["currency"] };
        });
}

/** Bytes of memory as people read them, in binary units: `2.6 GiB`, `512 MiB`; 1 GiB = 2^30. */
export function showMemory(bytes: number): string {
    return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** Bytes on a disk as people read them, decimal: `26 GB`. */
export function showDisk(bytes: number): string {
    return bytes >= 1e9 ? `${trim(bytes / 1e9)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

function trim(value: number): string {
    return value >= 10 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, "");
}
