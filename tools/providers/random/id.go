package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"math/big"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// RandomID is a random identifier in several spellings. It is no secret.
type RandomID struct{}

// Annotate gives the type its name.
func (r *RandomID) Annotate(a infer.Annotator) { a.SetToken("index/randomId", "RandomId") }

// RandomIDArgs are its inputs; the prefix goes before every spelling as it is.
type RandomIDArgs struct {
	ByteLength int               `pulumi:"byteLength"`
	Keepers    map[string]string `pulumi:"keepers,optional"`
	Prefix     *string           `pulumi:"prefix,optional"`
}

// RandomIDState is what the stack keeps of it.
type RandomIDState struct {
	RandomIDArgs
	B64Std string `pulumi:"b64Std"`
	B64URL string `pulumi:"b64Url"`
	Dec    string `pulumi:"dec"`
	Hex    string `pulumi:"hex"`
}

// Check refuses an empty result.
func (*RandomID) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[RandomIDArgs], error) {
	args, failures, err := infer.DefaultCheck[RandomIDArgs](ctx, req.NewInputs)
	failures = append(failures, checkMinimum(req, "byteLength", args.ByteLength, 1)...)
	return infer.CheckResponse[RandomIDArgs]{Inputs: args, Failures: failures}, err
}

// Create draws the identifier; the resource's own id is the URL-safe spelling without the prefix.
func (*RandomID) Create(
	_ context.Context, req infer.CreateRequest[RandomIDArgs],
) (infer.CreateResponse[RandomIDState], error) {
	state := RandomIDState{RandomIDArgs: req.Inputs}
	if req.DryRun {
		return infer.CreateResponse[RandomIDState]{Output: state}, nil
	}
	prefix := ""
	if req.Inputs.Prefix != nil {
		prefix = *req.Inputs.Prefix
	}
	bytes := randomBytes(req.Inputs.ByteLength)
	id := base64.RawURLEncoding.EncodeToString(bytes)
	state.B64Std = prefix + base64.StdEncoding.EncodeToString(bytes)
	state.B64URL = prefix + id
	state.Dec = prefix + new(big.Int).SetBytes(bytes).String()
	state.Hex = prefix + hex.EncodeToString(bytes)
	return infer.CreateResponse[RandomIDState]{ID: id, Output: state}, nil
}
