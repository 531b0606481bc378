package notify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"drydock/internal/fault"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

const (
	lookEvery   = time.Second
	remindEvery = 30 * time.Second
	forgetEvery = time.Hour
	forgetAfter = 30 * 24 * time.Hour
	spreadAtOne = 500
	sendAtOnce  = 500
	sendTimeout = 30 * time.Second // of one batch; a web hook's messages have each their own
	restFirst   = 5 * time.Second
	restLongest = 30 * time.Minute
	// inOrderTries is how often the first message of a channel is tried before
	// those after it go ahead: one that makes the other side fail must not hold
	// up the rest until its deadline.
	inOrderTries = 4
)

// Run delivers until ctx ends. On return no goroutine of the notifier is left.
func (n *Notifier) Run(ctx context.Context) error {
	defer n.working.Wait()
	look, remind, forget := time.NewTicker(lookEvery), time.NewTicker(remindEvery), time.NewTicker(forgetEvery)
	defer look.Stop()
	defer remind.Stop()
	defer forget.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			err = n.look(ctx)
		case <-n.wake:
			err = n.look(ctx)
		case <-remind.C:
			err = n.remind(ctx)
		case <-forget.C:
			for more := true; more && err == nil && ctx.Err() == nil; {
				more, err = n.Store.ForgetNotices(ctx, n.Now().Add(-forgetAfter))
			}
		}
		if err != nil && ctx.Err() == nil {
			n.Log.Warn("notifications wait: the store does not answer", "err", err)
		}
	}
}

// look spreads what is new, and lets every channel work that has something to
// do and is not at it.
func (n *Notifier) look(ctx context.Context) error {
	channels := n.Channels()
	if len(channels) == 0 {
		return nil
	}
	for more := true; more; {
		var err error
		if more, err = n.spread(ctx, channels); err != nil {
			return err
		}
	}
	now := n.Now()
	for _, c := range channels {
		if c.Disabled || !n.take(c.Name, now) {
			continue
		}
		n.working.Go(func() { // ends when the channel has nothing due, or with ctx
			defer n.giveBack(c.Name)
			if err := n.serve(ctx, c); err != nil && ctx.Err() == nil {
				n.Log.Warn("notifications wait: the store does not answer", "channel", c.Name, "err", err)
			}
		})
	}
	return nil
}

// take says whether the channel may work now, and marks it as busy.
func (n *Notifier) take(name string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.busy[name] || now.Before(n.rests[name].until) {
		return false
	}
	n.busy[name] = true
	return true
}

func (n *Notifier) giveBack(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.busy, name)
}

// serve delivers what is due for a channel.
func (n *Notifier) serve(ctx context.Context, c Channel) error {
	for ctx.Err() == nil {
		due, err := n.Store.DueDeliveries(ctx, c.Name, n.Now(), sendAtOnce)
		if err != nil || len(due) == 0 {
			return err
		}
		goesOn, err := n.serveBatch(ctx, c, due)
		if err != nil || !goesOn {
			return err
		}
	}
	return nil
}

// serveBatch delivers some; false if the channel has to rest.
func (n *Notifier) serveBatch(ctx context.Context, c Channel, due []store.Delivery) (goesOn bool, err error) {
	now := n.Now()
	over, wanted := n.sort(ctx, c, due, now)
	messages := make([]Message, len(wanted))
	for i, d := range wanted {
		m, err := messageOf(d.Notice)
		if err != nil {
			return false, fault.New(fault.Corrupt, "", "notice "+d.Notice.ID, "%w", err)
		}
		messages[i] = n.linked(m, c)
	}
	done := 0
	var failed error
	if len(messages) > 0 {
		done, failed = n.deliverBatch(ctx, c, messages)
	}
	if ctx.Err() != nil {
		return false, nil // nobody knows; it is delivered again, with the same id
	}
	for i := range wanted {
		d := &wanted[i]
		switch {
		case i < done:
			d.State, d.Tries, d.Ended, d.Error = store.DeliveryDone, d.Tries+1, n.Now(), ""
		case failed != nil && i < done+failedOf(c, len(wanted)-done):
			n.judge(c, d, failed)
		}
	}
	changed := append(over, wanted...)
	lost := n.lost(c, changed)
	if err := n.Store.PutDeliveries(ctx, changed, lost...); err != nil {
		return false, err
	}
	if len(lost) > 0 {
		n.Wake()
	}
	return n.mayGoOn(c, failed), nil
}

// failedOf is how many messages an error is about: all that went together, or
// one.
func failedOf(c Channel, left int) int {
	if c.Type == Webhook || c.Type == Syslog {
		return 1
	}
	return left
}

// sort takes out what need not, or can no longer, be delivered.
func (n *Notifier) sort(ctx context.Context, c Channel, due []store.Delivery, now time.Time) (over, wanted []store.Delivery) {
	for _, d := range due {
		kind := Kind(d.Notice.Kind)
		switch {
		case (kind == QuestionAsked || kind == QuestionReminder) && n.closed(ctx, d.Notice):
			d.State, d.Ended, d.Error = store.DeliveryDone, now, "not sent: the question was closed meanwhile"
			over = append(over, d)
		case now.After(d.Notice.At.Add(c.GivesUpAfter())):
			d.State, d.Ended = store.DeliveryGivenUp, now
			if d.Error == "" {
				d.Error = "it could not be tried before its deadline"
			}
			over = append(over, d)
		default:
			wanted = append(wanted, d)
		}
	}
	return over, wanted
}

