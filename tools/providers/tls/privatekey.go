package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the id of a key, as in the official provider; nothing rests on it
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/ssh"
)

var curves = map[string]elliptic.Curve{
	"P224": elliptic.P224(), "P256": elliptic.P256(), "P384": elliptic.P384(), "P521": elliptic.P521(),
}

// PrivateKey is a key pair, its private half kept secret.
type PrivateKey struct{}

// Annotate gives the type its name.
func (k *PrivateKey) Annotate(a infer.Annotator) { a.SetToken("index/privateKey", "PrivateKey") }

// PrivateKeyArgs are its inputs; algorithm is RSA, ECDSA or ED25519.
type PrivateKeyArgs struct {
	Algorithm  string  `pulumi:"algorithm"`
	EcdsaCurve *string `pulumi:"ecdsaCurve,optional"`
	RsaBits    *int    `pulumi:"rsaBits,optional"`
}

// Annotate sets the defaults, which are those of the official provider.
func (k *PrivateKeyArgs) Annotate(a infer.Annotator) {
	a.SetDefault(&k.EcdsaCurve, "P224")
	a.SetDefault(&k.RsaBits, 2048)
}

// PrivateKeyState is what the stack keeps of it.
type PrivateKeyState struct {
	Algorithm                  string `pulumi:"algorithm"`
	EcdsaCurve                 string `pulumi:"ecdsaCurve"`
	RsaBits                    int    `pulumi:"rsaBits"`
	PrivateKeyPem              string `pulumi:"privateKeyPem" provider:"secret"`
	PrivateKeyPemPkcs8         string `pulumi:"privateKeyPemPkcs8" provider:"secret"`
	PrivateKeyOpenssh          string `pulumi:"privateKeyOpenssh" provider:"secret"`
	PublicKeyPem               string `pulumi:"publicKeyPem"`
	PublicKeyOpenssh           string `pulumi:"publicKeyOpenssh"`
	PublicKeyFingerprintMd5    string `pulumi:"publicKeyFingerprintMd5"`
	PublicKeyFingerprintSha256 string `pulumi:"publicKeyFingerprintSha256"`
}

// WireDependencies keeps the private half secret whatever the program says.
func (*PrivateKey) WireDependencies(f infer.FieldSelector, _ *PrivateKeyArgs, state *PrivateKeyState) {
	f.OutputField(&state.PrivateKeyPem).AlwaysSecret()
	f.OutputField(&state.PrivateKeyPemPkcs8).AlwaysSecret()
	f.OutputField(&state.PrivateKeyOpenssh).AlwaysSecret()
}

// Check refuses unknown algorithms and curves.
func (*PrivateKey) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[PrivateKeyArgs], error) {
	args, failures, err := infer.DefaultCheck[PrivateKeyArgs](ctx, req.NewInputs)
	refuse := func(name, reason string) {
		if !req.NewInputs.Get(name).IsComputed() {
			failures = append(failures, p.CheckFailure{Property: name, Reason: reason})
		}
	}
	if args.Algorithm != "RSA" && args.Algorithm != "ECDSA" && args.Algorithm != "ED25519" {
		refuse("algorithm", fmt.Sprintf("%q is none of RSA, ECDSA, ED25519", args.Algorithm))
	}
	if args.EcdsaCurve != nil && curves[*args.EcdsaCurve] == nil {
		refuse("ecdsaCurve", fmt.Sprintf("%q is none of P224, P256, P384, P521", *args.EcdsaCurve))
	}
	return infer.CheckResponse[PrivateKeyArgs]{Inputs: args, Failures: failures}, err
}

// Create makes the key pair.
func (*PrivateKey) Create(
	_ context.Context, req infer.CreateRequest[PrivateKeyArgs],
) (infer.CreateResponse[PrivateKeyState], error) {
	state := PrivateKeyState{Algorithm: req.Inputs.Algorithm}
	if req.Inputs.EcdsaCurve != nil {
		state.EcdsaCurve = *req.Inputs.EcdsaCurve
	}
	if req.Inputs.RsaBits != nil {
		state.RsaBits = *req.Inputs.RsaBits
	}
	response := infer.CreateResponse[PrivateKeyState]{Output: state}
	if req.DryRun {
		return response, nil
	}
	key, err := generate(state)
	if err != nil {
		return response, fmt.Errorf("make a %s key: %w", state.Algorithm, err)
	}
	response.ID, err = response.Output.spell(key)
	return response, err
}

func generate(s PrivateKeyState) (crypto.Signer, error) {
	switch s.Algorithm {
	case "RSA":
		return rsa.GenerateKey(rand.Reader, s.RsaBits)
	case "ECDSA":
		return ecdsa.GenerateKey(curves[s.EcdsaCurve], rand.Reader)
	case "ED25519":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("unknown algorithm")
}

// spell writes the key in every form that the state has, and returns the id. OpenSSH knows no P224: those forms stay empty.
func (s *PrivateKeyState) spell(key crypto.Signer) (id string, err error) {
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", err
	}
	s.PrivateKeyPemPkcs8 = toPEM("PRIVATE KEY", pkcs8)
	s.PublicKeyPem = toPEM("PUBLIC KEY", public)
	switch typed := key.(type) {
	case *rsa.PrivateKey:
		s.PrivateKeyPem = toPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(typed))
	case *ecdsa.PrivateKey:
		sec1, err := x509.MarshalECPrivateKey(typed)
		if err != nil {
			return "", err
		}
		s.PrivateKeyPem = toPEM("EC PRIVATE KEY", sec1)
	default:
		s.PrivateKeyPem = s.PrivateKeyPemPkcs8
	}
	sum := sha1.Sum(public) //nolint:gosec // see the import
	id = hex.EncodeToString(sum[:])
	sshPublic, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		return id, nil //nolint:nilerr // P224
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return "", err
	}
	s.PrivateKeyOpenssh = string(pem.EncodeToMemory(block))
	s.PublicKeyOpenssh = string(ssh.MarshalAuthorizedKey(sshPublic))
	s.PublicKeyFingerprintMd5 = ssh.FingerprintLegacyMD5(sshPublic)
	s.PublicKeyFingerprintSha256 = ssh.FingerprintSHA256(sshPublic)
	return id, nil
}

func toPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
