package main

import (
	"context"
	"fmt"
	"time"
)

// Between two looks at a thing that is not ready: at once, then ever more seldom.
const (
	firstLook   = 250 * time.Millisecond
	seldomLook  = 5 * time.Second
	waitAtMost  = 10 * time.Minute
	shutdownFor = time.Minute
)

// until looks until a thing is ready. look gives an empty text then, else what the thing is still like.
func until(ctx context.Context, look func() (still string, err error)) error {
	start, between := time.Now(), firstLook
	if _, limited := ctx.Deadline(); !limited {
		limitedCtx, cancel := context.WithTimeout(ctx, waitAtMost)
		defer cancel()
		ctx = limitedCtx
	}
	var last string
	for {
		still, err := look()
		if ctx.Err() != nil && last != "" {
			return fmt.Errorf("%s after %s", last, time.Since(start).Round(time.Second))
		}
		if err != nil || still == "" {
			return err
		}
		last = still
		pause(ctx, between)
		between = min(between*3/2, seldomLook)
	}
}
