// Package remote runs commands on and copies files to machines over SSH.
package remote

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Endpoint is one SSH server and how to log in there. Pointers are optional inputs; the defaults are set by Annotate.
type Endpoint struct {
	Host               string   `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional" provider:"secret"`
	PrivateKey         *string  `pulumi:"privateKey,optional" provider:"secret"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional" provider:"secret"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	HostKey            *string  `pulumi:"hostKey,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
}

// Annotate sets the defaults and descriptions of the schema.
func (e *Endpoint) Annotate(a infer.Annotator) {
	a.SetDefault(&e.Port, 22)
	a.SetDefault(&e.User, "root")
	a.SetDefault(&e.DialErrorLimit, 10)
	a.SetDefault(&e.PerDialTimeout, 15)
	a.Describe(&e.HostKey, "The server's public key in authorized_keys form. Without it any host key is accepted.")
	a.Describe(&e.DialErrorLimit, "How many failed dials are retried; -1 for ever.")
	a.Describe(&e.PerDialTimeout, "Seconds for one TCP connect; 0 for no limit.")
	a.Describe(&e.AgentSocketPath, "Socket of the SSH agent; SSH_AUTH_SOCK when absent. Not asked when there is a private key.")
}

// ProxyConnection is the bastion through which a Connection goes.
type ProxyConnection struct{ Endpoint }

// Connection is a machine, reached directly or through one bastion.
type Connection struct {
	Endpoint
	Proxy *ProxyConnection `pulumi:"proxy,optional"`
}

func (e *Endpoint) address() string {
	return net.JoinHostPort(e.Host, strconv.Itoa(int(valueOr(e.Port, 22))))
}

// login is what one Endpoint needs to shake hands; close releases the agent's socket.
type login struct {
	config *ssh.ClientConfig
	agent  io.Closer
}

func (l *login) close() {
	if l.agent != nil {
		_ = l.agent.Close()
	}
}

// login reads keys and the host key, and asks the agent. None of its errors is worth a retry.
func (e *Endpoint) login() (*login, error) {
	l := &login{config: &ssh.ClientConfig{
		User:            valueOr(e.User, "root"),
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // the official provider's behaviour without a hostKey
		Timeout:         time.Duration(valueOr(e.PerDialTimeout, 15)) * time.Second,
	}}
	if e.HostKey != nil {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*e.HostKey))
		if err != nil {
			return nil, fmt.Errorf("hostKey of %s is not a public key in authorized_keys form: %w", e.address(), err)
		}
		l.config.HostKeyCallback = ssh.FixedHostKey(key)
		l.config.HostKeyAlgorithms = []string{key.Type()}
	}
	if e.PrivateKey != nil {
		signer, err := parseKey(*e.PrivateKey, e.PrivateKeyPassword)
		if err != nil {
			return nil, fmt.Errorf("privateKey for %s: %w", e.address(), err)
		}
		l.config.Auth = append(l.config.Auth, ssh.PublicKeys(signer))
	}
	if e.Password != nil {
		l.config.Auth = append(l.config.Auth, ssh.Password(*e.Password), ssh.KeyboardInteractive(answerWith(*e.Password)))
	}
	return l, l.addAgent(e)
}

// addAgent adds the agent's keys, unless there is a private key: SSH tries only the first method of a kind.
func (l *login) addAgent(e *Endpoint) error {
	path := valueOr(e.AgentSocketPath, os.Getenv("SSH_AUTH_SOCK"))
	if path == "" || e.PrivateKey != nil {
		return nil
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		return fmt.Errorf("SSH agent at %s does not answer: %w; start it, or unset SSH_AUTH_SOCK", path, err)
	}
	l.agent = conn
	l.config.Auth = append(l.config.Auth, ssh.PublicKeysCallback(agent.NewClient(conn).Signers))
	return nil
}

func parseKey(pem string, password *string) (ssh.Signer, error) {
	if password != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(pem), []byte(*password))
	}
	return ssh.ParsePrivateKey([]byte(pem))
}

func answerWith(password string) ssh.KeyboardInteractiveChallenge {
	return func(_, _ string, questions []string, _ []bool) ([]string, error) {
		answers := make([]string, len(questions))
		for i := range answers {
			answers[i] = password
		}
		return answers, nil
	}
}

func valueOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
