package remote

import (
	"context"
	"fmt"
	"net"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"
)

// Pauses between dials: the first one, its growth and the longest.
const (
	firstPause   = 100 * time.Millisecond
	pauseGrowth  = 1.5
	longestPause = 5 * time.Second
)

// dialed is an open SSH connection with what has to be closed after it.
type dialed struct {
	*ssh.Client
	bastion *dialed
}

// Close ends the connection and the one to the bastion below it.
func (d *dialed) Close() error {
	err := d.Client.Close()
	if d.bastion != nil {
		_ = d.bastion.Close()
	}
	return err
}

// dial connects, by way of the bastion if there is one. Every error of connecting or shaking hands is retried alike, a wrong
// key too: the caller limits that by dialErrorLimit. It ends at once when ctx does.
func (c *Connection) dial(ctx context.Context) (*dialed, error) {
	if c.Proxy == nil {
		return c.Endpoint.dialOver(ctx, "Dial", (&net.Dialer{Timeout: c.connectTimeout()}).DialContext)
	}
	bastion, err := c.Proxy.dialOver(ctx, "Dial proxy", (&net.Dialer{Timeout: c.Proxy.connectTimeout()}).DialContext)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	target, err := c.Endpoint.dialOver(ctx, "Dial from proxy", bastion.DialContext)
	if err != nil {
		_ = bastion.Close()
		return nil, fmt.Errorf("through proxy %s: %w", c.Proxy.address(), err)
	}
	target.bastion = bastion
	return target, nil
}

func (e *Endpoint) connectTimeout() time.Duration {
	return time.Duration(valueOr(e.PerDialTimeout, 15)) * time.Second
}

type connect func(ctx context.Context, network, address string) (net.Conn, error)

func (e *Endpoint) dialOver(ctx context.Context, what string, connect connect) (*dialed, error) {
	login, err := e.login()
	if err != nil {
		return nil, err
	}
	defer login.close()
	limit := valueOr(e.DialErrorLimit, 10)
	pause := firstPause
	for failures := 0; ; {
		client, err := handshake(ctx, connect, e.address(), login.config)
		if err == nil {
			return &dialed{Client: client}, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if limit >= 0 && failures >= limit {
			return nil, fmt.Errorf("after %d failed attempts: %w", failures, err)
		}
		failures++
		p.GetLogger(ctx).InfoStatusf("%s %d/%s failed: retrying", what, failures, limitText(limit))
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(time.Duration(float64(pause)*pauseGrowth), longestPause)
	}
}

func limitText(limit int) string {
	if limit < 0 {
		return "inf"
	}
	return fmt.Sprint(limit)
}

// handshake makes one connection. As in the official provider its time limit covers the TCP connect alone: a server that
// accepts and stays silent is waited for until ctx ends.
func handshake(ctx context.Context, connect connect, address string, config *ssh.ClientConfig) (*ssh.Client, error) {
	conn, err := connect(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	sshConn, channels, requests, err := ssh.NewClientConn(conn, address, config)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return ssh.NewClient(sshConn, channels, requests), nil
}
