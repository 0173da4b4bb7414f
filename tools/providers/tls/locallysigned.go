package main

import (
	"context"
	"crypto/x509"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// LocallySignedCert is a certificate signed by a CA whose key is at hand.
type LocallySignedCert struct{}

// Annotate gives the type its name.
func (c *LocallySignedCert) Annotate(a infer.Annotator) {
	a.SetToken("index/locallySignedCert", "LocallySignedCert")
}

// LocallySignedCertArgs are its inputs; times are in hours.
type LocallySignedCertArgs struct {
	AllowedUses         []string `pulumi:"allowedUses"`
	CaCertPem           string   `pulumi:"caCertPem"`
	CaPrivateKeyPem     string   `pulumi:"caPrivateKeyPem" provider:"secret"`
	CertRequestPem      string   `pulumi:"certRequestPem"`
	EarlyRenewalHours   *int     `pulumi:"earlyRenewalHours,optional"`
	IsCaCertificate     *bool    `pulumi:"isCaCertificate,optional"`
	MaxPathLength       *int     `pulumi:"maxPathLength,optional"`
	SetSubjectKeyID     *bool    `pulumi:"setSubjectKeyId,optional"`
	ValidityPeriodHours int      `pulumi:"validityPeriodHours"`
}

// Annotate sets the defaults.
func (c *LocallySignedCertArgs) Annotate(a infer.Annotator) {
	a.SetDefault(&c.EarlyRenewalHours, 0)
	a.SetDefault(&c.IsCaCertificate, false)
	a.SetDefault(&c.MaxPathLength, -1)
	a.SetDefault(&c.SetSubjectKeyID, false)
}

// LocallySignedCertState is what the stack keeps of it.
type LocallySignedCertState struct {
	AllowedUses         []string `pulumi:"allowedUses"`
	CaCertPem           string   `pulumi:"caCertPem"`
	CaKeyAlgorithm      string   `pulumi:"caKeyAlgorithm"`
	CaPrivateKeyPem     string   `pulumi:"caPrivateKeyPem" provider:"secret"`
	CertPem             string   `pulumi:"certPem"`
	CertRequestPem      string   `pulumi:"certRequestPem"`
	EarlyRenewalHours   int      `pulumi:"earlyRenewalHours"`
	IsCaCertificate     bool     `pulumi:"isCaCertificate"`
	MaxPathLength       int      `pulumi:"maxPathLength"`
	ReadyForRenewal     bool     `pulumi:"readyForRenewal"`
	SetSubjectKeyID     bool     `pulumi:"setSubjectKeyId"`
	ValidityEndTime     string   `pulumi:"validityEndTime"`
	ValidityPeriodHours int      `pulumi:"validityPeriodHours"`
	ValidityStartTime   string   `pulumi:"validityStartTime"`
}

// Check refuses uses that do not exist and a validity of nothing.
func (*LocallySignedCert) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[LocallySignedCertArgs], error) {
	args, failures, err := infer.DefaultCheck[LocallySignedCertArgs](ctx, req.NewInputs)
	failures = append(failures, checkTerms(req, args.AllowedUses, args.ValidityPeriodHours)...)
	return infer.CheckResponse[LocallySignedCertArgs]{Inputs: args, Failures: failures}, err
}

// Create signs the certificate.
func (*LocallySignedCert) Create(
	_ context.Context, req infer.CreateRequest[LocallySignedCertArgs],
) (infer.CreateResponse[LocallySignedCertState], error) {
	state := LocallySignedCertState{}.with(req.Inputs)
	response := infer.CreateResponse[LocallySignedCertState]{Output: state}
	if req.DryRun {
		return response, nil
	}
	certificate, algorithm, err := state.sign()
	if err != nil {
		return response, err
	}
	response.ID = certificate.id
	response.Output.CertPem, response.Output.CaKeyAlgorithm = certificate.pem, algorithm
	response.Output.ValidityStartTime, response.Output.ValidityEndTime = certificate.start, certificate.end
	return response, nil
}

// Update only takes over when the certificate is to be renewed: everything else replaces it.
func (*LocallySignedCert) Update(
	_ context.Context, req infer.UpdateRequest[LocallySignedCertArgs, LocallySignedCertState],
) (infer.UpdateResponse[LocallySignedCertState], error) {
	return infer.UpdateResponse[LocallySignedCertState]{Output: req.State.with(req.Inputs)}, nil
}

// with returns the state with these inputs, which Check has completed.
func (s LocallySignedCertState) with(in LocallySignedCertArgs) LocallySignedCertState {
	s.AllowedUses, s.CaCertPem, s.CaPrivateKeyPem = in.AllowedUses, in.CaCertPem, in.CaPrivateKeyPem
	s.CertRequestPem, s.ValidityPeriodHours = in.CertRequestPem, in.ValidityPeriodHours
	s.EarlyRenewalHours, s.MaxPathLength = value(in.EarlyRenewalHours), value(in.MaxPathLength)
	s.IsCaCertificate, s.SetSubjectKeyID = value(in.IsCaCertificate), value(in.SetSubjectKeyID)
	return s
}

func (s LocallySignedCertState) sign() (issued, string, error) {
	request, err := parseRequest(s.CertRequestPem)
	if err != nil {
		return issued{}, "", err
	}
	ca, err := parseCertificate(s.CaCertPem)
	if err != nil {
		return issued{}, "", err
	}
	key, err := parseKey("caPrivateKeyPem", s.CaPrivateKeyPem)
	if err != nil {
		return issued{}, "", err
	}
	certificate, err := issue(&x509.Certificate{
		RawSubject: request.RawSubject, DNSNames: request.DNSNames, IPAddresses: request.IPAddresses, URIs: request.URIs,
	}, ca, request.PublicKey, key, terms{
		uses: s.AllowedUses, hours: s.ValidityPeriodHours, isCA: s.IsCaCertificate,
		maxPathLength: s.MaxPathLength, setSubjectKey: s.SetSubjectKeyID,
	})
	return certificate, algorithmOf(key.Public()), err
}