// closed says whether a notice's question waits for no answer any more. Where
// that cannot be found out it is taken as open.
func (n *Notifier) closed(ctx context.Context, notice store.Notice) bool {
	m, err := messageOf(notice)
	if err != nil || m.Question == nil {
		return false
	}
	records, err := n.Store.Questions(ctx, store.QuestionFilter{ID: m.Question.ID})
	return err == nil && len(records) > 0 && !records[0].Open
}

// judge says what becomes of a delivery that failed.
func (n *Notifier) judge(c Channel, d *store.Delivery, failed error) {
	d.Tries++
	d.Error = failed.Error()
	if isRefused(failed) {
		d.State, d.Ended = store.DeliveryGivenUp, n.Now()
		return
	}
	if d.Tries < inOrderTries {
		return // it stays the first; the channel rests
	}
	d.Due = n.Now().Add(backoff(d.Tries))
	if ends := d.Notice.At.Add(c.GivesUpAfter() + time.Millisecond); d.Due.After(ends) {
		d.Due = ends
	}
}

// backoff is how long to wait after so many failures, with jitter.
func backoff(failures int) time.Duration {
	wait := restLongest
	if failures < 12 {
		wait = min(restLongest, restFirst<<max(0, failures-1))
	}
	return wait*9/10 + rand.N(wait/5)
}

// mayGoOn has a channel rest that failed for a reason that will be there for
// the next message too.
func (n *Notifier) mayGoOn(c Channel, failed error) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if failed == nil || isRefused(failed) {
		delete(n.rests, c.Name)
		return true
	}
	r := n.rests[c.Name]
	r.failures++
	r.until = n.Now().Add(backoff(r.failures))
	n.rests[c.Name] = r
	n.Log.Warn("a channel does not deliver", "channel", c.Name, "type", c.Type, "failures", r.failures, "next", r.until, "err", failed)
	return false
}

// lost tells the other channels that this one gave messages up.
func (n *Notifier) lost(c Channel, deliveries []store.Delivery) []store.Notice {
	var first *store.Delivery
	count := 0
	for i, d := range deliveries {
		if d.State != store.DeliveryGivenUp {
			continue
		}
		n.Log.Error("a notification is given up", "channel", c.Name, "notice", d.Notice.ID, "tries", d.Tries, "err", d.Error)
		n.Delivered(string(c.Type), "given-up", 0)
		if Kind(d.Notice.Kind) == Undelivered {
			continue // else two channels that are both broken would tell each other for ever
		}
		if count++; first == nil {
			first = &deliveries[i]
		}
	}
	if count == 0 || !n.Outbox.wants.has(Undelivered) {
		return nil
	}
	m := Message{ID: string(Undelivered) + "/" + c.Name + "/" + first.Notice.ID, Kind: Undelivered, At: n.Now(), Severity: Error,
		Title: fmt.Sprintf("the channel %s gave up %d notifications", c.Name, count), Text: first.Notice.ID + ": " + first.Error}
	notice, err := m.notice()
	if err != nil {
		return nil
	}
	return []store.Notice{notice}
}

// remindAt are the parts of a question's time after which people are reminded.
func remindAt() []float64 { return []float64{0.5, 0.9} }

// remind reminds of the questions whose deadline comes nearer.
func (n *Notifier) remind(ctx context.Context) error {
	if !n.Outbox.wants.has(QuestionReminder) {
		return nil
	}
	open, err := n.Store.Questions(ctx, store.QuestionFilter{Open: true})
	if err != nil {
		return err
	}
	now := n.Now()
	reminded := make(map[string]int, len(open))
	var notices []store.Notice
	for _, r := range open {
		q := r.Question
		number := reminderOf(q, now)
		reminded[q.ID] = number
		if number == 0 || number <= n.reminded[q.ID] {
			continue
		}
		m := Message{ID: fmt.Sprintf("%s/%s/%d", QuestionReminder, q.ID, number), Kind: QuestionReminder, At: now, Severity: Warning,
			Run: string(r.Run), Device: string(r.Device), Question: factsOf(q),
			Title: fmt.Sprintf("%s still asks at %s: %s; the run stops in %s", r.Device, q.Step, q.Cause, q.Deadline.Sub(now).Round(time.Minute)), Text: q.Detail}
		notice, err := m.notice()
		if err != nil {
			return err
		}
		notices = append(notices, notice)
	}
	if err := n.Store.AddNotices(ctx, notices...); err != nil {
		return err
	}
	n.reminded = reminded
	if len(notices) > 0 {
		n.Wake()
	}
	return nil
}

// reminderOf is the number of the newest reminder that is due, 0 for none.
func reminderOf(q procedure.Question, now time.Time) (number int) {
	if q.Deadline.IsZero() || !now.Before(q.Deadline) {
		return 0
	}
	for i, part := range remindAt() {
		if at := q.AskedAt.Add(time.Duration(part * float64(q.Deadline.Sub(q.AskedAt)))); !now.Before(at) {
			number = i + 1
		}
	}
	return number
}
