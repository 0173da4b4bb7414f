package main

import (
	"crypto/x509/pkix"
	"encoding/asn1"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// emailAddress is PKCS #9's attribute (RFC 2985 §5.2.1), which Go's pkix.Name has no field for.
var emailAddress = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}

// Subject is whom a certificate is for.
type Subject struct {
	CommonName         *string  `pulumi:"commonName,optional"`
	Country            *string  `pulumi:"country,optional"`
	EmailAddress       *string  `pulumi:"emailAddress,optional"`
	Locality           *string  `pulumi:"locality,optional"`
	Organization       *string  `pulumi:"organization,optional"`
	OrganizationalUnit *string  `pulumi:"organizationalUnit,optional"`
	PostalCode         *string  `pulumi:"postalCode,optional"`
	Province           *string  `pulumi:"province,optional"`
	SerialNumber       *string  `pulumi:"serialNumber,optional"`
	StreetAddresses    []string `pulumi:"streetAddresses,optional"`
}

// Annotate gives the type its name.
func (s *Subject) Annotate(a infer.Annotator) { a.SetToken("index/subject", "Subject") }

func (s *Subject) name() pkix.Name {
	if s == nil {
		return pkix.Name{}
	}
	name := pkix.Name{
		Country:            list(s.Country),
		Locality:           list(s.Locality),
		Organization:       list(s.Organization),
		OrganizationalUnit: list(s.OrganizationalUnit),
		PostalCode:         list(s.PostalCode),
		Province:           list(s.Province),
		StreetAddress:      s.StreetAddresses,
	}
	if s.CommonName != nil {
		name.CommonName = *s.CommonName
	}
	if s.SerialNumber != nil {
		name.SerialNumber = *s.SerialNumber
	}
	if s.EmailAddress != nil {
		name.ExtraNames = []pkix.AttributeTypeAndValue{{Type: emailAddress, Value: *s.EmailAddress}}
	}
	return name
}

func list(value *string) []string {
	if value == nil {
		return nil
	}
	return []string{*value}
}
