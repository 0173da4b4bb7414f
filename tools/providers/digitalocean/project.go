package main

import (
	"context"
	"slices"
	"strings"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Project groups resources in DigitalOcean's control panel and on its bills.
type Project struct{}

// Annotate gives the type its name.
func (r *Project) Annotate(a infer.Annotator) { a.SetToken("index/project", "Project") }

// ProjectArgs are its inputs; resources are URNs such as do:droplet:1.
type ProjectArgs struct {
	Description *string  `pulumi:"description,optional"`
	Environment *string  `pulumi:"environment,optional"`
	IsDefault   *bool    `pulumi:"isDefault,optional"`
	Name        *string  `pulumi:"name,optional"`
	Purpose     *string  `pulumi:"purpose,optional"`
	Resources   []string `pulumi:"resources,optional"`
}

// Annotate sets the defaults, which are those of the official provider.
func (r *ProjectArgs) Annotate(a infer.Annotator) { a.SetDefault(&r.Purpose, "Web Application") }

// ProjectState is what the stack keeps of it.
type ProjectState struct {
	CreatedAt   string   `pulumi:"createdAt"`
	Description *string  `pulumi:"description,optional"`
	Environment *string  `pulumi:"environment,optional"`
	IsDefault   *bool    `pulumi:"isDefault,optional"`
	Name        string   `pulumi:"name"`
	OwnerID     int      `pulumi:"ownerId"`
	OwnerUUID   string   `pulumi:"ownerUuid"`
	Purpose     *string  `pulumi:"purpose,optional"`
	Resources   []string `pulumi:"resources"`
	UpdatedAt   string   `pulumi:"updatedAt"`
}

// Check asks for a name.
func (*Project) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[ProjectArgs], error) {
	args, failures, err := infer.DefaultCheck[ProjectArgs](ctx, req.NewInputs)
	return infer.CheckResponse[ProjectArgs]{Inputs: args, Failures: append(failures, named(req, args.Name)...)}, err
}

// Create makes it and puts the resources into it. One whose answer was lost is found by its name.
func (*Project) Create(
	ctx context.Context, req infer.CreateRequest[ProjectArgs],
) (infer.CreateResponse[ProjectState], error) {
	in, name := req.Inputs, *or(req.Inputs.Name, "")
	response := infer.CreateResponse[ProjectState]{Output: ProjectState{}.with(in)}
	if req.DryRun {
		return response, nil
	}
	c := clientOf(ctx)
	made, err := makeOnce(ctx, c, func(ctx context.Context) (*godo.Project, *godo.Response, error) {
		return c.Projects.Create(ctx, &godo.CreateProjectRequest{
			Name: name, Description: *or(in.Description, ""), Purpose: *or(in.Purpose, ""), Environment: *or(in.Environment, ""),
		})
	}, func(ctx context.Context) (*godo.Project, error) {
		found, err := all(func(page *godo.ListOptions) ([]godo.Project, *godo.Response, error) {
			return c.Projects.List(ctx, page)
		})
		if index := slices.IndexFunc(found, func(one godo.Project) bool { return one.Name == name }); index >= 0 {
			return &found[index], err
		}
		return nil, err
	})
	if err != nil {
		return response, explain("make the project "+name, err)
	}
	response.ID, response.Output = made.ID, response.Output.observed(made)
	response.Output.Resources = []string{}
	if err := assign(ctx, c, made.ID, in.Resources); err != nil {
		return response, unfinished(explain("fill the project "+name, err))
	}
	response.Output.Resources = in.Resources
	return response, nil
}

// Read compares it with what is there, of the resources those that the program put there.
func (*Project) Read(
	ctx context.Context, req infer.ReadRequest[ProjectArgs, ProjectState],
) (infer.ReadResponse[ProjectArgs, ProjectState], error) {
	c := clientOf(ctx)
	found, answer, err := c.Projects.Get(ctx, req.ID)
	if gone(answer) {
		return infer.ReadResponse[ProjectArgs, ProjectState]{}, nil
	}
	var members []godo.ProjectResource
	if err == nil {
		members, err = all(func(page *godo.ListOptions) ([]godo.ProjectResource, *godo.Response, error) {
			return c.Projects.ListResources(ctx, req.ID, page)
		})
	}
	if err != nil {
		return infer.ReadResponse[ProjectArgs, ProjectState]{}, explain("read the project "+req.State.Name, err)
	}
	state, inputs := req.State.observed(found), req.Inputs
	state.Resources = slices.DeleteFunc(slices.Clone(state.Resources), func(urn string) bool {
		return !slices.ContainsFunc(members, func(member godo.ProjectResource) bool { return member.URN == urn })
	})
	inputs.Name, inputs.Description, inputs.Purpose = &state.Name, state.Description, state.Purpose
	inputs.Environment, inputs.Resources = state.Environment, state.Resources
	return infer.ReadResponse[ProjectArgs, ProjectState]{ID: req.ID, Inputs: inputs, State: state}, nil
}

