package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// RandomBytes is a number of random bytes, kept secret.
type RandomBytes struct{}

// Annotate gives the type its name.
func (r *RandomBytes) Annotate(a infer.Annotator) { a.SetToken("index/randomBytes", "RandomBytes") }

// RandomBytesArgs are its inputs; length counts bytes.
type RandomBytesArgs struct {
	Keepers map[string]string `pulumi:"keepers,optional"`
	Length  int               `pulumi:"length"`
}

// RandomBytesState is what the stack keeps of it.
type RandomBytesState struct {
	RandomBytesArgs
	Base64 string `pulumi:"base64" provider:"secret"`
	Hex    string `pulumi:"hex" provider:"secret"`
}

// WireDependencies keeps the outputs secret whatever the program says.
func (*RandomBytes) WireDependencies(f infer.FieldSelector, _ *RandomBytesArgs, state *RandomBytesState) {
	f.OutputField(&state.Base64).AlwaysSecret()
	f.OutputField(&state.Hex).AlwaysSecret()
}

// Check refuses an empty result.
func (*RandomBytes) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[RandomBytesArgs], error) {
	args, failures, err := infer.DefaultCheck[RandomBytesArgs](ctx, req.NewInputs)
	failures = append(failures, checkMinimum(req, "length", args.Length, 1)...)
	return infer.CheckResponse[RandomBytesArgs]{Inputs: args, Failures: failures}, err
}

// Create draws the bytes.
func (*RandomBytes) Create(
	_ context.Context, req infer.CreateRequest[RandomBytesArgs],
) (infer.CreateResponse[RandomBytesState], error) {
	state := RandomBytesState{RandomBytesArgs: req.Inputs}
	if !req.DryRun {
		bytes := randomBytes(req.Inputs.Length)
		state.Base64 = base64.StdEncoding.EncodeToString(bytes)
		state.Hex = hex.EncodeToString(bytes)
	}
	return infer.CreateResponse[RandomBytesState]{ID: "none", Output: state}, nil
}
