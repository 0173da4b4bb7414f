package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"sovereign-edge/providers/command/remote"
	"sovereign-edge/providers/plugin/plugintest"
)

const remoteCommand = "command:remote:Command"

type inputs = map[string]any

// with returns the inputs with some changed; nil removes one.
func with(base inputs, changes inputs) inputs {
	all := inputs{}
	for name, value := range base {
		all[name] = value
	}
	for name, value := range changes {
		if value == nil {
			delete(all, name)
			continue
		}
		all[name] = value
	}
	return all
}

func (s *sshServer) connection() inputs {
	return inputs{
		"host": "127.0.0.1", "port": float64(s.port()), "user": "somebody", "hostKey": s.hostKey(ssh.KeyAlgoED25519),
		"privateKey": s.userPEM, "dialErrorLimit": 0, "perDialTimeout": 2,
	}
}

func (s *sshServer) hostKey(kind string) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.hostKeys[kind].PublicKey())))
}

func setUp(t *testing.T) (*plugintest.Engine, *sshServer) {
	t.Setenv("SSH_AUTH_SOCK", "")
	return start(t, 50*time.Millisecond), startSSH(t)
}

// start serves a provider that keeps connections for that long.
func start(t *testing.T, rest time.Duration) *plugintest.Engine {
	return plugintest.Start(t, "command", provider(remote.NewLogins(rest, 500*time.Millisecond)))
}

func TestRunsAndClosesAConnectionThatRests(t *testing.T) {
	engine, server := setUp(t)
	made := engine.MustNew(remoteCommand, inputs{
		"connection": server.connection(), "create": "cat; echo; echo oops >&2", "stdin": "given\n",
	})
	if got := made.Text("stdout"); got != "given\n" {
		t.Errorf("stdout %q: exactly one newline is to be trimmed", got)
	}
	if got := made.Text("stderr"); got != "oops" {
		t.Errorf("stderr %q", got)
	}
	server.waitOpen(0)
}

func TestPreviewDialsNothing(t *testing.T) {
	engine, server := setUp(t)
	args := inputs{"connection": server.connection(), "create": "echo done"}
	made, err := engine.PreviewNew(remoteCommand, args)
	if err != nil {
		t.Fatal(err)
	}
	if !made.State.Get("stdout").IsComputed() {
		t.Errorf("stdout is %v, and not unknown", made.State.Get("stdout"))
	}
	if dialed := server.connections(); dialed != 0 {
		t.Errorf("%d connections in a preview", dialed)
	}
}

func TestFailureTellsCommandAndOutput(t *testing.T) {
	engine, server := setUp(t)
	_, err := engine.New(remoteCommand, inputs{
		"connection": server.connection(), "create": "echo one; echo two >&2; exit 75",
	})
	if err == nil {
		t.Fatal("no error")
	}
	want := "Process exited with status 75: running \"echo one; echo two >&2; exit 75\":\n"
	if !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "one\n") || !strings.Contains(err.Error(), "two\n") {
		t.Errorf("got %q", err)
	}
	server.waitOpen(0)
}

func TestUpdateRunsUpdateElseCreate(t *testing.T) {
	engine, server := setUp(t)
	args := inputs{"connection": server.connection(), "create": "echo created $(cat)", "stdin": "1"}
	made := engine.MustNew(remoteCommand, args)
	for _, step := range []struct {
		change inputs
		stdout string
	}{
		{inputs{"stdin": "2"}, "created 2"},
		{inputs{"update": "echo updated"}, "updated"},
		{inputs{"update": nil, "create": nil}, "updated"},
	} {
		args = with(args, step.change)
		var err error
		if made, err = engine.Changed(made, args); err != nil {
			t.Fatal(err)
		}
		if got := made.Text("stdout"); got != step.stdout {
			t.Errorf("after %v stdout is %q, want %q", step.change, got, step.stdout)
		}
	}
	if made, err := engine.Changed(made, with(args, inputs{"create": "false"})); err == nil {
		t.Errorf("a failed update must say so, state %v", made.State)
	}
}

func TestPreviousOutputInEnvironment(t *testing.T) {
	engine, server := setUp(t)
	args := inputs{"connection": server.connection(), "create": "echo \"before: $PULUMI_COMMAND_STDOUT\""}
	for _, step := range []struct {
		accept bool
		add    any // absent means yes
		want   string
	}{{true, nil, "before: before:"}, {true, false, "before:"}, {false, true, "before: before:"}} {
		server.acceptEnv = step.accept
		made := engine.MustNew(remoteCommand, args)
		made, err := engine.Changed(made, with(args, inputs{"addPreviousOutputInEnv": step.add, "stdin": "x"}))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(made.Text("stdout")); got != step.want {
			t.Errorf("%+v: %q", step, got)
		}
	}
	server.acceptEnv = false
	_, err := engine.New(remoteCommand, with(args, inputs{"environment": inputs{"NAME": "x"}}))
	if err == nil || !strings.Contains(err.Error(), `could not set environment variable "NAME"`) {
		t.Errorf("got %v", err)
	}
}

