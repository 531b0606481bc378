package notify

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"drydock/internal/access"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/secret"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

func TestQuestionReachesWebHook(t *testing.T) {
	y, h := newYard(t), newHook(t)
	c := y.put(Channel{Name: "ops", Type: Webhook, URL: h.URL + "/hook", Links: LoginLinks, Kinds: []Kind{QuestionAsked, QuestionAnswered, RunFailed}})
	p := y.asks("r1", "iad-1")
	q := p.State.Question
	y.deliver()
	m := h.message(t, 0)
	if m.ID != "question-asked/"+q.ID || m.Device != "iad-1" || m.Question == nil || m.Question.Cause != procedure.NoAnswer || m.URL != "https://drydock.test/questions/"+q.ID {
		t.Errorf("message %+v", m)
	}
	r := h.got[0]
	if want := Signature(c.Secret, m.ID, r.Header.Get("webhook-timestamp"), h.bodies[0]); r.Header.Get("webhook-signature") != want || r.Header.Get("webhook-id") != m.ID {
		t.Errorf("signature %q, want %q; id %q", r.Header.Get("webhook-signature"), want, r.Header.Get("webhook-id"))
	}
	link, err := y.Linker.Parse(strings.TrimPrefix(m.Question.Answer[procedure.Stop], "https://drydock.test/answer/"), y.clock())
	if err != nil || link.Question != q.ID || link.Choice != procedure.Stop || link.Open || link.Ends != q.Deadline.Unix() {
		t.Errorf("link %+v: %v", link, err)
	}
	y.commit(p, procedure.Event{Kind: procedure.Answered, Question: q.ID, Choice: procedure.Stop, By: "anna"})
	y.deliver()
	if answered, ended := h.message(t, 1), h.message(t, 2); answered.Question.By != "anna" || ended.Kind != RunFailed || ended.Result.Outcome != procedure.Stopped {
		t.Errorf("then %+v and %+v", answered, ended)
	}
	y.deliver()
	if h.count() != 3 {
		t.Errorf("%d messages came", h.count())
	}
}

