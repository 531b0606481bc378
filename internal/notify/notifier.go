package notify

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"drydock/internal/fault"
	"drydock/internal/store"
)

// Config is what a Notifier stands on.
type Config struct {
	Store  *store.Store
	Outbox *Outbox // the one that the store was opened with
	Linker *Linker
	URL    func() string    // where people reach the page and the API
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: discarded
	// Delivered is told of every try: by which type of channel, with what result
	// ("delivered", "failed" or "given-up"), and how long it took; nil: nobody.
	Delivered func(typ, result string, took time.Duration)
}

// Notifier keeps the channels and delivers. Its methods may be called by many
// goroutines.
type Notifier struct {
	Config
	wake    chan struct{} // has room for one
	working sync.WaitGroup

	mu       sync.Mutex // owns what follows
	channels []Channel
	busy     map[string]bool
	rests    map[string]rest

	// Run's alone
	reminded map[string]int // reminders of each open question that were made
}

// rest is how long a channel is left alone after it has failed.
type rest struct {
	failures int
	until    time.Time
}

// settingKey is where the channels rest, sealed.
const settingKey = "notify.channels"

// secretPrefix begins secrets that are base64, as in the specification
// Standard Webhooks.
const secretPrefix = "whsec_"

// New reads the channels. Run delivers.
func New(ctx context.Context, c Config) (*Notifier, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Delivered == nil {
		c.Delivered = func(string, string, time.Duration) {}
	}
	n := &Notifier{Config: c, wake: make(chan struct{}, 1), busy: map[string]bool{}, rests: map[string]rest{}, reminded: map[string]int{}}
	raw, err := c.Store.Setting(ctx, settingKey)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &n.channels); err != nil {
			return nil, fault.New(fault.Corrupt, "", "setting "+settingKey, "%w", err)
		}
	}
	c.Outbox.wants.set(n.channels)
	return n, nil
}

// Channels gives the channels by name, secrets included.
func (n *Notifier) Channels() []Channel {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.channels)
}

// Channel gives one, or fault.NotFound.
func (n *Notifier) Channel(name string) (Channel, error) {
	for _, c := range n.Channels() {
		if c.Name == name {
			return c, nil
		}
	}
	return Channel{}, fault.New(fault.NotFound, "", "channel "+name, "there is no such channel").WithHint("drydock notify list shows what there is")
}

// Put adds a channel, or changes the one of that name. An empty URL or secret
// stays what it was. A web hook that has no secret gets one: it is in the
// result, with made set, and is shown this one time.
func (n *Notifier) Put(ctx context.Context, c Channel) (put Channel, made bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := slices.IndexFunc(n.channels, func(o Channel) bool { return o.Name == c.Name })
	if at >= 0 && n.channels[at].Type == c.Type {
		before := n.channels[at]
		if c.URL == "" {
			c.URL = before.URL
		}
		if c.Secret == "" && c.User == before.User && sameHost(c.URL, before.URL) {
			c.Secret = before.Secret
		}
	}
	if c.Type == Webhook && c.Secret == "" {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // it never fails
		c.Secret, made = secretPrefix+base64.StdEncoding.EncodeToString(key), true
	}
	if err := c.Check(); err != nil {
		return c, false, err
	}
	next := slices.Clone(n.channels)
	if at >= 0 {
		next[at] = c
	} else {
		next = append(next, c)
	}
	return c, made, n.keep(ctx, next)
}

// Remove forgets a channel and what waits for it.
func (n *Notifier) Remove(ctx context.Context, name string) error {
	if _, err := n.Channel(name); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.keep(ctx, slices.DeleteFunc(slices.Clone(n.channels), func(c Channel) bool { return c.Name == name })); err != nil {
		return err
	}
	return n.Store.DropDeliveries(ctx, name)
}

// keep makes the channels durable. It is called with the lock held.
func (n *Notifier) keep(ctx context.Context, channels []Channel) error {
	slices.SortFunc(channels, func(a, b Channel) int { return strings.Compare(a.Name, b.Name) })
	raw, err := json.Marshal(channels)
	if err != nil {
		return err
	}
	if err := n.Store.PutSetting(ctx, settingKey, raw, true); err != nil {
		return err
	}
	n.channels, n.rests = channels, map[string]rest{}
	n.Outbox.wants.set(channels)
	return nil
}

// Try sends a test message through a channel now, and gives what came of it.
func (n *Notifier) Try(ctx context.Context, name string) error {
	c, err := n.Channel(name)
	if err != nil {
		return err
	}
	now := n.Now()
	m := n.linked(Message{ID: string(Test) + "/" + now.UTC().Format("20060102T150405.000000"), Kind: Test, At: now, Severity: Notice,
		Title: "drydock can reach you through the channel " + name, Text: "This is a test; nothing is to be done.", URL: n.URL()}, c)
	_, err = n.deliverBatch(ctx, c, []Message{m})
	if err != nil {
		return fault.New(fault.Unavailable, "", c.object(), "%w", err)
	}
	return nil
}

// Wake has what is new looked at now. It never blocks.
func (n *Notifier) Wake() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}
