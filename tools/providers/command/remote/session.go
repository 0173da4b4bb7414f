package remote

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	p "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"

	"sovereign-edge/providers/command/output"
)

// The environment in which the next run finds what the last one printed.
const (
	previousStdout = "PULUMI_COMMAND_STDOUT"
	previousStderr = "PULUMI_COMMAND_STDERR"
)

// run executes command in a session of its own and keeps its output in the state. When ctx ends (the deployment is cancelled,
// or customTimeouts are over) the session is closed and the command given up.
func (s *CommandState) run(ctx context.Context, logins *Logins, command string) error {
	printed := output.NewCollector(s.Logging, p.GetLogger(ctx).InfoStatus)
	var begun atomic.Bool
	err := logins.run(ctx, &s.Connection, func(session *ssh.Session) error {
		if err := s.setEnvironment(ctx, session); err != nil {
			return err
		}
		session.Stdout, session.Stderr = printed.Stdout(), printed.Stderr()
		if err := feed(session, valueOr(s.Stdin, "")); err != nil {
			return err
		}
		begun.Store(true)
		return session.Run(command)
	})
	stdout, stderr := printed.Result()
	if err != nil && begun.Load() {
		return fmt.Errorf("%w: running %q:\n%s", err, command, printed.Both())
	}
	if err == nil {
		s.Stdout, s.Stderr = stdout, stderr
	}
	return err
}

// feed writes stdin beside the run: a command that ends without reading it all has not failed.
func feed(session *ssh.Session, stdin string) error {
	if stdin == "" {
		return nil
	}
	pipe, err := session.StdinPipe()
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.WriteString(pipe, stdin)
		_ = pipe.Close()
	}()
	return nil
}

func (s *CommandState) setEnvironment(ctx context.Context, session *ssh.Session) error {
	for name, value := range s.Environment {
		if err := session.Setenv(name, value); err != nil {
			return fmt.Errorf("could not set environment variable %q: %w; sshd takes only what its AcceptEnv names", name, err)
		}
	}
	if !valueOr(s.AddPreviousOutputInEnv, true) {
		return nil
	}
	for name, value := range map[string]string{previousStdout: s.Stdout, previousStderr: s.Stderr} {
		if value == "" {
			continue
		}
		if err := session.Setenv(name, value); err != nil {
			p.GetLogger(ctx).Warningf("Unable to set %s: sshd takes only what its AcceptEnv names; "+
				"addPreviousOutputInEnv: false turns this off", name)
		}
	}
	return nil
}
