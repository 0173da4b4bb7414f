package main

import (
	"context"
	"crypto/sha1" //nolint:gosec // what the official provider keeps of user data; nothing rests on it
	"encoding/hex"
	"slices"

	"github.com/digitalocean/godo"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Droplet is a rented machine.
type Droplet struct{}

// Annotate gives the type its name.
func (d *Droplet) Annotate(a infer.Annotator) { a.SetToken("index/droplet", "Droplet") }

// DropletArgs are its inputs. Those marked so make another machine when they change; ipv6 does when it is switched off.
type DropletArgs struct {
	BackupPolicy      *BackupPolicy `pulumi:"backupPolicy,optional"`
	Backups           *bool         `pulumi:"backups,optional"`
	DropletAgent      *bool         `pulumi:"dropletAgent,optional" provider:"replaceOnChanges"`
	GpuPartitionMode  *string       `pulumi:"gpuPartitionMode,optional" provider:"replaceOnChanges"`
	GracefulShutdown  *bool         `pulumi:"gracefulShutdown,optional"`
	Image             string        `pulumi:"image" provider:"replaceOnChanges"`
	Ipv6              *bool         `pulumi:"ipv6,optional"`
	Ipv6Address       *string       `pulumi:"ipv6Address,optional"`
	Monitoring        *bool         `pulumi:"monitoring,optional" provider:"replaceOnChanges"`
	Name              *string       `pulumi:"name,optional"`
	PrivateNetworking *bool         `pulumi:"privateNetworking,optional" provider:"replaceOnChanges"`
	PublicNetworking  *bool         `pulumi:"publicNetworking,optional" provider:"replaceOnChanges"`
	Region            *string       `pulumi:"region,optional" provider:"replaceOnChanges"`
	ResizeDisk        *bool         `pulumi:"resizeDisk,optional"`
	Size              string        `pulumi:"size"`
	SSHKeys           []string      `pulumi:"sshKeys,optional" provider:"replaceOnChanges"`
	Tags              []string      `pulumi:"tags,optional"`
	UserData          *string       `pulumi:"userData,optional" provider:"replaceOnChanges"`
	VolumeIDs         []string      `pulumi:"volumeIds,optional"`
	VpcUUID           *string       `pulumi:"vpcUuid,optional" provider:"replaceOnChanges"`
}

// BackupPolicy says when backups are made; hours of UTC.
type BackupPolicy struct {
	Hour    *int    `pulumi:"hour,optional"`
	Plan    *string `pulumi:"plan,optional"`
	Weekday *string `pulumi:"weekday,optional"`
}

// Annotate sets the defaults, which are those of the official provider.
func (d *DropletArgs) Annotate(a infer.Annotator) {
	a.SetDefault(&d.Backups, false)
	a.SetDefault(&d.GracefulShutdown, false)
	a.SetDefault(&d.Ipv6, false)
	a.SetDefault(&d.Monitoring, false)
	a.SetDefault(&d.ResizeDisk, true)
}

// DropletState is what the stack keeps of it. userData is the SHA-1 of what the machine got; memory is in MiB, disk in GiB.
type DropletState struct {
	BackupPolicy       *BackupPolicy `pulumi:"backupPolicy,optional"`
	Backups            *bool         `pulumi:"backups,optional"`
	CreatedAt          string        `pulumi:"createdAt"`
	Disk               int           `pulumi:"disk"`
	DropletAgent       *bool         `pulumi:"dropletAgent,optional"`
	DropletUrn         string        `pulumi:"dropletUrn"`
	GpuPartitionMode   *string       `pulumi:"gpuPartitionMode,optional"`
	GracefulShutdown   *bool         `pulumi:"gracefulShutdown,optional"`
	Image              string        `pulumi:"image"`
	Ipv4Address        string        `pulumi:"ipv4Address"`
	Ipv4AddressPrivate string        `pulumi:"ipv4AddressPrivate"`
	Ipv6               *bool         `pulumi:"ipv6,optional"`
	Ipv6Address        string        `pulumi:"ipv6Address"`
	Locked             bool          `pulumi:"locked"`
	Memory             int           `pulumi:"memory"`
	Monitoring         *bool         `pulumi:"monitoring,optional"`
	Name               string        `pulumi:"name"`
	PriceHourly        float64       `pulumi:"priceHourly"`
	PriceMonthly       float64       `pulumi:"priceMonthly"`
	PrivateNetworking  bool          `pulumi:"privateNetworking"`
	PublicNetworking   bool          `pulumi:"publicNetworking"`
	Region             string        `pulumi:"region"`
	ResizeDisk         *bool         `pulumi:"resizeDisk,optional"`
	Size               string        `pulumi:"size"`
	SSHKeys            []string      `pulumi:"sshKeys,optional"`
	Status             string        `pulumi:"status"`
	Tags               []string      `pulumi:"tags,optional"`
	UserData           *string       `pulumi:"userData,optional"`
	Vcpus              int           `pulumi:"vcpus"`
	VolumeIDs          []string      `pulumi:"volumeIds"`
	VpcUUID            string        `pulumi:"vpcUuid"`
}

// Check asks for a name, and refuses volumes, which this provider does not attach.
func (*Droplet) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[DropletArgs], error) {
	args, failures, err := infer.DefaultCheck[DropletArgs](ctx, req.NewInputs)
	failures = append(failures, named(req, args.Name)...)
	if len(args.VolumeIDs) > 0 {
		failures = append(failures, p.CheckFailure{
			Property: "volumeIds", Reason: "leave it out: the offline provider attaches no volumes",
		})
	}
	return infer.CheckResponse[DropletArgs]{Inputs: args, Failures: failures}, err
}

