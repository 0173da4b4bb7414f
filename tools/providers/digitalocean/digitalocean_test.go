package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"

	"sovereign-edge/providers/plugin/plugintest"
)

const (
	dropletToken    = "digitalocean:index/droplet:Droplet"
	reservedToken   = "digitalocean:index/reservedIp:ReservedIp"
	assignmentToken = "digitalocean:index/reservedIpAssignment:ReservedIpAssignment"
	firewallToken   = "digitalocean:index/firewall:Firewall"
)

func machine(changes object) map[string]any {
	inputs := map[string]any{
		"name": "gematria", "image": "debian-13-x64", "size": "s-1vcpu-1gb", "region": "nyc3", "monitoring": true,
		"dropletAgent": false, "tags": []any{"sovereign-edge-dev"}, "sshKeys": []any{"1"}, "vpcUuid": "v-1",
		"userData": plugintest.Secret("#cloud-config\n"),
	}
	for name, value := range changes {
		inputs[name] = value
	}
	return inputs
}

func TestDropletIsMadeReadAndGivenBack(t *testing.T) {
	engine, api := newEngine(t)
	droplet := engine.MustNew(dropletToken, machine(nil))
	if droplet.ID != "100" || droplet.Text("status") != "active" || droplet.Text("ipv4Address") != "203.0.113.9" {
		t.Errorf("%s %v", droplet.ID, droplet.State)
	}
	if data := droplet.Text("userData"); len(data) != 40 {
		t.Errorf("the state has %q of the user data, and not its SHA-1", data)
	}
	read := engine.Refreshed(droplet)
	if diff := engine.Changes(read, machine(nil)); diff.HasChanges {
		t.Errorf("a refresh shows %v", diff.DetailedDiff)
	}
	if err := engine.Gone(droplet); err != nil || len(api.droplets) > 0 {
		t.Error(err, api.droplets)
	}
	if err := engine.Gone(droplet); err != nil {
		t.Errorf("one that is gone already: %v", err)
	}
	if read := engine.Refreshed(droplet); read.ID != "" {
		t.Errorf("one that is gone is found: %v", read)
	}
}

func TestPreviewAsksNothing(t *testing.T) {
	engine, api := newEngine(t)
	if _, err := engine.PreviewNew(dropletToken, machine(nil)); err != nil || len(api.calls) > 0 {
		t.Error(err, api.calls)
	}
}

func TestLostAnswersMakeNoSecondThing(t *testing.T) {
	lose := map[string]func(http.ResponseWriter, *http.Request) bool{
		"500 after it was made": func(w http.ResponseWriter, _ *http.Request) bool { refuse(w, 500, "Server Error"); return true },
		"no answer": func(w http.ResponseWriter, _ *http.Request) bool {
			connection, _, _ := w.(http.Hijacker).Hijack()
			_ = connection.Close()
			return true
		},
	}
	for name, loss := range lose {
		t.Run(name, func(t *testing.T) {
			engine, api := newEngine(t)
			api.after = func(w http.ResponseWriter, r *http.Request) bool {
				return r.Method == http.MethodPost && loss(w, r)
			}
			if made := engine.MustNew(dropletToken, machine(nil)); made.ID != "100" || len(api.droplets) != 1 {
				t.Errorf("%s of %v", made.ID, api.droplets)
			}
			if made := engine.MustNew(reservedToken, map[string]any{"region": "nyc3"}); made.ID != "203.0.113.10" || len(api.reserved) != 1 {
				t.Errorf("%s of %v", made.ID, api.reserved)
			}
		})
	}
}

func TestNamesakeOfAnotherTimeIsNotTakenFor(t *testing.T) {
	engine, api := newEngine(t)
	old := engine.MustNew(dropletToken, machine(nil))
	api.after = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			refuse(w, 500, "Server Error")
		}
		return r.Method == http.MethodPost
	}
	if made := engine.MustNew(dropletToken, machine(nil)); made.ID == old.ID || len(api.droplets) != 2 {
		t.Errorf("%s of %v", made.ID, api.droplets)
	}
}

func TestRefusalsAreOneSentenceWithWhatToDo(t *testing.T) {
	engine, api := newEngine(t)
	for code, words := range map[int]string{
		401: "run `./fleet secret set digitalocean-token`", 403: "lacks a scope", 422: "Nothing was changed by this request",
		503: "status.digitalocean.com",
	} {
		api.before = func(w http.ResponseWriter, r *http.Request) bool {
			refuse(w, code, "You specified an invalid image for Droplet creation.")
			return true
		}
		_, err := engine.New(dropletToken, machine(nil))
		want := fmt.Sprintf("make the droplet gematria: GET /v2/droplets answered %d: You specified an invalid image", code)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), words) {
			t.Errorf("%d: %v", code, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("the token is told: %v", err)
		}
	}
}

