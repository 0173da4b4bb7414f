/** A refusal of the API. `id` and texts are the real ones where they are known. */
export class ApiError extends Error {
    constructor(
        readonly status: number,
        readonly id: string,
        message: string,
        readonly headers: Readonly<Record<string, string>> = {},
    ) {
        super(message);
    }
}

/** 404. */
export function notFound(): ApiError {
    return new ApiError(404, "not_found", "The resource you were accessing could not be found.");
}

/** 422. */
export function unprocessable(message: string): ApiError {
    return new ApiError(422, "unprocessable_entity", message);
}

/** 409. */
export function conflict(message: string): ApiError {
    return new ApiError(409, "conflict", message);
}

/** 412. */
export function preconditionFailed(message: string): ApiError {
    return new ApiError(412, "precondition_failed", message);
}

/** 429. @param seconds until the next request is welcome */
export function tooManyRequests(seconds: number): ApiError {
    return new ApiError(429, "too_many_requests", "API rate limit exceeded.", { "retry-after": String(seconds) });
}

/** 422 of a droplet that is busy: it does one thing at a time. */
export function pendingEvent(): ApiError {
    return unprocessable("Droplet already has a pending event.");
}