// Update changes its words and what is in it.
func (*Project) Update(
	ctx context.Context, req infer.UpdateRequest[ProjectArgs, ProjectState],
) (infer.UpdateResponse[ProjectState], error) {
	in := req.Inputs
	if req.DryRun {
		return infer.UpdateResponse[ProjectState]{Output: req.State.with(in)}, nil
	}
	c := clientOf(ctx)
	changed, _, err := c.Projects.Update(ctx, req.ID, &godo.UpdateProjectRequest{
		Name: *or(in.Name, ""), Description: *or(in.Description, ""), Purpose: *or(in.Purpose, ""),
		Environment: *or(in.Environment, ""), IsDefault: *or(in.IsDefault, false),
	})
	if err == nil {
		err = assign(ctx, c, req.ID, in.Resources)
	}
	if err == nil {
		err = dismiss(ctx, c, without(req.State.Resources, in.Resources))
	}
	if err != nil {
		return infer.UpdateResponse[ProjectState]{Output: req.State}, explain("change the project "+req.State.Name, err)
	}
	return infer.UpdateResponse[ProjectState]{Output: req.State.with(in).observed(changed)}, nil
}

// Delete removes it; what is in it goes to the default project, because only an empty one can be deleted.
func (*Project) Delete(ctx context.Context, req infer.DeleteRequest[ProjectState]) (infer.DeleteResponse, error) {
	c := clientOf(ctx)
	members, err := all(func(page *godo.ListOptions) ([]godo.ProjectResource, *godo.Response, error) {
		return c.Projects.ListResources(ctx, req.ID, page)
	})
	var urns []string
	for _, member := range members {
		urns = append(urns, member.URN)
	}
	if err == nil {
		err = dismiss(ctx, c, urns)
	}
	if err == nil {
		_, err = c.Projects.Delete(ctx, req.ID)
	}
	if refused := err; refused != nil && strings.Contains(refused.Error(), ": 404 ") {
		err = nil
	}
	return infer.DeleteResponse{}, explain("delete the project "+req.State.Name, err)
}

func assign(ctx context.Context, c *client, project string, urns []string) error {
	if len(urns) == 0 {
		return nil
	}
	list := make([]any, len(urns))
	for index, urn := range urns {
		list[index] = urn
	}
	_, _, err := c.Projects.AssignResources(ctx, project, list...)
	return err
}

// dismiss puts resources into the default project: each is in one always.
func dismiss(ctx context.Context, c *client, urns []string) error {
	if len(urns) == 0 {
		return nil
	}
	fallback, _, err := c.Projects.GetDefault(ctx)
	if err != nil {
		return err
	}
	return assign(ctx, c, fallback.ID, urns)
}

func without(all, kept []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(one string) bool { return slices.Contains(kept, one) })
}

func (s ProjectState) with(in ProjectArgs) ProjectState {
	s.Description, s.Environment, s.IsDefault = in.Description, in.Environment, in.IsDefault
	s.Name, s.Purpose, s.Resources = *or(in.Name, ""), in.Purpose, append([]string{}, in.Resources...)
	return s
}

// observed takes over what the API says; it writes the environment with a capital letter whatever it was told.
func (s ProjectState) observed(found *godo.Project) ProjectState {
	s.CreatedAt, s.UpdatedAt, s.Name = found.CreatedAt, found.UpdatedAt, found.Name
	s.OwnerID, s.OwnerUUID = int(found.OwnerID), found.OwnerUUID //nolint:gosec // an account's number
	s.Description, s.Purpose = filled(found.Description), filled(strings.TrimPrefix(found.Purpose, "Other: "))
	if !strings.EqualFold(*or(s.Environment, ""), found.Environment) {
		s.Environment = filled(found.Environment)
	}
	return s
}
