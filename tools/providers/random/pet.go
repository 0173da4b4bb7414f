package main

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// The words of a name: adverbs and adjectives before, one animal last.
var (
	adverbs = strings.Fields("barely boldly calmly clearly deeply firmly freely gently gladly hardly highly jointly kindly " +
		"loosely mainly mildly nearly neatly openly plainly quickly quietly rarely rightly safely slowly softly truly warmly wildly")
	adjectives = strings.Fields("able amber brave brief bright calm clean clever cool crisp eager early fair fast fine fleet fond " +
		"fresh full glad golden good grand happy humble keen kind light lively loyal mild neat noble open proud quick quiet rapid " +
		"rare ready sharp smart smooth solid steady still sunny swift tidy true vivid warm wise witty")
	animals = strings.Fields("badger bat bear beaver bee bison bobcat camel carp cat cobra cod condor crab crane crow deer dingo dove " +
		"duck eagle eel elk falcon finch fox frog gecko goat goose hare hawk hen heron horse ibis jackal jay kiwi koala lark lemur " +
		"lion llama lynx magpie marten mole moose mouse newt otter owl ox panda perch pig pony puma quail ram raven robin seal shark " +
		"sheep shrew skunk snail snipe stork swan tapir tern tiger toad trout viper vole walrus wasp weasel whale wolf wombat wren yak")
)

// RandomPet is a name of words for people; the resource's id is the name. It is no secret and guards nothing.
type RandomPet struct{}

// Annotate gives the type its name.
func (r *RandomPet) Annotate(a infer.Annotator) { a.SetToken("index/randomPet", "RandomPet") }

// RandomPetArgs are its inputs; length counts words without the prefix.
type RandomPetArgs struct {
	Keepers   map[string]string `pulumi:"keepers,optional"`
	Length    *int              `pulumi:"length,optional"`
	Prefix    *string           `pulumi:"prefix,optional"`
	Separator *string           `pulumi:"separator,optional"`
}

// Annotate sets the defaults.
func (r *RandomPetArgs) Annotate(a infer.Annotator) {
	a.SetDefault(&r.Length, 2)
	a.SetDefault(&r.Separator, "-")
}

// RandomPetState is what the stack keeps of it.
type RandomPetState struct {
	Keepers   map[string]string `pulumi:"keepers,optional"`
	Length    int               `pulumi:"length"`
	Prefix    *string           `pulumi:"prefix,optional"`
	Separator string            `pulumi:"separator"`
}

// Create draws the name.
func (*RandomPet) Create(
	_ context.Context, req infer.CreateRequest[RandomPetArgs],
) (infer.CreateResponse[RandomPetState], error) {
	state := RandomPetState{Keepers: req.Inputs.Keepers, Prefix: req.Inputs.Prefix}
	if req.Inputs.Length != nil {
		state.Length = *req.Inputs.Length
	}
	if req.Inputs.Separator != nil {
		state.Separator = *req.Inputs.Separator
	}
	if req.DryRun {
		return infer.CreateResponse[RandomPetState]{Output: state}, nil
	}
	var words []string
	if state.Prefix != nil {
		words = append(words, *state.Prefix)
	}
	for left := state.Length; left > 0; left-- {
		list := adverbs
		if left <= 2 {
			list = [][]string{animals, adjectives}[left-1]
		}
		words = append(words, list[randomIndex(len(list))])
	}
	return infer.CreateResponse[RandomPetState]{ID: strings.Join(words, state.Separator), Output: state}, nil
}
