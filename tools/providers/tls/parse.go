package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"

	"golang.org/x/crypto/ssh"
)

// parseKey reads a private key in any of the forms that PrivateKey has; what is the input's name, for errors.
func parseKey(what, text string) (crypto.Signer, error) {
	raw, err := ssh.ParseRawPrivateKey([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if pointer, ok := raw.(*ed25519.PrivateKey); ok {
		return *pointer, nil
	}
	key, ok := raw.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s is of a kind (%T) that cannot sign", what, raw)
	}
	return key, nil
}

// algorithmOf names a key as PrivateKey does.
func algorithmOf(public crypto.PublicKey) string {
	switch public.(type) {
	case *rsa.PublicKey:
		return "RSA"
	case *ecdsa.PublicKey:
		return "ECDSA"
	case ed25519.PublicKey:
		return "ED25519"
	}
	return fmt.Sprintf("%T", public)
}

func decodePEM(what, kind, text string) ([]byte, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("%s holds no PEM block %q", what, kind)
	}
	return block.Bytes, nil
}

func parseRequest(text string) (*x509.CertificateRequest, error) {
	der, err := decodePEM("certRequestPem", "CERTIFICATE REQUEST", text)
	if err != nil {
		return nil, err
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fmt.Errorf("certRequestPem: %w", err)
	}
	if err := request.CheckSignature(); err != nil {
		return nil, fmt.Errorf("certRequestPem: %w", err)
	}
	return request, nil
}

func parseCertificate(text string) (*x509.Certificate, error) {
	der, err := decodePEM("caCertPem", "CERTIFICATE", text)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("caCertPem: %w", err)
	}
	return certificate, nil
}

func parseAddresses(texts []string) ([]net.IP, error) {
	var addresses []net.IP
	for _, text := range texts {
		address := net.ParseIP(text)
		if address == nil {
			return nil, fmt.Errorf("ipAddresses: %q is not an IP address", text)
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

func parseURIs(texts []string) ([]*url.URL, error) {
	var uris []*url.URL
	for _, text := range texts {
		uri, err := url.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("uris: %w", err)
		}
		uris = append(uris, uri)
	}
	return uris, nil
}
