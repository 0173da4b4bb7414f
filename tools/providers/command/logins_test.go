package main

import (
	"sync"
	"testing"
	"time"

	"sovereign-edge/providers/plugin/plugintest"
)

// sharing is a provider that keeps its connections for the whole test.
func sharing(t *testing.T) (*plugintest.Engine, *sshServer) {
	t.Setenv("SSH_AUTH_SOCK", "")
	return start(t, time.Minute), startSSH(t)
}

// runs has that many commands run at once, and returns what they failed with.
func runs(engine *plugintest.Engine, server *sshServer, count int, create string) []error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var failures []error
	for range count {
		all.Add(1)
		go func() {
			defer all.Done()
			_, err := engine.New(remoteCommand, inputs{"connection": server.connection(), "create": create})
			if err != nil {
				mu.Lock()
				failures = append(failures, err)
				mu.Unlock()
			}
		}()
	}
	all.Wait()
	return failures
}

func (s *sshServer) wantConnections(want int) {
	s.t.Helper()
	if got := s.connections(); got != want {
		s.t.Errorf("%d connections, want %d", got, want)
	}
}

func TestCommandsAndCopiesShareALogin(t *testing.T) {
	engine, server := sharing(t)
	args := inputs{"connection": server.connection(), "source": textAsset(t, "x"), "remotePath": t.TempDir() + "/x"}
	engine.MustNew(copyToRemote, args)
	for range 3 {
		if failures := runs(engine, server, 4, "sleep 0.1"); failures != nil {
			t.Error(failures)
		}
	}
	server.wantConnections(1)
}

func TestAnotherUserLogsInForHimself(t *testing.T) {
	engine, server := sharing(t)
	for _, user := range []string{"one", "two", "one"} {
		connection := with(server.connection(), inputs{"user": user})
		engine.MustNew(remoteCommand, inputs{"connection": connection, "create": "true"})
	}
	server.wantConnections(2)
}

// What waits to be confirmed ends with 75, and is run again: that must not come over a connection that was there before.
func TestAfterAFailureOldConnectionsAreUsedNoMore(t *testing.T) {
	engine, server := sharing(t)
	marks := t.TempDir()
	ended := make(chan []error, 2)
	// One connection more than fit on the first: a second one is open before the change.
	go func() { ended <- runs(engine, server, 8, "until [ -e "+marks+"/end ]; do sleep 0.02; done") }()
	go func() {
		_, err := engine.New(remoteCommand, inputs{
			"connection": server.connection(),
			"create":     "until [ -e " + marks + "/swap ]; do sleep 0.02; done; exit 75",
		})
		ended <- []error{err}
	}()
	server.waitOpen(2)
	write(t, marks+"/swap", "")
	if failure := <-ended; failure[0] == nil {
		t.Error("no failure")
	}
	for range 2 {
		engine.MustNew(remoteCommand, inputs{"connection": server.connection(), "create": "true"})
	}
	server.wantConnections(3)
	write(t, marks+"/end", "")
	if failures := <-ended; failures != nil {
		t.Errorf("others on the old connections were disturbed: %v", failures)
	}
	server.waitOpen(1)
}

func TestADeadConnectionIsDialledAgain(t *testing.T) {
	engine, server := sharing(t)
	for range 2 {
		if failures := runs(engine, server, 1, "true"); failures != nil {
			t.Error(failures)
		}
		server.drop()
		server.waitOpen(0)
	}
	server.wantConnections(2)
}

func TestAConnectionThatFellSilentIsDialledAgain(t *testing.T) {
	engine, server := sharing(t)
	for range 2 {
		if failures := runs(engine, server, 1, "true"); failures != nil {
			t.Error(failures)
		}
		server.count(func() { server.mute = server.accepted })
	}
	server.wantConnections(2)
	server.waitOpen(1)
}

func TestMoreCommandsThanSessionsTakeMoreConnections(t *testing.T) {
	engine, server := sharing(t)
	server.maxSessions = 2
	if failures := runs(engine, server, 7, "sleep 0.3"); failures != nil {
		t.Error(failures)
	}
	if got := server.connections(); got < 3 || got > 7 {
		t.Errorf("%d connections for seven commands, two each", got)
	}
}
