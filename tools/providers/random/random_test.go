package main

import (
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/bcrypt"

	"sovereign-edge/providers/plugin/plugintest"
)

const (
	bytesToken    = "random:index/randomBytes:RandomBytes"
	idToken       = "random:index/randomId:RandomId"
	passwordToken = "random:index/randomPassword:RandomPassword"
	petToken      = "random:index/randomPet:RandomPet"
)

type inputs = map[string]any

func start(t *testing.T) *plugintest.Engine { return plugintest.Start(t, "random", provider()) }

func TestBytes(t *testing.T) {
	engine := start(t)
	made := engine.MustNew(bytesToken, inputs{"length": 32})
	fromHex, err := hex.DecodeString(made.Text("hex"))
	if err != nil || len(fromHex) != 32 || base64.StdEncoding.EncodeToString(fromHex) != made.Text("base64") {
		t.Errorf("%v %v", made.State, err)
	}
	if !made.State.Get("hex").Secret() || !made.State.Get("base64").Secret() || made.State.Get("length").Secret() {
		t.Error("hex and base64 are to be secret, length not")
	}
	if other := engine.MustNew(bytesToken, inputs{"length": 32}); other.Text("hex") == made.Text("hex") {
		t.Error("twice the same")
	}
}

func TestID(t *testing.T) {
	engine := start(t)
	made := engine.MustNew(idToken, inputs{"byteLength": 5, "prefix": "p-"})
	bytes, err := hex.DecodeString(strings.TrimPrefix(made.Text("hex"), "p-"))
	if err != nil || len(bytes) != 5 {
		t.Fatalf("hex %q: %v", made.Text("hex"), err)
	}
	for name, want := range map[string]string{
		"b64Std": "p-" + base64.StdEncoding.EncodeToString(bytes),
		"b64Url": "p-" + base64.RawURLEncoding.EncodeToString(bytes),
		"dec":    "p-" + new(big.Int).SetBytes(bytes).String(),
	} {
		if made.Text(name) != want || made.State.Get(name).Secret() {
			t.Errorf("%s is %v, want %q, plain", name, made.State.Get(name), want)
		}
	}
	if made.ID != base64.RawURLEncoding.EncodeToString(bytes) {
		t.Errorf("id %q", made.ID)
	}
}

func TestPassword(t *testing.T) {
	engine := start(t)
	made := engine.MustNew(passwordToken, inputs{"length": 80, "minSpecial": 20, "overrideSpecial": "_", "upper": false, "minNumeric": 5})
	result := made.Text("result")
	counts := map[string]int{}
	for _, c := range result {
		for name, class := range map[string]string{"lower": lowerCharacters, "numeric": numericCharacters, "special": "_"} {
			if strings.ContainsRune(class, c) {
				counts[name]++
			}
		}
	}
	if len(result) != 80 || counts["special"] < 20 || counts["numeric"] < 5 || counts["lower"]+counts["numeric"]+counts["special"] != 80 {
		t.Errorf("%q: %v", result, counts)
	}
	if err := bcrypt.CompareHashAndPassword([]byte(made.Text("bcryptHash")), []byte(result[:72])); err != nil {
		t.Error(err)
	}
	if !made.State.Get("result").Secret() || !made.State.Get("bcryptHash").Secret() {
		t.Error("the password is not secret")
	}
}

func TestPasswordDefaults(t *testing.T) {
	engine := start(t)
	made := engine.MustNew(passwordToken, inputs{"length": 200})
	for _, class := range []string{lowerCharacters, upperCharacters, numericCharacters, specialCharacters} {
		if !strings.ContainsAny(made.Text("result"), class) {
			t.Errorf("none of %s in %q", class, made.Text("result"))
		}
	}
	if diff := engine.Changes(made, inputs{"length": 200, "special": true, "number": true, "minLower": 0}); diff.HasChanges {
		t.Errorf("a default written out is no change, but %v", diff.DetailedDiff)
	}
	only := engine.MustNew(passwordToken, inputs{"length": 50, "number": false, "special": false, "upper": false})
	if strings.ContainsAny(only.Text("result"), numericCharacters) {
		t.Errorf("number: false, but %q", only.Text("result"))
	}
}

func TestPet(t *testing.T) {
	engine := start(t)
	for words, args := range map[int]inputs{2: {}, 1: {"length": 1}, 4: {"length": 4}} {
		if made := engine.MustNew(petToken, args); strings.Count(made.ID, "-") != words-1 || strings.Contains(made.ID, "--") {
			t.Errorf("%v: %q", args, made.ID)
		}
	}
	if made := engine.MustNew(petToken, inputs{"prefix": "my", "separator": "."}); !strings.HasPrefix(made.ID, "my.") {
		t.Errorf("%q", made.ID)
	}
}

func TestChangesReplace(t *testing.T) {
	engine := start(t)
	for token, args := range map[string]inputs{
		bytesToken: {"length": 8}, idToken: {"byteLength": 8}, passwordToken: {"length": 8}, petToken: {},
	} {
		made := engine.MustNew(token, args)
		if diff := engine.Changes(made, args); diff.HasChanges {
			t.Errorf("%s: nothing changed, but %v", token, diff.DetailedDiff)
		}
		changed := inputs{"keepers": inputs{"generation": "2"}}
		for name, value := range args {
			changed[name] = value
		}
		if diff := engine.Changes(made, changed); diff.DetailedDiff["keepers"].Kind != p.AddReplace {
			t.Errorf("%s: keepers gave %v", token, diff.DetailedDiff)
		}
	}
}

func TestPreview(t *testing.T) {
	made, err := start(t).PreviewNew(bytesToken, inputs{"length": plugintest.Unknown()})
	if err != nil || !made.State.Get("hex").IsComputed() {
		t.Errorf("%v %v", made.State, err)
	}
}

func TestRefuses(t *testing.T) {
	engine := start(t)
	for _, test := range []struct {
		token string
		args  inputs
	}{
		{bytesToken, inputs{"length": 0}},
		{idToken, inputs{"byteLength": 0}},
		{passwordToken, inputs{"length": 3, "minLower": 2, "minUpper": 2}},
		{passwordToken, inputs{"length": 3, "lower": false, "upper": false, "numeric": false, "special": false}},
		{passwordToken, inputs{"length": 3, "lower": false, "upper": false, "numeric": false, "overrideSpecial": ""}},
	} {
		if made, err := engine.New(test.token, test.args); err == nil {
			t.Errorf("%s %v gave %v", test.token, test.args, made.State)
		}
	}
}
