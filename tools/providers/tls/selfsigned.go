package main

import (
	"context"
	"crypto/x509"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// SelfSignedCert is a certificate signed by its own key.
type SelfSignedCert struct{}

// Annotate gives the type its name.
func (c *SelfSignedCert) Annotate(a infer.Annotator) {
	a.SetToken("index/selfSignedCert", "SelfSignedCert")
}

// SelfSignedCertArgs are its inputs; times are in hours.
type SelfSignedCertArgs struct {
	AllowedUses         []string `pulumi:"allowedUses"`
	DNSNames            []string `pulumi:"dnsNames,optional"`
	EarlyRenewalHours   *int     `pulumi:"earlyRenewalHours,optional"`
	IPAddresses         []string `pulumi:"ipAddresses,optional"`
	IsCaCertificate     *bool    `pulumi:"isCaCertificate,optional"`
	MaxPathLength       *int     `pulumi:"maxPathLength,optional"`
	PrivateKeyPem       string   `pulumi:"privateKeyPem" provider:"secret"`
	SetAuthorityKeyID   *bool    `pulumi:"setAuthorityKeyId,optional"`
	SetSubjectKeyID     *bool    `pulumi:"setSubjectKeyId,optional"`
	Subject             *Subject `pulumi:"subject,optional"`
	URIs                []string `pulumi:"uris,optional"`
	ValidityPeriodHours int      `pulumi:"validityPeriodHours"`
}

// Annotate sets the defaults.
func (c *SelfSignedCertArgs) Annotate(a infer.Annotator) {
	a.SetDefault(&c.EarlyRenewalHours, 0)
	a.SetDefault(&c.IsCaCertificate, false)
	a.SetDefault(&c.MaxPathLength, -1)
	a.SetDefault(&c.SetAuthorityKeyID, false)
	a.SetDefault(&c.SetSubjectKeyID, false)
}

// SelfSignedCertState is what the stack keeps of it.
type SelfSignedCertState struct {
	AllowedUses         []string `pulumi:"allowedUses"`
	DNSNames            []string `pulumi:"dnsNames,optional"`
	EarlyRenewalHours   int      `pulumi:"earlyRenewalHours"`
	IPAddresses         []string `pulumi:"ipAddresses,optional"`
	IsCaCertificate     bool     `pulumi:"isCaCertificate"`
	MaxPathLength       int      `pulumi:"maxPathLength"`
	PrivateKeyPem       string   `pulumi:"privateKeyPem" provider:"secret"`
	SetAuthorityKeyID   bool     `pulumi:"setAuthorityKeyId"`
	SetSubjectKeyID     bool     `pulumi:"setSubjectKeyId"`
	Subject             *Subject `pulumi:"subject,optional"`
	URIs                []string `pulumi:"uris,optional"`
	ValidityPeriodHours int      `pulumi:"validityPeriodHours"`
	CertPem             string   `pulumi:"certPem"`
	KeyAlgorithm        string   `pulumi:"keyAlgorithm"`
	ReadyForRenewal     bool     `pulumi:"readyForRenewal"`
	ValidityEndTime     string   `pulumi:"validityEndTime"`
	ValidityStartTime   string   `pulumi:"validityStartTime"`
}

// Check refuses uses that do not exist and a validity of nothing.
func (*SelfSignedCert) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[SelfSignedCertArgs], error) {
	args, failures, err := infer.DefaultCheck[SelfSignedCertArgs](ctx, req.NewInputs)
	failures = append(failures, checkTerms(req, args.AllowedUses, args.ValidityPeriodHours)...)
	return infer.CheckResponse[SelfSignedCertArgs]{Inputs: args, Failures: failures}, err
}

// Create signs the certificate.
func (*SelfSignedCert) Create(
	_ context.Context, req infer.CreateRequest[SelfSignedCertArgs],
) (infer.CreateResponse[SelfSignedCertState], error) {
	state := SelfSignedCertState{}.with(req.Inputs)
	response := infer.CreateResponse[SelfSignedCertState]{Output: state}
	if req.DryRun {
		return response, nil
	}
	certificate, algorithm, err := state.sign()
	if err != nil {
		return response, err
	}
	response.ID = certificate.id
	response.Output.CertPem, response.Output.KeyAlgorithm = certificate.pem, algorithm
	response.Output.ValidityStartTime, response.Output.ValidityEndTime = certificate.start, certificate.end
	return response, nil
}

// Update only takes over when the certificate is to be renewed: everything else replaces it.
func (*SelfSignedCert) Update(
	_ context.Context, req infer.UpdateRequest[SelfSignedCertArgs, SelfSignedCertState],
) (infer.UpdateResponse[SelfSignedCertState], error) {
	return infer.UpdateResponse[SelfSignedCertState]{Output: req.State.with(req.Inputs)}, nil
}

// with returns the state with these inputs, which Check has completed.
func (s SelfSignedCertState) with(in SelfSignedCertArgs) SelfSignedCertState {
	s.AllowedUses, s.DNSNames, s.IPAddresses, s.URIs = in.AllowedUses, in.DNSNames, in.IPAddresses, in.URIs
	s.PrivateKeyPem, s.Subject, s.ValidityPeriodHours = in.PrivateKeyPem, in.Subject, in.ValidityPeriodHours
	s.EarlyRenewalHours, s.MaxPathLength = value(in.EarlyRenewalHours), value(in.MaxPathLength)
	s.IsCaCertificate = value(in.IsCaCertificate)
	s.SetAuthorityKeyID, s.SetSubjectKeyID = value(in.SetAuthorityKeyID), value(in.SetSubjectKeyID)
	return s
}

func (s SelfSignedCertState) sign() (issued, string, error) {
	key, err := parseKey("privateKeyPem", s.PrivateKeyPem)
	if err != nil {
		return issued{}, "", err
	}
	addresses, err := parseAddresses(s.IPAddresses)
	if err != nil {
		return issued{}, "", err
	}
	uris, err := parseURIs(s.URIs)
	if err != nil {
		return issued{}, "", err
	}
	template := &x509.Certificate{
		Subject: s.Subject.name(), DNSNames: s.DNSNames, IPAddresses: addresses, URIs: uris,
	}
	if s.SetAuthorityKeyID {
		if template.AuthorityKeyId, err = subjectKeyID(key.Public()); err != nil {
			return issued{}, "", err
		}
	}
	certificate, err := issue(template, nil, key.Public(), key, terms{
		uses: s.AllowedUses, hours: s.ValidityPeriodHours, isCA: s.IsCaCertificate,
		maxPathLength: s.MaxPathLength, setSubjectKey: s.SetSubjectKeyID,
	})
	return certificate, algorithmOf(key.Public()), err
}

// value returns what a pointer points at, or nothing.
func value[T any](pointer *T) T {
	if pointer == nil {
		var zero T
		return zero
	}
	return *pointer
}
