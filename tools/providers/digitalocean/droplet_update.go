package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/digitalocean/godo"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Update changes in place what can be: name, size, backups, tags, ipv6. A droplet that did not come to run is waited for.
func (*Droplet) Update(
	ctx context.Context, req infer.UpdateRequest[DropletArgs, DropletState],
) (infer.UpdateResponse[DropletState], error) {
	if req.DryRun {
		return infer.UpdateResponse[DropletState]{Output: req.State.planned(req.Inputs)}, nil
	}
	what := "change the droplet " + req.State.Name
	id, err := numeric("droplet", req.ID)
	if err != nil {
		return infer.UpdateResponse[DropletState]{Output: req.State}, err
	}
	change := dropletChange{clientOf(ctx), id, req.State, req.Inputs}
	err = change.apply(ctx)
	found, _, readErr := change.Droplets.Get(ctx, id)
	if readErr != nil {
		return infer.UpdateResponse[DropletState]{Output: req.State}, explain(what, readErr)
	}
	// What was done before the failure is in the state: the next run does the rest.
	planned := req.State.planned(req.Inputs)
	planned.UserData = req.State.UserData
	return infer.UpdateResponse[DropletState]{Output: planned.observed(found)}, unfinished(explain(what, err))
}

type dropletChange struct {
	*client
	id  int
	old DropletState
	in  DropletArgs
}

func (d dropletChange) apply(ctx context.Context) error {
	found, err := running(ctx, d.id)
	if err != nil {
		return err
	}
	if name := *or(d.in.Name, found.Name); name != found.Name {
		if err := d.rename(ctx, name); err != nil {
			return err
		}
	}
	if found.Size != nil && found.Size.Slug != d.in.Size {
		if err := d.resize(ctx); err != nil {
			return err
		}
	}
	if err := d.switchFeatures(ctx, found); err != nil {
		return err
	}
	return d.retag(ctx, found.Tags)
}

func (d dropletChange) rename(ctx context.Context, name string) error {
	if _, _, err := d.DropletActions.Rename(ctx, d.id, name); err != nil {
		return err
	}
	return until(ctx, func() (string, error) {
		found, _, err := d.Droplets.Get(ctx, d.id)
		if err != nil || found.Name == name {
			return "", err
		}
		return "it is called " + found.Name + " still", nil
	})
}

// resize needs the machine off: it is down for about a minute.
func (d dropletChange) resize(ctx context.Context) error {
	if err := d.act(ctx, func() (*godo.Action, *godo.Response, error) {
		return d.DropletActions.PowerOff(ctx, d.id)
	}); err != nil {
		return err
	}
	resized := d.act(ctx, func() (*godo.Action, *godo.Response, error) {
		return d.DropletActions.Resize(ctx, d.id, d.in.Size, *or(d.in.ResizeDisk, true))
	})
	if err := d.act(ctx, func() (*godo.Action, *godo.Response, error) {
		return d.DropletActions.PowerOn(ctx, d.id)
	}); err != nil {
		return err
	}
	if _, err := running(ctx, d.id); err != nil {
		return err
	}
	return resized
}

func (d dropletChange) switchFeatures(ctx context.Context, found *godo.Droplet) error {
	has := func(feature string) bool { return slices.Contains(found.Features, feature) }
	backups := *or(d.in.Backups, false)
	switch {
	case backups && !has("backups") && d.in.BackupPolicy != nil:
		return d.act(ctx, func() (*godo.Action, *godo.Response, error) {
			return d.DropletActions.EnableBackupsWithPolicy(ctx, d.id, d.in.BackupPolicy.request())
		})
	case backups && !has("backups"):
		return d.act(ctx, func() (*godo.Action, *godo.Response, error) { return d.DropletActions.EnableBackups(ctx, d.id) })
	case !backups && has("backups"):
		return d.act(ctx, func() (*godo.Action, *godo.Response, error) { return d.DropletActions.DisableBackups(ctx, d.id) })
	case *or(d.in.Ipv6, false) && !has("ipv6"):
		return d.act(ctx, func() (*godo.Action, *godo.Response, error) { return d.DropletActions.EnableIPv6(ctx, d.id) })
	}
	return nil
}

func (d dropletChange) retag(ctx context.Context, has []string) error {
	resources := []godo.Resource{{ID: fmt.Sprint(d.id), Type: godo.DropletResourceType}}
	for _, tag := range has {
		if !slices.Contains(d.in.Tags, tag) {
			if _, err := d.Tags.UntagResources(ctx, tag, &godo.UntagResourcesRequest{Resources: resources}); err != nil {
				return err
			}
		}
	}
	for _, tag := range d.in.Tags {
		if !slices.Contains(has, tag) {
			if _, _, err := d.Tags.Create(ctx, &godo.TagCreateRequest{Name: tag}); err != nil {
				return err
			}
			if _, err := d.Tags.TagResources(ctx, tag, &godo.TagResourcesRequest{Resources: resources}); err != nil {
				return err
			}
		}
	}
	return nil
}

// act begins an action and waits for its end.
func (d dropletChange) act(ctx context.Context, begin func() (*godo.Action, *godo.Response, error)) error {
	action, _, err := begin()
	if err != nil {
		return err
	}
	return until(ctx, func() (string, error) {
		now, _, err := d.Actions.Get(ctx, action.ID)
		if err != nil {
			return "", err
		}
		return stillActing(now)
	})
}

func stillActing(action *godo.Action) (string, error) {
	switch action.Status {
	case godo.ActionCompleted:
		return "", nil
	case "errored":
		return "", fmt.Errorf("DigitalOcean could not do it: the action %s (%d) ended with an error", action.Type, action.ID)
	default:
		return fmt.Sprintf("the action %s (%d) is `%s` still", action.Type, action.ID, action.Status), nil
	}
}
