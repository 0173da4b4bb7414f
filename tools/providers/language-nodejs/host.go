package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// bailExitCode is what the SDK's runner exits with when it has told the user about the error already
// (cmd/run/index.js, nodeJSProcessExitedAfterLoggingUserActionableMessage).
const bailExitCode = 32

// languageHost answers the calls of the engine that a deployment needs; the rest stay "unimplemented", which the engine
// takes as "this host cannot do that".
type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	base   context.Context // ends when the engine is gone or the host is told to stop
	engine string          // address of the engine, host:port

	mu      sync.Mutex
	cancels []context.CancelFunc
	running sync.WaitGroup
}

// Handshake learns the engine's address.
func (h *languageHost) Handshake(
	_ context.Context, req *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.engine = req.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo says which version of the engine this host was built for.
func (h *languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// GetRequiredPackages lists the resource plugins that the program's npm packages ask for.
func (h *languageHost) GetRequiredPackages(
	_ context.Context, req *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	packages, err := requiredPackages(req.GetInfo().GetProgramDirectory())
	if err != nil {
		return nil, err
	}
	return &pulumirpc.GetRequiredPackagesResponse{Packages: packages}, nil
}

// Run runs the program to its end. A program that has reported its own error ends the deployment without a further word.
func (h *languageHost) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.base, cancel)()
	h.running.Add(1)
	defer h.running.Done()
	h.mu.Lock()
	h.cancels = append(h.cancels, cancel)
	engine := h.engine
	h.mu.Unlock()

	cmd, err := programCommand(ctx, req, engine)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr // the engine reads both and shows them
	return runResponse(ctx, cmd.Run())
}

// Cancel ends every running program.
func (h *languageHost) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, cancel := range h.cancels {
		cancel()
	}
	return &emptypb.Empty{}, nil
}

// wait returns when no program runs any more, or after two seconds.
func (h *languageHost) wait() {
	done := make(chan struct{})
	go func() { h.running.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
	}
}

// runResponse translates how the program ended into what the engine wants to hear.
func runResponse(ctx context.Context, err error) (*pulumirpc.RunResponse, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case ctx.Err() != nil:
		return &pulumirpc.RunResponse{Error: "the program was stopped because the deployment was cancelled"}, nil
	case !errors.As(err, &exit):
		return nil, fmt.Errorf("start node: %w", err)
	case exit.ExitCode() == bailExitCode:
		return &pulumirpc.RunResponse{Bail: true}, nil
	default:
		return &pulumirpc.RunResponse{Error: "the program ended with " + exit.Error()}, nil
	}
}