func TestDeleteRunsWhatTheStateSays(t *testing.T) {
	engine, server := setUp(t)
	file := filepath.Join(t.TempDir(), "gone")
	made := engine.MustNew(remoteCommand, inputs{
		"connection": server.connection(), "create": "touch " + file, "delete": "rm " + file,
	})
	if err := engine.Gone(made); err != nil {
		t.Fatal(err)
	}
	if err := engine.Gone(made); err == nil {
		t.Error("the second delete had nothing to remove and must fail")
	}
}

func TestHostKey(t *testing.T) {
	engine, server := setUp(t)
	other := newSigner(t, newKey(t, ssh.KeyAlgoED25519)).PublicKey()
	for name, test := range map[string]struct {
		key  any
		want string
	}{
		"ed25519":          {server.hostKey(ssh.KeyAlgoED25519), ""},
		"of a second type": {server.hostKey(ssh.KeyAlgoECDSA256), ""},
		"absent":           {nil, ""},
		"wrong":            {string(ssh.MarshalAuthorizedKey(other)), "after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch"},
		"nonsense":         {"nonsense", "is not a public key in authorized_keys form"},
	} {
		t.Run(name, func(t *testing.T) {
			server.count(func() { server.authTried = 0 })
			connection := with(server.connection(), inputs{"hostKey": test.key})
			_, err := engine.New(remoteCommand, inputs{"connection": connection, "create": "true"})
			if fmt.Sprint(err) != test.want && (err == nil || test.want == "" || !strings.Contains(err.Error(), test.want)) {
				if err != nil || test.want != "" {
					t.Errorf("got %v, want %q", err, test.want)
				}
			}
			if test.want != "" && server.authTried > 0 {
				t.Error("authentication was tried with a host of another key")
			}
		})
	}
}

