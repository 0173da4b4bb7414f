package main

import (
	"context"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
)

// careful is the provider with what its resources cannot say by themselves: ipv6 may be switched on in place and not off
// again; what the program ignores the engine has put back into the inputs already; and inputs are compared with inputs,
// because of userData the state has a hash only.
func careful(provider p.Provider) p.Provider {
	plain := provider.Diff
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		req.IgnoreChanges = nil
		if req.OldInputs.Len() > 0 {
			req.State = req.OldInputs
		}
		diff, err := plain(ctx, req)
		if err != nil || !strings.HasSuffix(string(req.Urn.Type()), ":Droplet") {
			return diff, err
		}
		for path, change := range diff.DetailedDiff {
			// A key of the list has a path of its own, of which its mark does not speak.
			if path == "ipv6" && !isTrue(req, "ipv6") || strings.HasPrefix(path, "sshKeys[") {
				change.Kind = p.UpdateReplace
				diff.DetailedDiff[path] = change
			}
		}
		return diff, nil
	}
	return provider
}

func isTrue(req p.DiffRequest, name string) bool {
	value := req.Inputs.Get(name)
	return value.IsBool() && value.AsBool()
}
