package remote

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// sessionsAtOnce on one connection: sshd takes ten unless told otherwise (sshd_config(5), MaxSessions).
const sessionsAtOnce = 8

var errSilent = errors.New("the machine opened no session on a connection that is open")

// Logins are the SSH connections of this process: what is done on a machine in the same way shares one, a session each.
//
// A connection is given away only while everything on it ends well. After a command that failed, whoever comes next logs in
// anew, and gets no connection that was begun before: a change that waits to be confirmed over a fresh connection fails its
// command, and an old connection would confirm a firewall that lets nobody in any more.
type Logins struct {
	rest, answer time.Duration
	mu           sync.Mutex
	ways         map[way][]*shared
}

// NewLogins starts without any. rest is how long a connection is kept that nobody uses; answer is how long a machine may take
// to open a further session on a connection, before it is dialled anew.
func NewLogins(rest, answer time.Duration) *Logins {
	return &Logins{rest: rest, answer: answer, ways: map[way][]*shared{}}
}

// way tells apart how machines are reached: a hash of everything that a Connection says.
type way [sha256.Size]byte

func (c *Connection) way() way {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // texts and numbers alone
	}
	return sha256.Sum256(text)
}

// shared is one connection. client and err are set before ready is closed; what stands below them belongs to the mutex.
type shared struct {
	way      way
	ready    chan struct{}
	client   *dialed
	err      error
	sessions int
	most     int
	uses     int
	retired  bool
}

// run gives a session to body. Once ctx has ended body is not waited for: a machine that is gone answers nothing.
func (l *Logins) run(ctx context.Context, c *Connection, body func(*ssh.Session) error) error {
	on, session, err := l.session(ctx, c)
	if err != nil {
		return err
	}
	defer l.leave(on)
	ended := make(chan error, 1)
	go func() { ended <- body(session) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	go func() { _ = session.Close() }()
	if err != nil {
		l.retireAll(on.way)
	}
	return err
}

// session opens one. A connection that was made for another command may be dead by now, or take no further session; nothing
// was run then, and another connection is tried.
func (l *Logins) session(ctx context.Context, c *Connection) (*shared, *ssh.Session, error) {
	for {
		on, mine := l.enter(c.way())
		if mine {
			on.client, on.err = c.dial(ctx)
			close(on.ready)
		}
		session, err := l.open(ctx, on, mine)
		if err == nil {
			return on, session, nil
		}
		var refused *ssh.OpenChannelError
		full := errors.As(err, &refused) && l.limit(on)
		if !full {
			l.retire(on)
		}
		l.leave(on)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if !full && (mine || on.failed()) {
			return nil, nil, err
		}
	}
}

// open waits for the connection, and asks for a session on it. On a fresh one it is waited for as long as it takes, as the
// official provider does: a machine may be slow.
func (l *Logins) open(ctx context.Context, on *shared, fresh bool) (*ssh.Session, error) {
	select {
	case <-on.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if on.err != nil {
		return nil, on.err
	}
	type answer struct {
		session *ssh.Session
		err     error
	}
	client, answered := on.client, make(chan answer, 1)
	go func() {
		session, err := client.NewSession()
		answered <- answer{session, err}
	}()
	var late <-chan time.Time
	if !fresh {
		late = time.After(l.answer)
	}
	select {
	case answer := <-answered:
		return answer.session, answer.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-late:
		return nil, errSilent
	}
}

// failed says whether dialling came to an end of its own, and to nothing: not when only the one who dialled was called off.
func (s *shared) failed() bool {
	return s.err != nil && !errors.Is(s.err, context.Canceled) && !errors.Is(s.err, context.DeadlineExceeded)
}

// enter takes a place on a connection; mine says that the caller has to dial it.
func (l *Logins) enter(by way) (on *shared, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.ways[by] {
		if one.sessions < one.most {
			one.sessions++
			return one, false
		}
	}
	one := &shared{way: by, ready: make(chan struct{}), sessions: 1, most: sessionsAtOnce}
	l.ways[by] = append(l.ways[by], one)
	return one, true
}

// leave gives a place back. A connection that nobody uses rests for a while.
func (l *Logins) leave(on *shared) {
	l.mu.Lock()
	defer l.mu.Unlock()
	on.sessions--
	on.uses++
	if on.retired {
		on.close()
		return
	}
	if uses := on.uses; on.sessions == 0 {
		time.AfterFunc(l.rest, func() { l.expire(on, uses) })
	}
}

// expire retires a connection that nobody has used since.
func (l *Logins) expire(on *shared, uses int) {
	l.mu.Lock()
	idle := on.sessions == 0 && on.uses == uses
	l.mu.Unlock()
	if idle {
		l.retire(on)
	}
}

// limit notes that sshd takes no more sessions on a connection than there are without the caller's, and whether there are any.
func (l *Logins) limit(on *shared) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	on.most = min(on.most, on.sessions-1)
	return on.most > 0
}

// retire gives a connection to nobody any more; it is closed once it is not used.
func (l *Logins) retire(on *shared) {
	l.mu.Lock()
	defer l.mu.Unlock()
	on.retired = true
	on.close()
	others := slices.DeleteFunc(l.ways[on.way], func(one *shared) bool { return one == on })
	if l.ways[on.way] = others; len(others) == 0 {
		delete(l.ways, on.way)
	}
}

// retireAll retires every connection that leads the same way, those included that are being made.
func (l *Logins) retireAll(by way) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.ways[by] {
		one.retired = true
		one.close()
	}
	delete(l.ways, by)
}

// close ends the connection unless it is used.
func (s *shared) close() {
	if s.sessions > 0 || s.client == nil {
		return
	}
	client := s.client
	s.client = nil
	go func() { _ = client.Close() }()
}