// TestSignatureIsStandardWebhooks holds the signature to the specification's
// own example.
func TestSignatureIsStandardWebhooks(t *testing.T) {
	got := Signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestOutboxSurvives: what was to be told is told by the next process, and
// what failed is tried again under the same id, until it works.
func TestOutboxSurvives(t *testing.T) {
	y, h := newYard(t), newHook(t, http.StatusInternalServerError, http.StatusTooManyRequests)
	y.put(Channel{Name: "ops", Type: Webhook, URL: h.URL})
	y.asks("r1", "iad-1")
	y.open()
	for range 3 {
		y.deliver()
		y.open()
		y.pass(time.Hour)
	}
	if h.count() != 3 || h.message(t, 0).ID != h.message(t, 2).ID {
		t.Fatalf("%d messages came", h.count())
	}
	if d := y.states("ops")[h.message(t, 0).ID]; d.State != store.DeliveryDone || d.Tries != 3 {
		t.Errorf("delivery %+v", d)
	}
}

// TestChannelRests: a channel that fails is not asked again at once, however
// much there is for it.
func TestChannelRests(t *testing.T) {
	y, h := newYard(t), newHook(t, 500, 500, 500, 500)
	y.put(Channel{Name: "ops", Type: Webhook, URL: h.URL})
	for n := range 5 {
		y.asks(fmt.Sprintf("r%d", n), fmt.Sprintf("iad-%d", n))
	}
	y.deliver()
	if h.count() != 1 {
		t.Fatalf("%d tries", h.count())
	}
	y.pass(3 * time.Second)
	y.deliver()
	if h.count() != 1 {
		t.Errorf("it was tried again after 3 s")
	}
	y.pass(4 * time.Second)
	y.deliver()
	if h.count() != 2 {
		t.Errorf("it was not tried again after 7 s: %d tries", h.count())
	}
}

// TestGivingUpIsSaid: by the other channels, and in the list.
func TestGivingUpIsSaid(t *testing.T) {
	y, bad, good := newYard(t), newHook(t, http.StatusGone), newHook(t)
	y.put(Channel{Name: "bad", Type: Webhook, URL: bad.URL, Kinds: []Kind{QuestionAsked, Undelivered}})
	y.put(Channel{Name: "good", Type: Webhook, URL: good.URL, Kinds: []Kind{Undelivered}})
	y.asks("r1", "iad-1")
	y.deliver()
	m := good.message(t, 0)
	if m.Kind != Undelivered || !strings.Contains(m.Title, "bad") || !strings.Contains(m.Text, "410") {
		t.Errorf("the other channel is told %+v", m)
	}
	if bad.count() != 1 {
		t.Errorf("the one that failed was told %d times", bad.count())
	}
	for id, d := range y.states("bad") {
		if d.State != store.DeliveryGivenUp || !strings.Contains(d.Error, "410") {
			t.Errorf("%s: %s after %d tries: %s", id, d.State, d.Tries, d.Error)
		}
	}
}

func TestDeadlineOfDelivery(t *testing.T) {
	y := newYard(t)
	y.put(Channel{Name: "ops", Type: Webhook, URL: "http://127.0.0.1:1", GiveUp: time.Hour})
	y.asks("r1", "iad-1")
	y.deliver()
	for range 60 {
		y.pass(2 * time.Minute)
		y.deliver()
	}
	for id, d := range y.states("ops") {
		if d.State != store.DeliveryGivenUp || d.Tries < 4 || d.Tries > 20 || d.Error == "" {
			t.Errorf("%s: %s after %d tries: %s", id, d.State, d.Tries, d.Error)
		}
	}
}

// TestClosedQuestionIsNotAsked: who could not be reached in time is not asked
// what is answered.
func TestClosedQuestionIsNotAsked(t *testing.T) {
	y, h := newYard(t), newHook(t, 500)
	y.put(Channel{Name: "ops", Type: Webhook, URL: h.URL, Kinds: []Kind{QuestionAsked}})
	p := y.asks("r1", "iad-1")
	y.deliver()
	y.commit(p, procedure.Event{Kind: procedure.Answered, Question: p.State.Question.ID, Choice: procedure.Stop, By: "anna"})
	y.pass(time.Hour)
	y.deliver()
	if h.count() != 1 {
		t.Errorf("it was sent after the answer")
	}
}

func TestReminders(t *testing.T) {
	y, h := newYard(t), newHook(t)
	y.put(Channel{Name: "ops", Type: Webhook, URL: h.URL, Kinds: []Kind{QuestionReminder}})
	p := y.asks("r1", "iad-1")
	q := p.State.Question
	for hour := range 26 {
		y.mu.Lock()
		y.now = q.AskedAt.Add(time.Duration(hour) * time.Hour)
		y.mu.Unlock()
		y.must(y.remind(t.Context()))
		if hour == 15 {
			y.open() // a restart reminds of nothing twice
		}
		y.deliver()
	}
	if h.count() != 2 || h.message(t, 0).ID != "question-reminder/"+q.ID+"/1" || h.message(t, 1).ID != "question-reminder/"+q.ID+"/2" {
		t.Fatalf("%d reminders: %s", h.count(), h.bodies)
	}
	if m := h.message(t, 1); !strings.Contains(m.Title, "the run stops in") {
		t.Errorf("title %q", m.Title)
	}
}

func TestLabelChooses(t *testing.T) {
	y, north, all := newYard(t), newHook(t), newHook(t)
	for _, site := range []string{"north", "south"} {
		y.must(y.store.PutDevice(t.Context(), fleet.Device{ID: fleet.DeviceID(site), Address: "127.0.0.1", Driver: "d", Labels: map[string]string{"site": site}},
			&fleet.Credentials{Version: "v2c", Community: secret.New("c")}))
	}
	y.put(Channel{Name: "north", Type: Webhook, URL: north.URL, Label: "site=north"})
	y.put(Channel{Name: "all", Type: Webhook, URL: all.URL})
	y.asks("r1", "north")
	y.asks("r2", "south")
	y.deliver()
	if north.count() != 1 || north.message(t, 0).Device != "north" || all.count() != 2 {
		t.Errorf("north was told %d times, all %d times", north.count(), all.count())
	}
}

func TestOrderEnds(t *testing.T) {
	y, h := newYard(t), newHook(t)
	y.put(Channel{Name: "ops", Type: Webhook, URL: h.URL, Kinds: []Kind{OrderEnded}})
	var players []*storetest.Player
	for n := range 3 {
		device := fmt.Sprintf("iad-%d", n)
		p := storetest.NewPlayer(fmt.Sprintf("r%d", n), device)
		c := p.Start(t)
		c.RequestKey = "o1/" + device
		_, err := y.store.Commit(t.Context(), []store.Commit{c})
		y.must(err)
		players = append(players, p)
	}
	for n, p := range players {
		y.commit(p, procedure.Event{Kind: procedure.Cancelled, By: "anna"})
		y.deliver()
		if want := n / 2; h.count() != want {
			t.Fatalf("after %d of 3 ends: %d messages", n+1, h.count())
		}
	}
	if m := h.message(t, 0); m.ID != "order-ended/o1" || m.Outcomes["stopped"] != 3 || m.Severity != Warning {
		t.Errorf("message %+v", m)
	}
}

// TestAuditGoesAlong: every entry of the audit log reaches the channel that
// wants it, in order.
func TestAuditGoesAlong(t *testing.T) {
	y, h := newYard(t), newHook(t)
	y.put(Channel{Name: "siem", Type: Webhook, URL: h.URL, Kinds: []Kind{Audit}})
	for n := range 12 {
		_, err := y.store.AppendAudit(t.Context(), access.Entry{At: y.clock(), Actor: "anna", Action: "remove-device", Object: fmt.Sprintf("device %d", n), Outcome: access.Ordered})
		y.must(err)
	}
	y.deliver()
	for n := range 12 {
		if m := h.message(t, n); m.Entry == nil || m.Entry.Object != fmt.Sprintf("device %d", n) || m.ID != fmt.Sprintf("audit/%012d", m.Entry.Seq) {
			t.Errorf("entry %d is %s %+v", n, m.ID, m.Entry)
		}
	}
}

func TestRunEndsWithContext(t *testing.T) {
	y, h := newYard(t), newHook(t)
	y.put(Channel{Name: "ops", Type: Webhook, URL: h.URL})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- y.Run(ctx) }()
	y.asks("r1", "iad-1")
	y.Wake()
	for h.count() == 0 && t.Context().Err() == nil {
		y.Wake()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestCampaignMilestones: each note of a campaign is told once, in order.
func TestCampaignMilestones(t *testing.T) {
	y, h := newYard(t), newHook(t)
	y.put(Channel{Name: "ops", Type: Webhook, URL: h.URL, Kinds: []Kind{Campaign}})
	c := campaign.New("c1", campaign.Spec{Name: "north", Release: "iad-2.0"}, []int{1}, "anna", y.clock())
	y.must(y.store.CreateCampaign(t.Context(), c, nil))
	for range 2 { // the second changes nothing
		_, err := y.store.UpdateCampaign(t.Context(), "c1", nil, func(c campaign.Campaign) (campaign.Campaign, error) {
			if c.Status == campaign.Paused {
				return c, nil
			}
			return c.Pause("ben", y.clock())
		})
		y.must(err)
		y.deliver()
	}
	if h.count() != 2 {
		t.Fatalf("%d messages", h.count())
	}
	first, second := h.message(t, 0), h.message(t, 1)
	if first.Title != "campaign north: started" || second.Title != "campaign north: paused by ben" || second.URL != "https://drydock.test/campaigns/c1" {
		t.Errorf("%q, then %q", first.Title, second.Title)
	}
}
