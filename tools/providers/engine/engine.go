// Package engine watches over the Pulumi engine that started this process.
package engine

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
)

// interval is how often the engine is asked whether it still lives; nothing outlives it by much more than that.
const interval = time.Second

// Address returns the engine's address, the last argument of every plugin; empty when somebody started it by hand.
func Address() string {
	if len(os.Args) < 2 {
		return ""
	}
	return os.Args[len(os.Args)-1]
}

// Watch calls gone once when the engine at address does not answer any more.
func Watch(ctx context.Context, address string, gone func()) error {
	if address == "" {
		return nil
	}
	if err := rpcutil.Healthcheck(ctx, address, interval, gone); err != nil {
		return fmt.Errorf("watch the engine at %s: %w", address, err)
	}
	return nil
}

// EndGroup kills this process and all it has started. The engine makes every plugin the leader of a process group and kills
// that group when it closes the plugin; this is for the engine that died before it could.
func EndGroup() {
	if syscall.Getpgrp() == os.Getpid() {
		_ = syscall.Kill(0, syscall.SIGKILL)
	}
	os.Exit(1)
}
