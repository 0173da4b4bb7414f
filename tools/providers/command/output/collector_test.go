package output

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestCollects(t *testing.T) {
	var shown []string
	c := NewCollector(nil, func(line string) { shown = append(shown, line) })
	_, _ = fmt.Fprint(c.Stdout(), "one\ntw")
	_, _ = fmt.Fprint(c.Stderr(), "oops\n\n")
	_, _ = fmt.Fprint(c.Stdout(), "o\nrest")
	stdout, stderr := c.Result()
	if stdout != "one\ntwo\nrest" || stderr != "oops\n" || c.Both() != "one\ntwoops\n\no\nrest" {
		t.Errorf("%q %q %q", stdout, stderr, c.Both())
	}
	if got := strings.Join(shown, "|"); got != "one|oops|two|rest" {
		t.Errorf("shown: %s", got)
	}
}

func TestShowsWhatLoggingNames(t *testing.T) {
	for logging, want := range map[Logging]string{LogNone: "", LogStdout: "out", LogStderr: "err", LogBoth: "outerr"} {
		shown := ""
		c := NewCollector(&logging, func(line string) { shown += line })
		_, _ = fmt.Fprintln(c.Stdout(), "out")
		_, _ = fmt.Fprintln(c.Stderr(), "err")
		if stdout, stderr := c.Result(); shown != want || stdout != "out" || stderr != "err" {
			t.Errorf("%s: shown %q, stdout %q, stderr %q", logging, shown, stdout, stderr)
		}
	}
}

func TestCutsEndlessLinesForDisplay(t *testing.T) {
	longest := 0
	c := NewCollector(nil, func(line string) { longest = max(longest, len(line)) })
	_, _ = fmt.Fprint(c.Stdout(), strings.Repeat("x", 200_000))
	if stdout, _ := c.Result(); len(stdout) != 200_000 || longest != longestLine {
		t.Errorf("%d bytes kept, longest line shown %d", len(stdout), longest)
	}
}

func TestSafeForTwoStreamsAtOnce(t *testing.T) {
	c := NewCollector(nil, func(string) {})
	var both sync.WaitGroup
	for _, writer := range []fmt.Stringer{named{c, "o"}, named{c, "e"}} {
		both.Go(func() {
			for range 200_000 {
				_ = writer.String()
			}
		})
	}
	both.Wait()
	if len(c.Both()) != 800_000 {
		t.Errorf("%d bytes", len(c.Both()))
	}
}

type named struct {
	c    *Collector
	name string
}

func (n named) String() string {
	writer := n.c.Stdout()
	if n.name == "e" {
		writer = n.c.Stderr()
	}
	_, _ = fmt.Fprintln(writer, n.name)
	return n.name
}
