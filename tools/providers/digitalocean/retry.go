package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/digitalocean/godo"
	"github.com/hashicorp/go-retryablehttp"
)

// longestWait is how long a Retry-After may be. The hourly limit asks for up to an hour: that is said instead of waited for.
const longestWait = 2 * time.Minute

type onceKey struct{}

// askAgain says whether a request is made again: not when that could make a second thing of its kind, but for one that was
// refused for coming too soon, and so did nothing.
func askAgain(ctx context.Context, answer *http.Response, err error) (bool, error) {
	if answer != nil && answer.StatusCode == http.StatusTooManyRequests {
		after, readable := strconv.Atoi(answer.Header.Get("Retry-After"))
		return ctx.Err() == nil && (readable != nil || time.Duration(after)*time.Second <= longestWait), ctx.Err()
	}
	if ctx.Value(onceKey{}) != nil {
		return false, ctx.Err()
	}
	return retryablehttp.DefaultRetryPolicy(ctx, answer, err)
}

// lost says whether nobody knows what became of a request: no answer, or one that the server failed to give.
func lost(answer *godo.Response, err error) bool {
	return err != nil && (answer == nil || answer.Response == nil || answer.StatusCode >= 500)
}

// makeOnce makes a thing. When the answer is lost, the thing may be there all the same: it is looked for before it is asked
// for again, because the API has no way to say that two requests are one.
func makeOnce[T any](
	ctx context.Context, c *client,
	post func(context.Context) (*T, *godo.Response, error), find func(context.Context) (*T, error),
) (*T, error) {
	for attempt := 0; ; attempt++ {
		thing, answer, err := post(context.WithValue(ctx, onceKey{}, true))
		if !lost(answer, err) || ctx.Err() != nil {
			return thing, err
		}
		pause(ctx, retryablehttp.DefaultBackoff(c.waitMin, c.waitMax, attempt, nil))
		found, findErr := find(ctx)
		if findErr != nil || found != nil {
			return found, findErr
		}
		if attempt >= c.again {
			return nil, err
		}
	}
}

// pause waits, or less when nobody waits for the outcome any longer.
func pause(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// all gathers the pages of a list.
func all[T any](list func(*godo.ListOptions) ([]T, *godo.Response, error)) ([]T, error) {
	var found []T
	for page := 1; ; page++ {
		some, answer, err := list(&godo.ListOptions{Page: page, PerPage: 200})
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
		if answer.Links == nil || answer.Links.IsLastPage() {
			return found, nil
		}
	}
}
