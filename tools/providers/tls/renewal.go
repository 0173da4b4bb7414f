package main

import (
	"context"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// now is the clock, for tests.
var now = time.Now

// renewalHours is the one input that can change without a new key or certificate.
const renewalHours = "earlyRenewalHours"

// replacing makes every change a replacement, but that of renewalHours, and lets a certificate that has come into its early
// renewal be replaced although nothing changed.
func replacing(provider p.Provider) p.Provider {
	plain := provider.Diff
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		diff, err := plain(ctx, req)
		if err != nil {
			return diff, err
		}
		for path, change := range diff.DetailedDiff {
			if path != renewalHours {
				change.Kind = asReplacement(change.Kind)
				diff.DetailedDiff[path] = change
			}
		}
		if renewalDue(req.State, req.Inputs) {
			if diff.DetailedDiff == nil {
				diff.DetailedDiff = map[string]p.PropertyDiff{}
			}
			diff.HasChanges = true
			diff.DetailedDiff["readyForRenewal"] = p.PropertyDiff{Kind: p.UpdateReplace}
		}
		return diff, nil
	}
	return provider
}

func asReplacement(kind p.DiffKind) p.DiffKind {
	switch kind {
	case p.Add:
		return p.AddReplace
	case p.Delete:
		return p.DeleteReplace
	case p.Update:
		return p.UpdateReplace
	default:
		return kind
	}
}

// renewalDue says whether the certificate of the state ends within the hours that the inputs ask for. What is no certificate
// has no end.
func renewalDue(state, inputs property.Map) bool {
	end := state.Get("validityEndTime")
	if !end.IsString() {
		return false
	}
	ends, err := time.Parse(time.RFC3339, end.AsString())
	if err != nil {
		return true // nobody can tell how long it lasts
	}
	early := 0.0
	if hours := inputs.Get(renewalHours); hours.IsNumber() {
		early = hours.AsNumber()
	}
	return !now().Before(ends.Add(-time.Duration(early * float64(time.Hour))))
}
