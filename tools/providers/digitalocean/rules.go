package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/digitalocean/godo"
	p "github.com/pulumi/pulumi-go-provider"
)

// InboundRule lets something in.
type InboundRule struct {
	Action                 *string  `pulumi:"action,optional"`
	PortRange              *string  `pulumi:"portRange,optional"`
	Protocol               string   `pulumi:"protocol"`
	SourceAddresses        []string `pulumi:"sourceAddresses,optional"`
	SourceDropletIDs       []int    `pulumi:"sourceDropletIds,optional"`
	SourceKubernetesIDs    []string `pulumi:"sourceKubernetesIds,optional"`
	SourceLoadBalancerUIDs []string `pulumi:"sourceLoadBalancerUids,optional"`
	SourceTags             []string `pulumi:"sourceTags,optional"`
}

// OutboundRule lets something out.
type OutboundRule struct {
	Action                      *string  `pulumi:"action,optional"`
	DestinationAddresses        []string `pulumi:"destinationAddresses,optional"`
	DestinationDropletIDs       []int    `pulumi:"destinationDropletIds,optional"`
	DestinationKubernetesIDs    []string `pulumi:"destinationKubernetesIds,optional"`
	DestinationLoadBalancerUIDs []string `pulumi:"destinationLoadBalancerUids,optional"`
	DestinationTags             []string `pulumi:"destinationTags,optional"`
	PortRange                   *string  `pulumi:"portRange,optional"`
	Protocol                    string   `pulumi:"protocol"`
}

// checkRules refuses actions: this client of the API knows rules that let through, and no others.
func checkRules(args FirewallArgs) []p.CheckFailure {
	var failures []p.CheckFailure
	refuse := func(list string, index int, action *string) {
		if action != nil {
			failures = append(failures, p.CheckFailure{
				Property: fmt.Sprintf("%s[%d].action", list, index),
				Reason:   "leave it out: the offline provider knows rules that let something through, and no others",
			})
		}
	}
	for index, rule := range args.InboundRules {
		refuse("inboundRules", index, rule.Action)
	}
	for index, rule := range args.OutboundRules {
		refuse("outboundRules", index, rule.Action)
	}
	return failures
}

func (args FirewallArgs) request() *godo.FirewallRequest {
	wanted := &godo.FirewallRequest{Name: *or(args.Name, ""), DropletIDs: args.DropletIDs, Tags: args.Tags}
	for _, rule := range args.InboundRules {
		wanted.InboundRules = append(wanted.InboundRules, godo.InboundRule{
			Protocol: rule.Protocol, PortRange: portsOf(rule.Protocol, rule.PortRange), Sources: &godo.Sources{
				Addresses: rule.SourceAddresses, Tags: rule.SourceTags, DropletIDs: rule.SourceDropletIDs,
				LoadBalancerUIDs: rule.SourceLoadBalancerUIDs, KubernetesIDs: rule.SourceKubernetesIDs,
			},
		})
	}
	for _, rule := range args.OutboundRules {
		wanted.OutboundRules = append(wanted.OutboundRules, godo.OutboundRule{
			Protocol: rule.Protocol, PortRange: portsOf(rule.Protocol, rule.PortRange), Destinations: &godo.Destinations{
				Addresses: rule.DestinationAddresses, Tags: rule.DestinationTags, DropletIDs: rule.DestinationDropletIDs,
				LoadBalancerUIDs: rule.DestinationLoadBalancerUIDs, KubernetesIDs: rule.DestinationKubernetesIDs,
			},
		})
	}
	return wanted
}

// portsOf writes ports as the API takes them: it answers "0" for all of them, and wants a range when it is told.
func portsOf(protocol string, ports *string) string {
	switch {
	case protocol == "icmp":
		return ""
	case ports == nil || *ports == "0" || *ports == "all":
		return "1-65535"
	default:
		return *ports
	}
}

func inboundOf(rules []godo.InboundRule) []InboundRule {
	var found []InboundRule
	for _, rule := range rules {
		from := *or(rule.Sources, godo.Sources{})
		found = append(found, InboundRule{
			Protocol: rule.Protocol, PortRange: answeredPorts(rule.Protocol, rule.PortRange),
			SourceAddresses: from.Addresses, SourceTags: from.Tags, SourceDropletIDs: from.DropletIDs,
			SourceLoadBalancerUIDs: from.LoadBalancerUIDs, SourceKubernetesIDs: from.KubernetesIDs,
		})
	}
	return found
}

func outboundOf(rules []godo.OutboundRule) []OutboundRule {
	var found []OutboundRule
	for _, rule := range rules {
		to := *or(rule.Destinations, godo.Destinations{})
		found = append(found, OutboundRule{
			Protocol: rule.Protocol, PortRange: answeredPorts(rule.Protocol, rule.PortRange),
			DestinationAddresses: to.Addresses, DestinationTags: to.Tags, DestinationDropletIDs: to.DropletIDs,
			DestinationLoadBalancerUIDs: to.LoadBalancerUIDs, DestinationKubernetesIDs: to.KubernetesIDs,
		})
	}
	return found
}

func answeredPorts(protocol, ports string) *string {
	if protocol == "icmp" {
		return nil
	}
	return filled(portsOf(protocol, &ports))
}

func (r InboundRule) same(other InboundRule) bool {
	return r.Protocol == other.Protocol && portsOf(r.Protocol, r.PortRange) == portsOf(other.Protocol, other.PortRange) &&
		sameSet(r.SourceAddresses, other.SourceAddresses) && sameSet(r.SourceTags, other.SourceTags) &&
		sameSet(r.SourceDropletIDs, other.SourceDropletIDs) &&
		sameSet(r.SourceLoadBalancerUIDs, other.SourceLoadBalancerUIDs) &&
		sameSet(r.SourceKubernetesIDs, other.SourceKubernetesIDs)
}

func (r OutboundRule) same(other OutboundRule) bool {
	return r.Protocol == other.Protocol && portsOf(r.Protocol, r.PortRange) == portsOf(other.Protocol, other.PortRange) &&
		sameSet(r.DestinationAddresses, other.DestinationAddresses) && sameSet(r.DestinationTags, other.DestinationTags) &&
		sameSet(r.DestinationDropletIDs, other.DestinationDropletIDs) &&
		sameSet(r.DestinationLoadBalancerUIDs, other.DestinationLoadBalancerUIDs) &&
		sameSet(r.DestinationKubernetesIDs, other.DestinationKubernetesIDs)
}

// sayAs gives the rules as they were written when the API has the same ones, in whatever order; else what it has.
func sayAs[R any](written, found []R, same func(R, R) bool) []R {
	if len(written) != len(found) {
		return found
	}
	for _, rule := range written {
		if !slices.ContainsFunc(found, func(other R) bool { return same(rule, other) }) {
			return found
		}
	}
	return written
}

func sameSet[T cmp.Ordered](a, b []T) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
