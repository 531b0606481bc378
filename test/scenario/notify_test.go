package scenario

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/notify"
	"drydock/internal/procedure"
)

// TestQuestionToAnswerByLink: a run asks while the web hook does not work, the
// server is restarted, the message comes, signed, and its link answers: once,
// and only by the click.
func TestQuestionToAnswerByLink(t *testing.T) {
	t.Parallel()
	came, works := make(chan *http.Request, 100), make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-works:
		default:
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		raw, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(raw)))
		came <- r
	}))
	defer hook.Close()
	y := open(t, setup{faults: "dev=1 op=backup fault=fail"})
	channel, err := y.api.PutChannel(y.ctx, "ops", client.ChannelSettings{Type: "webhook", URL: hook.URL, Links: "open", Kinds: []string{"question-asked", "question-answered", "run-ended"}})
	y.must(err)
	if !strings.HasPrefix(channel.Secret, "whsec_") {
		t.Fatalf("channel %+v", channel)
	}
	run := y.update()
	q := y.asks(run)
	y.must(y.server.Stop())
	close(works)
	y.serve()

	m := y.message(came, channel.Secret)
	if m.Kind != notify.QuestionAsked || m.Question.ID != q.ID || m.Device != "iad-0001" || m.Run != string(run) {
		t.Fatalf("message %+v", m)
	}
	link, err := url.Parse(m.Question.Answer[procedure.Repeat])
	y.must(err)
	click := func(method string, want int) string {
		t.Helper()
		req, err := http.NewRequest(method, y.server.URL+link.Path, nil)
		y.must(err)
		resp, err := http.DefaultClient.Do(req)
		y.must(err)
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		y.must(err)
		if resp.StatusCode != want {
			t.Fatalf("%s of the link: %s\n%s", method, resp.Status, raw)
		}
		return string(raw)
	}
	if page := click(http.MethodGet, http.StatusOK); !strings.Contains(page, "iad-0001: repeat?") {
		t.Errorf("page %s", page)
	}
	click(http.MethodPost, http.StatusOK)
	y.ends(run, procedure.Updated)
	if page := click(http.MethodPost, http.StatusConflict); !strings.Contains(page, "link of channel ops has answered it") {
		t.Errorf("the second time: %s", page)
	}
	if m := y.message(came, channel.Secret); m.Kind != notify.QuestionAnswered || m.Question.By != "link of channel ops" {
		t.Errorf("then %+v", m)
	}
	if m := y.message(came, channel.Secret); m.Kind != notify.RunEnded || m.Result.Outcome != procedure.Updated {
		t.Errorf("then %+v", m)
	}
}

// message waits for the next message and checks its signature.
func (y *yard) message(came <-chan *http.Request, secret string) (m notify.Message) {
	y.t.Helper()
	select {
	case r := <-came:
		raw, err := io.ReadAll(r.Body)
		y.must(err)
		if want := notify.Signature(secret, r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), raw); r.Header.Get("webhook-signature") != want {
			y.t.Errorf("signature %q, want %q", r.Header.Get("webhook-signature"), want)
		}
		y.must(json.Unmarshal(raw, &m))
	case <-y.ctx.Done():
		y.t.Fatal("no message came")
	}
	return m
}