func TestTooManyRequestsAreWaitedForAsAsked(t *testing.T) {
	engine, api := newEngine(t)
	var first time.Time
	var waited time.Duration
	api.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || !first.IsZero() {
			if r.Method == http.MethodPost && waited == 0 {
				waited = time.Since(first)
			}
			return false
		}
		first = time.Now()
		w.Header().Set("Retry-After", "1")
		refuse(w, 429, "Too many requests")
		return true
	}
	engine.MustNew(dropletToken, machine(nil))
	if waited < time.Second || len(api.droplets) != 1 {
		t.Errorf("asked again after %s: %v", waited, api.droplets)
	}
	api.before = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "3000")
		refuse(w, 429, "Too many requests")
		return true
	}
	if _, err := engine.New(dropletToken, machine(nil)); err == nil || !strings.Contains(err.Error(), "wait 3000 s") {
		t.Error(err)
	}
}

func TestOneThatDoesNotComeToRunStaysAndIsWaitedFor(t *testing.T) {
	engine, api := newEngine(t)
	api.status = "new"
	half, why := engine.Half(dropletToken, machine(nil), time.Second)
	if !strings.Contains(why, "the droplet 100 is `new` still, and not `active` after 1s") {
		t.Error(why)
	}
	api.status = "active"
	whole, err := engine.Changed(half, machine(nil))
	if err != nil || whole.Text("status") != "active" || api.count("POST /v2/droplets") != 1 {
		t.Errorf("%v %v", err, whole.State)
	}
}

func TestWhatChangesInPlaceAndWhatReplaces(t *testing.T) {
	engine, api := newEngine(t)
	droplet := engine.MustNew(dropletToken, machine(nil))
	inPlace := object{"name": "lucidia", "size": "s-2vcpu-2gb", "tags": []any{"other"}, "gracefulShutdown": true}
	for name, value := range inPlace {
		for path, change := range engine.Changes(droplet, machine(object{name: value})).DetailedDiff {
			if change.Kind == p.UpdateReplace || change.Kind == p.AddReplace {
				t.Errorf("%s replaces", path)
			}
		}
	}
	replacing := object{
		"image": "debian-12-x64", "region": "ams3", "sshKeys": []any{"2"}, "userData": "#cloud-config\nx: 1\n",
		"monitoring": false, "dropletAgent": true, "vpcUuid": "v-2",
	}
	for name, value := range replacing {
		replaces := false
		for _, change := range engine.Changes(droplet, machine(object{name: value})).DetailedDiff {
			replaces = replaces || change.Kind == p.UpdateReplace
		}
		if !replaces {
			t.Errorf("%s does not replace", name)
		}
	}
	changed, err := engine.Changed(droplet, machine(inPlace))
	if err != nil || changed.Text("name") != "lucidia" || changed.Text("size") != "s-2vcpu-2gb" {
		t.Errorf("%v %v", err, changed.State)
	}
	if api.count("action power_off") != 1 || api.count("action resize") != 1 || api.count("action power_on") != 1 {
		t.Error(api.calls)
	}
}

func TestAssignmentLeavesAnotherOnesAddressAlone(t *testing.T) {
	engine, api := newEngine(t)
	ip := engine.MustNew(reservedToken, map[string]any{"region": "nyc3"}).ID
	first := engine.MustNew(assignmentToken, map[string]any{"dropletId": 1, "ipAddress": ip})
	second := engine.MustNew(assignmentToken, map[string]any{"dropletId": 2, "ipAddress": ip})
	if read := engine.Refreshed(first); read.ID != "" {
		t.Errorf("it leads elsewhere and is found: %v", read)
	}
	if err := engine.Gone(first); err != nil || api.reserved[0]["droplet"] == nil {
		t.Error("the address was taken off another droplet", err)
	}
	if err := engine.Gone(second); err != nil || api.reserved[0]["droplet"] != nil {
		t.Error(err, api.reserved)
	}
}

func TestRulesStayAsWrittenWhenTheApiSaysThemOtherwise(t *testing.T) {
	engine, api := newEngine(t)
	everywhere := []any{"0.0.0.0/0", "::/0"}
	firewall := map[string]any{
		"name": "dev", "tags": []any{"sovereign-edge-dev"}, "inboundRules": []any{
			map[string]any{"protocol": "tcp", "portRange": "22", "sourceAddresses": everywhere},
			map[string]any{"protocol": "icmp", "sourceAddresses": everywhere},
		},
		"outboundRules": []any{map[string]any{"protocol": "tcp", "portRange": "1-65535", "destinationAddresses": everywhere}},
	}
	made := engine.MustNew(firewallToken, firewall)
	if rules := made.State.Get("inboundRules").AsArray(); rules.Get(0).AsMap().Get("protocol").AsString() != "tcp" {
		t.Error("the order of the answer is in the state")
	}
	if _, err := engine.New(dropletToken, machine(object{"volumeIds": []any{"v"}})); err == nil {
		t.Error("volumes are not refused")
	}
	if len(api.calls) != 1 {
		t.Error(api.calls)
	}
}
