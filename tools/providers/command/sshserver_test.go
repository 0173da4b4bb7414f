package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// sshServer is a real SSH server in this process: it runs commands with /bin/sh, takes files by SFTP and forwards TCP.
type sshServer struct {
	t        *testing.T
	config   *ssh.ServerConfig
	listener net.Listener
	hostKeys map[string]ssh.Signer // by type
	user     crypto.Signer         // the key that may log in
	userPEM  string                // marshalled once: that is not the same twice

	mu                        sync.Mutex
	accepted, open, authTried int
	served                    int // sessions
	conns                     []net.Conn
	acceptEnv                 bool
	mute                      int // up to this connection no session is opened, and none refused
	maxSessions               int // on a connection; 0 for any number
}

func newKey(t *testing.T, kind string) crypto.Signer {
	t.Helper()
	if kind == ssh.KeyAlgoED25519 {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newSigner(t *testing.T, key crypto.Signer) ssh.Signer {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// startSSH listens at once; startSSHLater leaves the port closed until listen is called.
func startSSH(t *testing.T) *sshServer {
	s := startSSHLater(t)
	s.listen("127.0.0.1:0")
	return s
}

func startSSHLater(t *testing.T) *sshServer {
	s := &sshServer{t: t, user: newKey(t, ssh.KeyAlgoED25519), hostKeys: map[string]ssh.Signer{}}
	block, err := ssh.MarshalPrivateKey(s.user, "")
	if err != nil {
		t.Fatal(err)
	}
	s.userPEM = string(pem.EncodeToMemory(block))
	allowed := newSigner(t, s.user).PublicKey().Marshal()
	s.config = &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			s.count(func() { s.authTried++ })
			if string(key.Marshal()) == string(allowed) {
				return nil, nil
			}
			return nil, errors.New("unknown key")
		},
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			s.count(func() { s.authTried++ })
			if string(password) == "right" {
				return nil, nil
			}
			return nil, errors.New("wrong password")
		},
	}
	for _, kind := range []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256} {
		s.hostKeys[kind] = newSigner(t, newKey(t, kind))
		s.config.AddHostKey(s.hostKeys[kind])
	}
	return s
}

func (s *sshServer) listen(address string) {
	var err error
	if s.listener, err = net.Listen("tcp", address); err != nil {
		s.t.Error(err)
		return
	}
	go func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			number := 0
			s.count(func() { s.accepted++; s.open++; s.conns = append(s.conns, conn); number = s.accepted })
			go s.serve(conn, number)
		}
	}()
	s.t.Cleanup(func() {
		_ = s.listener.Close()
		s.drop()
	})
}

func (s *sshServer) count(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// drop closes all connections.
func (s *sshServer) drop() {
	s.count(func() {
		for _, conn := range s.conns {
			_ = conn.Close()
		}
	})
}

// sessions returns how many there have been so far.
func (s *sshServer) sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// connections returns how many there have been so far.
func (s *sshServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// waitOpen waits until that many connections are open.
func (s *sshServer) waitOpen(want int) {
	s.t.Helper()
	for range 100 {
		open := 0
		s.count(func() { open = s.open })
		if open == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Errorf("%d connections stay open, want %d", s.open, want)
}

func (s *sshServer) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

func (s *sshServer) serve(conn net.Conn, number int) {
	defer s.count(func() { s.open-- })
	defer conn.Close()
	sshConn, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	var sessions atomic.Int32
	for channel := range channels {
		switch channel.ChannelType() {
		case "session":
			mute, most := 0, 0
			s.count(func() { mute, most = s.mute, s.maxSessions; s.served++ })
			if number <= mute {
				continue
			}
			if sessions.Add(1) > int32(most) && most > 0 {
				sessions.Add(-1)
				_ = channel.Reject(ssh.ResourceShortage, "too many sessions")
				continue
			}
			go func() {
				defer sessions.Add(-1)
				s.session(channel)
			}()
		case "direct-tcpip":
			go forward(channel)
		default:
			_ = channel.Reject(ssh.UnknownChannelType, "")
		}
	}
	_ = sshConn.Wait()
}

func forward(request ssh.NewChannel) {
	var target struct {
		Host       string
		Port       uint32
		Origin     string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(request.ExtraData(), &target)
	conn, err := net.Dial("tcp", net.JoinHostPort(target.Host, strconv.Itoa(int(target.Port))))
	if err != nil {
		_ = request.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := request.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(channel, conn); _ = channel.Close() }()
	_, _ = io.Copy(conn, channel)
	_ = conn.Close()
}

func (s *sshServer) session(request ssh.NewChannel) {
	channel, requests, err := request.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	env := os.Environ()
	for request := range requests {
		switch request.Type {
		case "env":
			var variable struct{ Name, Value string }
			_ = ssh.Unmarshal(request.Payload, &variable)
			env = append(env, variable.Name+"="+variable.Value)
			_ = request.Reply(s.acceptEnv, nil)
		case "subsystem":
			_ = request.Reply(true, nil)
			if server, err := sftp.NewServer(channel); err == nil {
				_ = server.Serve()
			}
			return
		case "exec":
			var command struct{ Line string }
			_ = ssh.Unmarshal(request.Payload, &command)
			_ = request.Reply(true, nil)
			status := execute(channel, command.Line, env)
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{status}))
			return
		}
	}
}

func execute(channel ssh.Channel, line string, env []string) uint32 {
	cmd := exec.Command("/bin/sh", "-c", line)
	cmd.Env = env
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 255
	}
	cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
	if err := cmd.Start(); err != nil {
		return 255
	}
	go func() { _, _ = io.Copy(stdin, channel); _ = stdin.Close() }()
	var exit *exec.ExitError
	if err := cmd.Wait(); errors.As(err, &exit) {
		return uint32(exit.ExitCode())
	}
	return 0
}
