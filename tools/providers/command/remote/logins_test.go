package remote

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// The one who dials for all may be called off; whoever waits for his connection then dials himself.
func TestAWaitingCommandOutlivesTheOneThatDials(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	connections := make(chan net.Conn)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections <- conn
		}
	}()
	port, limit := float64(listener.Addr().(*net.TCPAddr).Port), 0
	target := &Connection{Endpoint: Endpoint{Host: "127.0.0.1", Port: &port, DialErrorLimit: &limit}}
	logins := NewLogins(time.Minute, time.Minute)
	dial := func(ctx context.Context, ended chan<- error) {
		ended <- logins.run(ctx, target, func(*ssh.Session) error { return nil })
	}

	ctx, callOff := context.WithCancel(context.Background())
	first, second := make(chan error, 1), make(chan error, 1)
	go dial(ctx, first)
	silent := <-connections
	defer silent.Close()
	go dial(context.Background(), second)
	for logins.waiting(target.way()) < 2 {
		time.Sleep(time.Millisecond)
	}
	callOff()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the first ended with %v", err)
	}
	// Its own connection, which nobody took from it.
	select {
	case conn := <-connections:
		_ = conn.Close()
	case err := <-second:
		t.Fatalf("the second ended with %v, and dialled nobody", err)
	}
	if err := <-second; err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("the second ended with %v", err)
	}
}

func (l *Logins) waiting(by way) (sessions int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.ways[by] {
		sessions += one.sessions
	}
	return sessions
}
