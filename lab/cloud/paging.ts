import { ORIGIN } from "./views";
import type { JsonObject } from "./views";

/** No page is longer: a client that reads only the first one shows here with three things of a kind. */
export const LONGEST_PAGE = 2;

function wanted(text: string | null, otherwise: number): number {
    const value = Number(text ?? otherwise);
    return Number.isInteger(value) && value > 0 ? value : otherwise;
}

/** A page of a list, with the links and the count that the API puts beside it. */
export function page(name: string, all: readonly JsonObject[], path: string, query: URLSearchParams): JsonObject {
    const size = Math.min(wanted(query.get("per_page"), 20), LONGEST_PAGE);
    const last = Math.max(1, Math.ceil(all.length / size));
    const current = Math.min(wanted(query.get("page"), 1), last);
    const link = (to: number): string => {
        const others = new URLSearchParams(query);
        others.set("page", String(to));
        others.set("per_page", String(size));
        return `${ORIGIN}${path}?${others.toString()}`;
    };
    const pages = {
        ...(current > 1 ? { first: link(1), prev: link(current - 1) } : {}),
        ...(current < last ? { next: link(current + 1), last: link(last) } : {}),
    };
    return {
        [name]: all.slice((current - 1) * size, current * size),
        links: Object.keys(pages).length > 0 ? { pages } : {},
        meta: { total: all.length },
    };
}
