// Command pulumi-language-nodejs is a small Node.js language host for the Pulumi engine: it starts the program and hands it
// the engine's own monitor address, so that whatever the engine and the SDK agree on works unchanged.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"sovereign-edge/providers/engine"
)

func main() {
	if err := serve(engine.Address()); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-nodejs:", err)
		os.Exit(1)
	}
}

// serve answers the engine at address until it goes away or a signal comes. The port goes to stdout as the first line: that is
// how the engine finds every plugin.
func serve(address string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	host := &languageHost{base: ctx, engine: address}
	if err := engine.Watch(ctx, address, cancel); err != nil {
		return err
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
		engine.EndGroup()
		return nil
	}
}
