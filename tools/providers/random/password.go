package main

import (
	"context"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/bcrypt"
)

// The characters of a password, by class.
const (
	lowerCharacters   = "abcdefghijklmnopqrstuvwxyz"
	upperCharacters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	numericCharacters = "0123456789"
	specialCharacters = "!@#$%&*()-_=+[]{}<>:?"
)

// bcryptLimit is how many bytes of a password bcrypt looks at.
const bcryptLimit = 72

// RandomPassword is a random text, kept secret.
type RandomPassword struct{}

// Annotate gives the type its name.
func (r *RandomPassword) Annotate(a infer.Annotator) {
	a.SetToken("index/randomPassword", "RandomPassword")
}

// RandomPasswordArgs are its inputs; `number` is the old name of `numeric`. Check fills in what is absent.
type RandomPasswordArgs struct {
	Keepers         map[string]string `pulumi:"keepers,optional"`
	Length          int               `pulumi:"length"`
	Lower           *bool             `pulumi:"lower,optional"`
	MinLower        *int              `pulumi:"minLower,optional"`
	MinNumeric      *int              `pulumi:"minNumeric,optional"`
	MinSpecial      *int              `pulumi:"minSpecial,optional"`
	MinUpper        *int              `pulumi:"minUpper,optional"`
	Number          *bool             `pulumi:"number,optional"`
	Numeric         *bool             `pulumi:"numeric,optional"`
	OverrideSpecial *string           `pulumi:"overrideSpecial,optional"`
	Special         *bool             `pulumi:"special,optional"`
	Upper           *bool             `pulumi:"upper,optional"`
}

// RandomPasswordState is what the stack keeps of it.
type RandomPasswordState struct {
	Keepers         map[string]string `pulumi:"keepers,optional"`
	Length          int               `pulumi:"length"`
	Lower           bool              `pulumi:"lower"`
	MinLower        int               `pulumi:"minLower"`
	MinNumeric      int               `pulumi:"minNumeric"`
	MinSpecial      int               `pulumi:"minSpecial"`
	MinUpper        int               `pulumi:"minUpper"`
	Number          bool              `pulumi:"number"`
	Numeric         bool              `pulumi:"numeric"`
	OverrideSpecial *string           `pulumi:"overrideSpecial,optional"`
	Special         bool              `pulumi:"special"`
	Upper           bool              `pulumi:"upper"`
	BcryptHash      string            `pulumi:"bcryptHash" provider:"secret"`
	Result          string            `pulumi:"result" provider:"secret"`
}

// WireDependencies keeps the outputs secret whatever the program says.
func (*RandomPassword) WireDependencies(f infer.FieldSelector, _ *RandomPasswordArgs, state *RandomPasswordState) {
	f.OutputField(&state.Result).AlwaysSecret()
	f.OutputField(&state.BcryptHash).AlwaysSecret()
}

// Check fills in the defaults, so that writing one out is no change, and refuses what cannot be fulfilled.
func (*RandomPassword) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[RandomPasswordArgs], error) {
	args, failures, err := infer.DefaultCheck[RandomPasswordArgs](ctx, req.NewInputs)
	if err != nil || len(failures) > 0 {
		return infer.CheckResponse[RandomPasswordArgs]{Inputs: args, Failures: failures}, err
	}
	if args.Numeric == nil {
		args.Numeric = args.Number
	}
	yes, none := true, 0
	for _, flag := range []**bool{&args.Lower, &args.Upper, &args.Numeric, &args.Special} {
		if *flag == nil {
			*flag = &yes
		}
	}
	args.Number = args.Numeric
	for _, count := range []**int{&args.MinLower, &args.MinUpper, &args.MinNumeric, &args.MinSpecial} {
		if *count == nil {
			*count = &none
		}
	}
	needed := max(1, *args.MinLower+*args.MinUpper+*args.MinNumeric+*args.MinSpecial)
	failures = checkMinimum(req, "length", args.Length, needed)
	if !*args.Lower && !*args.Upper && !*args.Numeric && !*args.Special {
		failures = append(failures, p.CheckFailure{
			Property: "lower", Reason: "no characters are left: one of lower, upper, numeric and special must be true",
		})
	}
	return infer.CheckResponse[RandomPasswordArgs]{Inputs: args, Failures: failures}, nil
}

// Create draws the password and its bcrypt hash.
func (*RandomPassword) Create(
	_ context.Context, req infer.CreateRequest[RandomPasswordArgs],
) (infer.CreateResponse[RandomPasswordState], error) {
	in := req.Inputs
	state := RandomPasswordState{
		Keepers: in.Keepers, Length: in.Length, OverrideSpecial: in.OverrideSpecial,
		Lower: isSet(in.Lower), Upper: isSet(in.Upper), Special: isSet(in.Special),
		Number: isSet(in.Numeric), Numeric: isSet(in.Numeric),
		MinLower: count(in.MinLower), MinUpper: count(in.MinUpper),
		MinNumeric: count(in.MinNumeric), MinSpecial: count(in.MinSpecial),
	}
	response := infer.CreateResponse[RandomPasswordState]{ID: "none", Output: state}
	if req.DryRun {
		return response, nil
	}
	result, err := state.draw()
	if err != nil {
		return response, err
	}
	hash, err := bcrypt.GenerateFromPassword(result[:min(len(result), bcryptLimit)], bcrypt.DefaultCost)
	response.Output.Result, response.Output.BcryptHash = string(result), string(hash)
	return response, err
}

// draw takes the demanded minimum of each class, fills up from all of them, and shuffles.
func (s *RandomPasswordState) draw() ([]byte, error) {
	special := specialCharacters
	if s.OverrideSpecial != nil {
		special = *s.OverrideSpecial
	}
	classes := []struct {
		characters string
		used       bool
		minimum    int
	}{
		{lowerCharacters, s.Lower, s.MinLower},
		{upperCharacters, s.Upper, s.MinUpper},
		{numericCharacters, s.Numeric, s.MinNumeric},
		{special, s.Special, s.MinSpecial},
	}
	var all string
	var result []byte
	for _, class := range classes {
		if class.minimum > 0 && class.characters == "" {
			return nil, fmt.Errorf("overrideSpecial is empty, but minSpecial is %d", class.minimum)
		}
		for range class.minimum {
			result = append(result, class.characters[randomIndex(len(class.characters))])
		}
		if class.used {
			all += class.characters
		}
	}
	if all == "" {
		return nil, fmt.Errorf("no characters to draw from: overrideSpecial is empty and the other classes are off")
	}
	for len(result) < s.Length {
		result = append(result, all[randomIndex(len(all))])
	}
	for i := len(result) - 1; i > 0; i-- {
		j := randomIndex(i + 1)
		result[i], result[j] = result[j], result[i]
	}
	return result, nil
}

func isSet(flag *bool) bool { return flag != nil && *flag }

func count(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}
