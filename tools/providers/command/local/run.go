package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"

	"sovereign-edge/providers/command/output"
)

// drainTime is how long output is waited for after a cancelled command was killed: its children may hold the pipes open.
const drainTime = time.Second

// run executes command and keeps its output in the state. It is killed when ctx ends.
func (s *CommandState) run(ctx context.Context, command string) error {
	argv := s.Interpreter
	if len(argv) == 0 {
		argv = []string{"/bin/sh", "-c"}
	}
	argv = append(append([]string{}, argv...), command)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // running what the user wrote is the purpose
	cmd.WaitDelay = drainTime
	if s.Dir != nil {
		cmd.Dir = *s.Dir
	}
	cmd.Env = append(os.Environ(), s.environment()...)
	if s.Stdin != nil && *s.Stdin != "" {
		cmd.Stdin = strings.NewReader(*s.Stdin)
	}
	printed := output.NewCollector(s.Logging, p.GetLogger(ctx).InfoStatus)
	cmd.Stdout, cmd.Stderr = printed.Stdout(), printed.Stderr()
	err := cmd.Run()
	stdout, stderr := printed.Result()
	if err != nil {
		return fmt.Errorf("%w: running %q:\n%s", err, command, printed.Both())
	}
	s.Stdout, s.Stderr = stdout, stderr
	return s.collectFiles()
}

func (s *CommandState) environment() []string {
	var env []string
	for name, value := range s.Environment {
		env = append(env, name+"="+value)
	}
	if s.AddPreviousOutputInEnv == nil || *s.AddPreviousOutputInEnv {
		if s.Stdout != "" {
			env = append(env, "PULUMI_COMMAND_STDOUT="+s.Stdout)
		}
		if s.Stderr != "" {
			env = append(env, "PULUMI_COMMAND_STDERR="+s.Stderr)
		}
	}
	return env
}