func TestDialsAgainUntilItAnswers(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	engine, server := start(t, time.Minute), startSSHLater(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	server.listener = closed
	connection := with(server.connection(), inputs{"dialErrorLimit": 10})
	_ = closed.Close()

	refused := with(connection, inputs{"dialErrorLimit": 2})
	start := time.Now()
	_, err = engine.New(remoteCommand, inputs{"connection": refused, "create": "true"})
	if err == nil || !strings.HasPrefix(err.Error(), "after 2 failed attempts: dial tcp") {
		t.Errorf("got %v", err)
	}
	if waited := time.Since(start); waited < 250*time.Millisecond || waited > 2*time.Second {
		t.Errorf("two pauses of 100 and 150 ms took %v", waited)
	}

	go func() {
		time.Sleep(300 * time.Millisecond)
		server.listen(address)
	}()
	if _, err := engine.New(remoteCommand, inputs{"connection": connection, "create": "true"}); err != nil {
		t.Error(err)
	}
}

func TestDiff(t *testing.T) {
	engine, server := setUp(t)
	args := inputs{
		"connection": plugintest.Secret(server.connection()), "create": "true", "stdin": plugintest.Secret("hidden"),
		"triggers": []any{"a"}, "environment": nil,
	}
	delete(args, "environment")
	made := engine.MustNew(remoteCommand, args)
	if !made.State.Get("connection").Secret() || !made.State.Get("stdin").Secret() {
		t.Error("a secret input is plain in the state")
	}
	if diff := engine.Changes(made, args); diff.HasChanges {
		t.Errorf("nothing changed, but %v", diff.DetailedDiff)
	}
	updates := inputs{
		"create": "echo", "stdin": plugintest.Secret("other"), "logging": "none", "delete": "true", "addPreviousOutputInEnv": false,
		"connection": plugintest.Secret(with(server.connection(), inputs{"user": "other"})),
	}
	for name, value := range updates {
		diff := engine.Changes(made, with(args, inputs{name: value}))
		if !diff.HasChanges {
			t.Errorf("no change by %s", name)
		}
		for path, change := range diff.DetailedDiff {
			if change.Kind == p.AddReplace || change.Kind == p.UpdateReplace || change.Kind == p.DeleteReplace {
				t.Errorf("%s replaces (%s)", name, path)
			}
		}
	}
	diff := engine.Changes(made, with(args, inputs{"triggers": nil}))
	if diff.DetailedDiff["triggers"].Kind != p.DeleteReplace {
		t.Errorf("triggers taken away: %v", diff.DetailedDiff)
	}
}

func TestDefaults(t *testing.T) {
	engine := start(t, time.Minute)
	checked, err := engine.Checked(remoteCommand, inputs{"connection": inputs{"host": "h", "proxy": inputs{"host": "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"connection", "proxy"} {
		endpoint := checked.Get("connection").AsMap()
		if place == "proxy" {
			endpoint = endpoint.Get("proxy").AsMap()
		}
		if endpoint.Get("port").AsNumber() != 22 || endpoint.Get("user").AsString() != "root" ||
			endpoint.Get("dialErrorLimit").AsNumber() != 10 || endpoint.Get("perDialTimeout").AsNumber() != 15 {
			t.Errorf("%s: %v", place, endpoint)
		}
	}
	if !checked.Get("connection").Secret() {
		t.Error("the connection is not secret")
	}
}

func TestEndlessLineDoesNotHang(t *testing.T) {
	engine, server := setUp(t)
	made := engine.MustNew(remoteCommand, inputs{
		"connection": server.connection(), "create": "head -c 300000 /dev/zero | tr '\\0' x",
	})
	if got := len(made.Text("stdout")); got != 300000 {
		t.Errorf("%d bytes of output", got)
	}
}

func TestUnreadStdinIsNoFailure(t *testing.T) {
	engine, server := setUp(t)
	engine.MustNew(remoteCommand, inputs{
		"connection": server.connection(), "create": "exec <&-; true", "stdin": strings.Repeat("x", 5<<20),
	})
}

func TestCancelEndsASession(t *testing.T) {
	engine, server := setUp(t)
	ended := make(chan error, 1)
	go func() {
		_, err := engine.New(remoteCommand, inputs{"connection": server.connection(), "create": "sleep 20"})
		ended <- err
	}()
	server.waitOpen(1)
	time.Sleep(100 * time.Millisecond)
	if err := engine.Cancel(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "context canceled") {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the session goes on")
	}
}

func TestCancelEndsASilentServer(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	engine := start(t, time.Minute)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	ended := make(chan error, 1)
	go func() {
		port := float64(silent.Addr().(*net.TCPAddr).Port)
		_, err := engine.New(remoteCommand, inputs{
			"connection": inputs{"host": "127.0.0.1", "port": port, "password": "x"}, "create": "true",
		})
		ended <- err
	}()
	time.Sleep(200 * time.Millisecond)
	_ = engine.Cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(5 * time.Second):
		t.Error("the dial goes on")
	}
}

func TestWaysToLogIn(t *testing.T) {
	engine, server := setUp(t)
	encrypted, err := ssh.MarshalPrivateKeyWithPassphrase(server.user, "", []byte("phrase"))
	if err != nil {
		t.Fatal(err)
	}
	socket := startAgent(t, server.user)
	bare := with(server.connection(), inputs{"privateKey": nil})
	for name, connection := range map[string]inputs{
		"password":                     with(bare, inputs{"password": "right"}),
		"agent by path":                with(bare, inputs{"agentSocketPath": socket}),
		"key with a password":          with(bare, inputs{"privateKey": string(pem.EncodeToMemory(encrypted)), "privateKeyPassword": "phrase"}),
		"key although the agent is no": with(server.connection(), inputs{"agentSocketPath": socket + ".gone"}),
	} {
		if _, err := engine.New(remoteCommand, inputs{"connection": connection, "create": "true"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, connection := range map[string]inputs{
		"unable to authenticate": with(bare, inputs{"password": "wrong"}),
		"does not answer":        with(bare, inputs{"agentSocketPath": socket + ".gone"}),
	} {
		_, err := engine.New(remoteCommand, inputs{"connection": connection, "create": "true"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	t.Setenv("SSH_AUTH_SOCK", socket)
	if _, err := engine.New(remoteCommand, inputs{"connection": bare, "create": "true"}); err != nil {
		t.Errorf("agent by SSH_AUTH_SOCK: %v", err)
	}
}

func startAgent(t *testing.T, key any) string {
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			go func() { _ = agent.ServeAgent(keys, conn) }()
		}
	}()
	return socket
}

func TestThroughABastion(t *testing.T) {
	engine, server := setUp(t)
	bastion := startSSH(t)
	connection := with(server.connection(), inputs{"proxy": bastion.connection()})
	made := engine.MustNew(remoteCommand, inputs{"connection": connection, "create": "echo there"})
	if made.Text("stdout") != "there" || bastion.connections() != 1 || server.connections() != 1 {
		t.Errorf("stdout %q, %d and %d connections", made.Text("stdout"), bastion.connections(), server.connections())
	}
	server.waitOpen(0)
	bastion.waitOpen(0)
	wrong := with(bastion.connection(), inputs{"hostKey": server.hostKey(ssh.KeyAlgoED25519)})
	_, err := engine.New(remoteCommand, inputs{"connection": with(connection, inputs{"proxy": wrong}), "create": "true"})
	if err == nil || !strings.HasPrefix(err.Error(), "proxy: ") {
		t.Errorf("got %v", err)
	}
}
