package main

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"strings"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"

	"sovereign-edge/providers/plugin/plugintest"
)

const (
	keyToken     = "tls:index/privateKey:PrivateKey"
	requestToken = "tls:index/certRequest:CertRequest"
	selfToken    = "tls:index/selfSignedCert:SelfSignedCert"
	localToken   = "tls:index/locallySignedCert:LocallySignedCert"
)

type inputs = map[string]any

func start(t *testing.T) *plugintest.Engine { return plugintest.Start(t, "tls", provider()) }

func certificate(t *testing.T, r plugintest.Resource) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(r.Text("certPem")))
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestPrivateKeys(t *testing.T) {
	engine := start(t)
	for _, args := range []inputs{
		{"algorithm": "ED25519"},
		{"algorithm": "ECDSA", "ecdsaCurve": "P256"},
		{"algorithm": "ECDSA", "ecdsaCurve": "P384"},
		{"algorithm": "RSA", "rsaBits": 2048},
	} {
		made := engine.MustNew(keyToken, args)
		public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(made.Text("publicKeyOpenssh")))
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"} {
			signer, err := ssh.ParsePrivateKey([]byte(made.Text(form)))
			if err != nil {
				t.Fatalf("%v %s: %v", args, form, err)
			}
			if ssh.FingerprintSHA256(signer.PublicKey()) != made.Text("publicKeyFingerprintSha256") {
				t.Errorf("%v %s is another key", args, form)
			}
			if !made.State.Get(form).Secret() {
				t.Errorf("%s is not secret", form)
			}
		}
		if made.Text("publicKeyFingerprintMd5") != ssh.FingerprintLegacyMD5(public) || made.State.Get("publicKeyPem").Secret() {
			t.Errorf("%v: %v", args, made.State)
		}
		if diff := engine.Changes(made, args); diff.HasChanges {
			t.Errorf("nothing changed, but %v", diff.DetailedDiff)
		}
	}
	made := engine.MustNew(keyToken, inputs{"algorithm": "ECDSA"})
	if made.Text("ecdsaCurve") != "P224" || made.Text("privateKeyOpenssh") != "" || made.State.Get("rsaBits").AsNumber() != 2048 {
		t.Errorf("defaults: %v", made.State)
	}
	for _, args := range []inputs{{"algorithm": "DSA"}, {"algorithm": "ECDSA", "ecdsaCurve": "P25519"}} {
		if _, err := engine.New(keyToken, args); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

// chain makes a CA and a server's certificate of it.
func chain(t *testing.T, engine *plugintest.Engine) (caArgs, leafArgs inputs, ca, leaf plugintest.Resource) {
	t.Helper()
	caKey := engine.MustNew(keyToken, inputs{"algorithm": "ECDSA", "ecdsaCurve": "P256"})
	caArgs = inputs{
		"privateKeyPem": plugintest.Secret(caKey.Text("privateKeyPem")), "validityPeriodHours": 87600, "isCaCertificate": true,
		"allowedUses": []any{"cert_signing", "crl_signing"}, "maxPathLength": 0,
		"subject": inputs{"commonName": "CA", "organization": "fleet", "emailAddress": "a@example.org"},
	}
	ca = engine.MustNew(selfToken, caArgs)
	key := engine.MustNew(keyToken, inputs{"algorithm": "ED25519"})
	request := engine.MustNew(requestToken, inputs{
		"privateKeyPem": plugintest.Secret(key.Text("privateKeyPem")), "dnsNames": []any{"ai.home", "*.home"},
		"ipAddresses": []any{"192.168.8.20", "fd00::1"}, "uris": []any{"spiffe://fleet/ai"}, "subject": inputs{"commonName": "ai.home"},
	})
	leafArgs = inputs{
		"certRequestPem": request.Text("certRequestPem"), "caCertPem": ca.Text("certPem"),
		"caPrivateKeyPem": plugintest.Secret(caKey.Text("privateKeyPem")), "validityPeriodHours": 100, "earlyRenewalHours": 10,
		"allowedUses": []any{"server_auth", "digital_signature"},
	}
	return caArgs, leafArgs, ca, engine.MustNew(localToken, leafArgs)
}

func TestChainVerifies(t *testing.T) {
	_, _, ca, leaf := chain(t, start(t))
	roots := x509.NewCertPool()
	root, server := certificate(t, ca), certificate(t, leaf)
	roots.AddCert(root)
	for _, name := range []string{"ai.home", "chat.home", "192.168.8.20", "fd00::1"} {
		if _, err := server.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !root.IsCA || !root.MaxPathLenZero || root.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || len(root.SubjectKeyId) != 20 {
		t.Errorf("CA: %+v", root)
	}
	if server.IsCA || server.KeyUsage != x509.KeyUsageDigitalSignature || string(server.AuthorityKeyId) != string(root.SubjectKeyId) {
		t.Errorf("certificate: %+v", server)
	}
	if !server.IPAddresses[0].Equal(net.ParseIP("192.168.8.20")) || server.URIs[0].String() != "spiffe://fleet/ai" {
		t.Errorf("names: %v %v", server.IPAddresses, server.URIs)
	}
	if !strings.Contains(root.Subject.String(), "1.2.840.113549.1.9.1") {
		t.Errorf("subject %s has no address", root.Subject)
	}
	start, err := time.Parse(time.RFC3339, leaf.Text("validityStartTime"))
	if err != nil || !start.Equal(server.NotBefore) {
		t.Error(start, err)
	}
	end, err := time.Parse(time.RFC3339, leaf.Text("validityEndTime"))
	if err != nil || !end.Equal(server.NotAfter) || end.Sub(start) != 100*time.Hour {
		t.Error(end, err)
	}
	if leaf.Text("caKeyAlgorithm") != "ECDSA" || ca.Text("keyAlgorithm") != "ECDSA" || leaf.State.Get("readyForRenewal").AsBool() {
		t.Errorf("%v", leaf.State)
	}
	if !ca.State.Get("privateKeyPem").Secret() || !leaf.State.Get("caPrivateKeyPem").Secret() || leaf.State.Get("certPem").Secret() {
		t.Error("private keys are to be secret, certificates not")
	}
}

func TestKeyIDs(t *testing.T) {
	engine := start(t)
	caArgs, leafArgs, ca, leaf := chain(t, engine)
	if len(certificate(t, leaf).SubjectKeyId) != 0 || len(certificate(t, ca).AuthorityKeyId) != 0 {
		t.Error("key ids that nobody asked for")
	}
	leafArgs["setSubjectKeyId"], caArgs["setAuthorityKeyId"] = true, true
	for _, parsed := range []*x509.Certificate{
		certificate(t, engine.MustNew(localToken, leafArgs)), certificate(t, engine.MustNew(selfToken, caArgs)),
	} {
		want, err := subjectKeyID(parsed.PublicKey)
		if err != nil || string(parsed.SubjectKeyId) != string(want) {
			t.Errorf("subject key id %x, want %x (%v)", parsed.SubjectKeyId, want, err)
		}
		if parsed.IsCA && string(parsed.AuthorityKeyId) != string(want) {
			t.Errorf("authority key id %x, want %x", parsed.AuthorityKeyId, want)
		}
	}
}

func TestCertificateDiff(t *testing.T) {
	engine := start(t)
	caArgs, leafArgs, ca, leaf := chain(t, engine)
	for _, test := range []struct {
		made plugintest.Resource
		args inputs
	}{{ca, caArgs}, {leaf, leafArgs}} {
		if diff := engine.Changes(test.made, test.args); diff.HasChanges {
			t.Errorf("nothing changed, but %v", diff.DetailedDiff)
		}
		changed := inputs{}
		for name, value := range test.args {
			changed[name] = value
		}
		changed["allowedUses"] = []any{"client_auth", "digital_signature"}
		for path, change := range engine.Changes(test.made, changed).DetailedDiff {
			if change.Kind != p.UpdateReplace {
				t.Errorf("%s: %s", path, change.Kind)
			}
		}
	}
	leafArgs["earlyRenewalHours"] = 20
	diff := engine.Changes(leaf, leafArgs)
	if len(diff.DetailedDiff) != 1 || diff.DetailedDiff["earlyRenewalHours"].Kind != p.Update {
		t.Errorf("earlyRenewalHours alone is an update, not %v", diff.DetailedDiff)
	}
	updated, err := engine.Changed(leaf, leafArgs)
	if err != nil || updated.Text("certPem") != leaf.Text("certPem") || updated.State.Get("earlyRenewalHours").AsNumber() != 20 {
		t.Errorf("%v %v", updated.State, err)
	}
}

func TestRenewal(t *testing.T) {
	engine := start(t)
	_, args, _, made := chain(t, engine) // 100 hours, to be renewed 10 hours before
	t.Cleanup(func() { now = time.Now })
	for after, due := range map[time.Duration]bool{89 * time.Hour: false, 91 * time.Hour: true, 101 * time.Hour: true} {
		now = func() time.Time { return time.Now().Add(after) }
		diff := engine.Changes(made, args)
		if diff.HasChanges != due {
			t.Errorf("after %v: %v", after, diff)
		}
		if due && diff.DetailedDiff["readyForRenewal"].Kind != p.UpdateReplace {
			t.Errorf("after %v: %v", after, diff.DetailedDiff)
		}
	}
}

func TestRefuses(t *testing.T) {
	engine := start(t)
	_, leaf, _, _ := chain(t, engine)
	for want, change := range map[string]inputs{
		`"serverAuth" is none of`:    {"allowedUses": []any{"serverAuth"}},
		"must be at least 1":         {"validityPeriodHours": 0},
		"caCertPem holds no PEM":     {"caCertPem": "x"},
		"certRequestPem holds no":    {"certRequestPem": "x"},
		"caPrivateKeyPem: ssh: no k": {"caPrivateKeyPem": "x"},
	} {
		args := inputs{}
		for name, value := range leaf {
			args[name] = value
		}
		for name, value := range change {
			args[name] = value
		}
		if _, err := engine.New(localToken, args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestPreviewOfAnUnknownKey(t *testing.T) {
	made, err := start(t).PreviewNew(selfToken, inputs{
		"privateKeyPem": plugintest.Unknown(), "validityPeriodHours": 10, "allowedUses": []any{"server_auth"},
	})
	if err != nil || !made.State.Get("certPem").IsComputed() {
		t.Errorf("%v %v", made.State, err)
	}
}
