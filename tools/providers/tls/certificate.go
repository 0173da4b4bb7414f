package main

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the subject key id of RFC 5280 §4.2.1.2; nothing rests on it
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

var keyUses = map[string]x509.KeyUsage{
	"cert_signing":       x509.KeyUsageCertSign,
	"content_commitment": x509.KeyUsageContentCommitment,
	"crl_signing":        x509.KeyUsageCRLSign,
	"data_encipherment":  x509.KeyUsageDataEncipherment,
	"decipher_only":      x509.KeyUsageDecipherOnly,
	"digital_signature":  x509.KeyUsageDigitalSignature,
	"encipher_only":      x509.KeyUsageEncipherOnly,
	"key_agreement":      x509.KeyUsageKeyAgreement,
	"key_encipherment":   x509.KeyUsageKeyEncipherment,
}

var extendedUses = map[string]x509.ExtKeyUsage{
	"any_extended":                      x509.ExtKeyUsageAny,
	"client_auth":                       x509.ExtKeyUsageClientAuth,
	"code_signing":                      x509.ExtKeyUsageCodeSigning,
	"email_protection":                  x509.ExtKeyUsageEmailProtection,
	"ipsec_end_system":                  x509.ExtKeyUsageIPSECEndSystem,
	"ipsec_tunnel":                      x509.ExtKeyUsageIPSECTunnel,
	"ipsec_user":                        x509.ExtKeyUsageIPSECUser,
	"microsoft_commercial_code_signing": x509.ExtKeyUsageMicrosoftCommercialCodeSigning,
	"microsoft_kernel_code_signing":     x509.ExtKeyUsageMicrosoftKernelCodeSigning,
	"microsoft_server_gated_crypto":     x509.ExtKeyUsageMicrosoftServerGatedCrypto,
	"netscape_server_gated_crypto":      x509.ExtKeyUsageNetscapeServerGatedCrypto,
	"ocsp_signing":                      x509.ExtKeyUsageOCSPSigning,
	"server_auth":                       x509.ExtKeyUsageServerAuth,
	"timestamping":                      x509.ExtKeyUsageTimeStamping,
}

// terms are what a certificate allows and for how long.
type terms struct {
	uses          []string
	hours         int
	isCA          bool
	maxPathLength int // -1: no limit
	setSubjectKey bool
}

// issued is a finished certificate with what the state says of it; times in RFC 3339.
type issued struct {
	id, pem, start, end string
}

// issue completes the template by the terms and signs it. A nil parent means that it signs itself.
func issue(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer, t terms) (issued, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return issued{}, err
	}
	template.SerialNumber = serial
	template.NotBefore = now().UTC().Truncate(time.Second)
	template.NotAfter = template.NotBefore.Add(time.Duration(t.hours) * time.Hour)
	template.BasicConstraintsValid = true
	template.IsCA = t.isCA
	if t.isCA && t.maxPathLength >= 0 {
		template.MaxPathLen, template.MaxPathLenZero = t.maxPathLength, t.maxPathLength == 0
	}
	for _, use := range t.uses {
		template.KeyUsage |= keyUses[use]
		if extended, ok := extendedUses[use]; ok {
			template.ExtKeyUsage = append(template.ExtKeyUsage, extended)
		}
	}
	if t.isCA || t.setSubjectKey {
		if template.SubjectKeyId, err = subjectKeyID(public); err != nil {
			return issued{}, err
		}
	}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return issued{}, err
	}
	return issued{
		id:    serial.String(),
		pem:   toPEM("CERTIFICATE", der),
		start: template.NotBefore.Format(time.RFC3339),
		end:   template.NotAfter.Format(time.RFC3339),
	}, nil
}

// subjectKeyID is the SHA-1 of the public key's bit string, method 1 of RFC 5280 §4.2.1.2.
func subjectKeyID(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, err
	}
	sum := sha1.Sum(info.Key.Bytes) //nolint:gosec // see the import
	return sum[:], nil
}

// checkTerms refuses uses that do not exist and a validity of nothing.
func checkTerms(req infer.CheckRequest, uses []string, hours int) []p.CheckFailure {
	var failures []p.CheckFailure
	for _, use := range uses {
		_, isKeyUse := keyUses[use]
		_, isExtended := extendedUses[use]
		if !isKeyUse && !isExtended && use != "" { // "" is one that the preview does not know yet
			known := slices.Sorted(maps.Keys(keyUses))
			known = append(known, slices.Sorted(maps.Keys(extendedUses))...)
			failures = append(failures, p.CheckFailure{
				Property: "allowedUses", Reason: fmt.Sprintf("%q is none of %s", use, strings.Join(known, ", ")),
			})
		}
	}
	if hours < 0 || hours == 0 && !req.NewInputs.Get("validityPeriodHours").IsComputed() {
		failures = append(failures, p.CheckFailure{
			Property: "validityPeriodHours", Reason: fmt.Sprintf("must be at least 1, not %d", hours),
		})
	}
	return failures
}
