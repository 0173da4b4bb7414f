/** Exit codes of `./fleet`: done, failed, refused what was written (inventory, arguments). */
export const exitCodes = { done: 0, failed: 1, refused: 2 } as const;

/** One of the exit codes. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Something went wrong while doing; the message says what, where and what to do. Exit code 1. */
export class Failure extends Error {
    constructor(message: string) {
        super(message);
        this.name = "Failure";
    }
}

/** The command line or a value in it makes no sense; nothing was done. Exit code 2. */
export class Refusal extends Error {
    constructor(message: string) {
        super(message);
        this.name = "Refusal";
    }
}

/** What an error says; that of a failed `fetch` stands in its cause. */
export function wordsOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    return error.cause instanceof Error ? error.cause.message : error.message;
}
