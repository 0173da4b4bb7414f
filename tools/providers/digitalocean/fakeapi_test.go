package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"sovereign-edge/providers/plugin/plugintest"
)

// object is something of the API as JSON.
type object = map[string]any

// fakeAPI is as much of DigitalOcean's API as a test needs. before sees a request first, and answers it by returning true;
// after sees it when it was carried out, and may answer instead.
type fakeAPI struct {
	sync.Mutex
	calls         []string
	droplets      []object
	reserved      []object
	keys          []object
	before, after func(http.ResponseWriter, *http.Request) bool
	status        string
	mux           *http.ServeMux
}

// newEngine drives the provider against a fake API that answers at once and is asked again at once.
func newEngine(t *testing.T) (*plugintest.Engine, *fakeAPI) {
	t.Helper()
	api := &fakeAPI{status: "active", mux: http.NewServeMux()}
	api.routes()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	engine := plugintest.Start(t, "digitalocean", provider())
	settings := map[string]property.Value{
		"token": property.New("s3cret-canary").WithSecret(true), "apiEndpoint": property.New(server.URL),
		"httpRetryWaitMin": property.New(0.01), "httpRetryWaitMax": property.New(0.02), "httpRetryMax": property.New(2.0),
	}
	if err := engine.Configure(p.ConfigureRequest{Args: property.NewMap(settings)}); err != nil {
		t.Fatal(err)
	}
	if len(api.calls) > 0 {
		t.Fatal("configuring asked the API")
	}
	return engine, api
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.Lock()
	f.calls = append(f.calls, r.Method+" "+r.URL.Path)
	before, after := f.before, f.after
	f.Unlock()
	if r.Header.Get("Authorization") != "Bearer s3cret-canary" {
		refuse(w, 401, "Unable to authenticate you")
		return
	}
	if before != nil && before(w, r) {
		return
	}
	recorder := httptest.NewRecorder()
	f.mux.ServeHTTP(recorder, r)
	if after != nil && after(w, r) {
		return
	}
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes())
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object{"id": "x", "message": message, "request_id": "r-1"})
}

func answer(w http.ResponseWriter, code int, body any) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

// count is how often a call was made.
func (f *fakeAPI) count(call string) int {
	f.Lock()
	defer f.Unlock()
	return len(slices.DeleteFunc(slices.Clone(f.calls), func(one string) bool { return one != call }))
}

func (f *fakeAPI) routes() {
	f.mux.HandleFunc("POST /v2/droplets", func(w http.ResponseWriter, r *http.Request) {
		made := body(r)
		made["id"], made["status"], made["locked"] = 100+len(f.droplets), "new", true
		made["region"], made["size"] = object{"slug": made["region"]}, object{"slug": made["size"], "price_monthly": 6}
		made["networks"] = object{"v4": []object{{"ip_address": "203.0.113.9", "type": "public"}}}
		made["features"] = []string{"monitoring"}
		delete(made, "image")
		f.droplets = append(f.droplets, made)
		answer(w, 202, object{"droplet": made})
	})
	f.mux.HandleFunc("GET /v2/droplets", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, object{"droplets": f.droplets})
	})
	f.mux.HandleFunc("GET /v2/droplets/{id}", func(w http.ResponseWriter, r *http.Request) {
		found := byID(f.droplets, r.PathValue("id"))
		if found == nil {
			refuse(w, 404, "The resource you were accessing could not be found.")
			return
		}
		if found["status"] == "new" {
			found["status"], found["locked"] = f.status, f.status == "new"
		}
		answer(w, 200, object{"droplet": found})
	})
	f.mux.HandleFunc("DELETE /v2/droplets/{id}", func(w http.ResponseWriter, r *http.Request) {
		f.droplets = slices.DeleteFunc(f.droplets, func(one object) bool { return fmt.Sprint(one["id"]) == r.PathValue("id") })
		w.WriteHeader(204)
	})
	f.mux.HandleFunc("POST /v2/droplets/{id}/actions", f.act)
	f.mux.HandleFunc("GET /v2/actions/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, object{"action": object{"id": 7, "status": "completed"}})
	})
	f.mux.HandleFunc("GET /v2/reserved_ips", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, object{"reserved_ips": f.reserved})
	})
	f.mux.HandleFunc("POST /v2/reserved_ips", func(w http.ResponseWriter, r *http.Request) {
		made := object{"ip": fmt.Sprintf("203.0.113.%d", 10+len(f.reserved)), "region": object{"slug": body(r)["region"]}}
		f.reserved = append(f.reserved, made)
		answer(w, 202, object{"reserved_ip": made})
	})
	f.mux.HandleFunc("GET /v2/reserved_ips/{ip}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, object{"reserved_ip": f.reserved[0]})
	})
	f.mux.HandleFunc("POST /v2/reserved_ips/{ip}/actions", func(w http.ResponseWriter, r *http.Request) {
		asked := body(r)
		f.reserved[0]["droplet"] = nil
		if asked["type"] == "assign" {
			f.reserved[0]["droplet"] = object{"id": asked["droplet_id"]}
		}
		answer(w, 201, object{"action": object{"id": 7, "status": "in-progress"}})
	})
	f.mux.HandleFunc("GET /v2/reserved_ips/{ip}/actions/7", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, object{"action": object{"id": 7, "status": "completed"}})
	})
	f.mux.HandleFunc("POST /v2/tags", func(w http.ResponseWriter, r *http.Request) { answer(w, 201, object{"tag": body(r)}) })
	f.mux.HandleFunc("POST /v2/tags/{tag}/resources", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	f.mux.HandleFunc("DELETE /v2/tags/{tag}/resources", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	f.mux.HandleFunc("POST /v2/firewalls", func(w http.ResponseWriter, r *http.Request) {
		made := body(r)
		made["id"] = "f-1"
		rules := made["inbound_rules"].([]any)
		slices.Reverse(rules)
		answer(w, 202, object{"firewall": made})
	})
}

func (f *fakeAPI) act(w http.ResponseWriter, r *http.Request) {
	found, asked := byID(f.droplets, r.PathValue("id")), body(r)
	switch asked["type"] {
	case "rename":
		found["name"] = asked["name"]
	case "power_off", "shutdown":
		found["status"] = "off"
	case "power_on":
		found["status"] = "active"
	case "resize":
		found["size"] = object{"slug": asked["size"]}
	}
	f.calls = append(f.calls, "action "+asked["type"].(string))
	answer(w, 201, object{"action": object{"id": 7, "status": "in-progress"}})
}

func body(r *http.Request) object {
	var read object
	_ = json.NewDecoder(r.Body).Decode(&read)
	return read
}

func byID(list []object, id string) object {
	for _, one := range list {
		if fmt.Sprint(one["id"]) == strings.TrimSpace(id) {
			return one
		}
	}
	return nil
}