// planned is the state of a droplet that is to be, as far as the inputs say it.
func (s DropletState) planned(in DropletArgs) DropletState {
	s.BackupPolicy, s.Backups, s.DropletAgent, s.GpuPartitionMode = in.BackupPolicy, in.Backups, in.DropletAgent, in.GpuPartitionMode
	s.GracefulShutdown, s.Image, s.Ipv6, s.Monitoring = in.GracefulShutdown, in.Image, in.Ipv6, in.Monitoring
	s.Name, s.Region, s.ResizeDisk, s.Size = *or(in.Name, ""), *or(in.Region, s.Region), in.ResizeDisk, in.Size
	s.SSHKeys, s.Tags, s.VpcUUID, s.VolumeIDs = in.SSHKeys, in.Tags, *or(in.VpcUUID, s.VpcUUID), []string{}
	if in.UserData != nil {
		sum := sha1.Sum([]byte(*in.UserData)) //nolint:gosec // see the import
		s.UserData = filled(hex.EncodeToString(sum[:]))
	}
	return s
}

// observed is the state with what the API says of a droplet. What it does not say stays as it was.
func (s DropletState) observed(d *godo.Droplet) DropletState {
	s.CreatedAt, s.DropletUrn, s.Name, s.Status, s.Locked = d.Created, d.URN(), d.Name, d.Status, d.Locked
	s.Disk, s.Memory, s.Vcpus, s.Size = d.Disk, d.Memory, d.Vcpus, *or(filled(d.SizeSlug), s.Size)
	if d.Size != nil {
		s.Size, s.PriceHourly, s.PriceMonthly = d.Size.Slug, d.Size.PriceHourly, d.Size.PriceMonthly
	}
	if d.Region != nil {
		s.Region = d.Region.Slug
	}
	s.VpcUUID = *or(filled(d.VPCUUID), s.VpcUUID)
	if d.Tags != nil && !sameSet(s.Tags, d.Tags) {
		s.Tags = d.Tags
	}
	if d.Features != nil {
		has := func(feature string) bool { return slices.Contains(d.Features, feature) }
		s.Backups, s.Ipv6, s.Monitoring = godo.PtrTo(has("backups")), godo.PtrTo(has("ipv6")), godo.PtrTo(has("monitoring"))
		s.PrivateNetworking = has("private_networking")
	}
	s.Ipv4Address, _ = d.PublicIPv4()
	s.Ipv4AddressPrivate, _ = d.PrivateIPv4()
	s.Ipv6Address, _ = d.PublicIPv6()
	s.PublicNetworking = s.Ipv4Address != ""
	return s
}

// readInputs are the inputs as they stand in the state, of those that were written, or of all when there were none.
func (s DropletState) readInputs(in DropletArgs) DropletArgs {
	imported := in.Size == ""
	in.Name, in.Size, in.Tags = &s.Name, s.Size, s.Tags
	in.Backups, in.Ipv6, in.Monitoring = s.Backups, s.Ipv6, s.Monitoring
	if imported || in.Region != nil {
		in.Region = &s.Region
	}
	if imported || in.VpcUUID != nil {
		in.VpcUUID = &s.VpcUUID
	}
	if in.PublicNetworking != nil {
		in.PublicNetworking = &s.PublicNetworking
	}
	return in
}
