// Package output gathers what a command prints and shows it while it runs.
package output

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Logging says which streams of a command are shown while it runs; absent means both. What is captured does not depend on it.
type Logging string

// The values that the npm SDK knows.
const (
	LogStdout Logging = "stdout"
	LogStderr Logging = "stderr"
	LogBoth   Logging = "stdoutAndStderr"
	LogNone   Logging = "none"
)

// Values lists them for the schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "stdout", Value: LogStdout},
		{Name: "stderr", Value: LogStderr},
		{Name: "stdoutAndStderr", Value: LogBoth},
		{Name: "none", Value: LogNone},
	}
}

func (l *Logging) shows(stream Logging) bool { return l == nil || *l == stream || *l == LogBoth }

// longestLine is where a line is cut for display, in bytes. A progress bar is one endless line.
const longestLine = 4096

// Collector keeps what a command prints, each stream by itself and both in the order they came. Its writers may be used from
// several goroutines at once, and they never block on a line that does not end.
type Collector struct {
	mu             sync.Mutex
	both           bytes.Buffer
	stdout, stderr stream
}

type stream struct {
	owner *Collector
	all   bytes.Buffer
	line  []byte       // begun, not shown yet
	show  func(string) // nil: not shown
}

// NewCollector returns a collector that passes each finished line of the streams that logging names to show.
func NewCollector(logging *Logging, show func(line string)) *Collector {
	c := &Collector{}
	c.stdout.owner, c.stderr.owner = c, c
	if logging.shows(LogStdout) {
		c.stdout.show = show
	}
	if logging.shows(LogStderr) {
		c.stderr.show = show
	}
	return c
}

// Stdout is the writer for the command's standard output.
func (c *Collector) Stdout() io.Writer { return &c.stdout }

// Stderr is the writer for the command's standard error.
func (c *Collector) Stderr() io.Writer { return &c.stderr }

// Result shows unfinished lines and returns both streams, each without one trailing newline.
func (c *Collector) Result() (stdout, stderr string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stdout.flush()
	c.stderr.flush()
	return strings.TrimSuffix(c.stdout.all.String(), "\n"), strings.TrimSuffix(c.stderr.all.String(), "\n")
}

// Both returns everything in the order it came.
func (c *Collector) Both() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.both.String()
}

func (s *stream) Write(p []byte) (int, error) {
	s.owner.mu.Lock()
	defer s.owner.mu.Unlock()
	s.all.Write(p)
	s.owner.both.Write(p)
	for _, b := range p {
		if b != '\n' {
			s.line = append(s.line, b)
		}
		if b == '\n' || len(s.line) >= longestLine {
			s.flush()
		}
	}
	return len(p), nil
}

func (s *stream) flush() {
	if s.show != nil && len(s.line) > 0 {
		s.show(string(s.line))
	}
	s.line = s.line[:0]
}
