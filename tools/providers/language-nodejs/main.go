// Command pulumi-language-nodejs is a small Node.js language host for the Pulumi engine: it starts the program and hands it
// the engine's own monitor address, so that whatever the engine and the SDK agree on works unchanged.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// healthInterval is how often the engine is asked whether it still lives; a program outlives it by no more than that.
const healthInterval = time.Second

func main() {
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
		os.Exit(1)
	}
}

// serve answers the engine until it goes away or a signal comes. The engine's address is the last argument, the port goes to
// stdout as the first line: that is how the engine talks to every plugin.
func serve(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	host := &languageHost{base: ctx}
	if len(args) > 0 {
		host.engine = args[len(args)-1]
		if err := rpcutil.Healthcheck(ctx, host.engine, healthInterval, cancel); err != nil {
			return fmt.Errorf("watch the engine at %s: %w", host.engine, err)
		}
	}
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(s, host)
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(server.Port)

	select {
	case err := <-server.Done:
		return err
	case <-ctx.Done():
		host.wait()
		endGroup()
		return nil
	}
}

// endGroup kills what the program has started and left behind. The engine makes every plugin the leader of a process group
// and kills that group itself when it closes the plugin; this is for the engine that died before it could.
func endGroup() {
	if syscall.Getpgrp() == os.Getpid() {
		_ = syscall.Kill(0, syscall.SIGKILL)
	}
}
