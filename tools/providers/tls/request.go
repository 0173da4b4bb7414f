package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// CertRequest asks a CA for a certificate of a key.
type CertRequest struct{}

// Annotate gives the type its name.
func (r *CertRequest) Annotate(a infer.Annotator) { a.SetToken("index/certRequest", "CertRequest") }

// CertRequestArgs are its inputs.
type CertRequestArgs struct {
	PrivateKeyPem string   `pulumi:"privateKeyPem" provider:"secret"`
	Subject       *Subject `pulumi:"subject,optional"`
	DNSNames      []string `pulumi:"dnsNames,optional"`
	IPAddresses   []string `pulumi:"ipAddresses,optional"`
	URIs          []string `pulumi:"uris,optional"`
}

// CertRequestState is what the stack keeps of it.
type CertRequestState struct {
	CertRequestArgs
	CertRequestPem string `pulumi:"certRequestPem"`
	KeyAlgorithm   string `pulumi:"keyAlgorithm"`
}

// Create makes the request.
func (*CertRequest) Create(
	_ context.Context, req infer.CreateRequest[CertRequestArgs],
) (infer.CreateResponse[CertRequestState], error) {
	response := infer.CreateResponse[CertRequestState]{Output: CertRequestState{CertRequestArgs: req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	key, err := parseKey("privateKeyPem", req.Inputs.PrivateKeyPem)
	if err != nil {
		return response, err
	}
	addresses, err := parseAddresses(req.Inputs.IPAddresses)
	if err != nil {
		return response, err
	}
	uris, err := parseURIs(req.Inputs.URIs)
	if err != nil {
		return response, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: req.Inputs.Subject.name(), DNSNames: req.Inputs.DNSNames, IPAddresses: addresses, URIs: uris,
	}, key)
	if err != nil {
		return response, err
	}
	response.Output.CertRequestPem = toPEM("CERTIFICATE REQUEST", der)
	response.Output.KeyAlgorithm = algorithmOf(key.Public())
	response.ID, err = resource.NewUniqueHex("", 20, 0)
	return response, err
}
