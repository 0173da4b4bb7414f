package main

import (
	"context"

	"github.com/digitalocean/godo"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Tag is a word that droplets can carry.
type Tag struct{}

// Annotate gives the type its name.
func (t *Tag) Annotate(a infer.Annotator) { a.SetToken("index/tag", "Tag") }

// TagArgs are its inputs.
type TagArgs struct {
	Name *string `pulumi:"name,optional" provider:"replaceOnChanges"`
}

// TagState is what the stack keeps of it.
type TagState struct {
	Name                 string `pulumi:"name"`
	DatabasesCount       int    `pulumi:"databasesCount"`
	DropletsCount        int    `pulumi:"dropletsCount"`
	ImagesCount          int    `pulumi:"imagesCount"`
	TotalResourceCount   int    `pulumi:"totalResourceCount"`
	VolumeSnapshotsCount int    `pulumi:"volumeSnapshotsCount"`
	VolumesCount         int    `pulumi:"volumesCount"`
}

// Check asks for a name.
func (*Tag) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[TagArgs], error) {
	args, failures, err := infer.DefaultCheck[TagArgs](ctx, req.NewInputs)
	return infer.CheckResponse[TagArgs]{Inputs: args, Failures: append(failures, named(req, args.Name)...)}, err
}

// Create makes the tag; one that is there already is taken as it is, which the API does by itself.
func (*Tag) Create(ctx context.Context, req infer.CreateRequest[TagArgs]) (infer.CreateResponse[TagState], error) {
	name := *or(req.Inputs.Name, "")
	response := infer.CreateResponse[TagState]{ID: name, Output: TagState{Name: name}}
	if req.DryRun {
		return response, nil
	}
	_, _, err := clientOf(ctx).Tags.Create(ctx, &godo.TagCreateRequest{Name: name})
	return response, explain("make the tag "+name, err)
}

// Read counts what carries it.
func (*Tag) Read(
	ctx context.Context, req infer.ReadRequest[TagArgs, TagState],
) (infer.ReadResponse[TagArgs, TagState], error) {
	tag, answer, err := clientOf(ctx).Tags.Get(ctx, req.ID)
	if gone(answer) {
		return infer.ReadResponse[TagArgs, TagState]{}, nil
	}
	if err != nil {
		return infer.ReadResponse[TagArgs, TagState]{}, explain("read the tag "+req.ID, err)
	}
	// The counts are other people's doing; as of the last create or update, lest every refresh shows them.
	state := req.State
	state.Name = tag.Name
	return infer.ReadResponse[TagArgs, TagState]{ID: req.ID, Inputs: TagArgs{Name: &tag.Name}, State: state}, nil
}

// Delete takes it off everything.
func (*Tag) Delete(ctx context.Context, req infer.DeleteRequest[TagState]) (infer.DeleteResponse, error) {
	answer, err := clientOf(ctx).Tags.Delete(ctx, req.ID)
	if gone(answer) {
		err = nil
	}
	return infer.DeleteResponse{}, explain("delete the tag "+req.ID, err)
}

// named refuses a resource without a name: this provider makes none up.
func named(req infer.CheckRequest, name *string) []p.CheckFailure {
	if name != nil && *name != "" || req.NewInputs.Get("name").IsComputed() {
		return nil
	}
	return []p.CheckFailure{{Property: "name", Reason: "write a name: the offline provider makes none up"}}
}
