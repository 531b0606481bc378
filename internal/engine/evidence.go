package engine

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"drydock/internal/driver"
	"drydock/internal/store"
)

// What is kept of one action is bounded: a poll that goes on for hours says the
// same again and again.
const (
	mostExchanges = 400
	mostVarbinds  = 50
)

// record keeps what was asked and heard; secrets are masked by the varbinds
// themselves.
func (t *task) record(kind string, began time.Time, asked []string, answer driver.Answer) {
	x := store.SNMPExchange{At: began, Kind: kind, Asked: asked, Millis: millis(t.Now().Sub(began))}
	for _, v := range answer.Varbinds[:min(len(answer.Varbinds), mostVarbinds)] {
		x.Heard = append(x.Heard, fmt.Sprint(v))
	}
	if more := len(answer.Varbinds) - len(x.Heard); more > 0 {
		x.Heard = append(x.Heard, fmt.Sprintf("and %d more", more))
	}
	if answer.Err != nil {
		x.Error = answer.Err.Text
	}
	list := &t.evidence.Exchanges
	if n := len(*list); n > 0 && sameExchange((*list)[n-1], x) {
		last := &(*list)[n-1]
		last.Times = max(last.Times, 1) + 1
		last.Last = began
		return
	}
	if len(*list) >= mostExchanges {
		t.evidence.Left++
		return
	}
	*list = append(*list, x)
}

// shown are varbinds as they may be shown.
func shown(vars []driver.Varbind) []string {
	texts := make([]string, 0, len(vars))
	for _, v := range vars {
		texts = append(texts, fmt.Sprint(v))
	}
	return texts
}

func sameExchange(a, b store.SNMPExchange) bool {
	return a.Kind == b.Kind && a.Error == b.Error && slices.Equal(a.Asked, b.Asked) && slices.Equal(a.Heard, b.Heard)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// keepEvidence stores what the action has said and heard. A run does not fail
// for it: what cannot be kept is said to the log.
func (t *task) keepEvidence(ctx context.Context) {
	e := &t.evidence
	if len(e.Exchanges) == 0 && len(e.Transfers) == 0 || t.state.Plan.Run == "" {
		return
	}
	e.Token, e.Op, e.Kind, e.Ended = t.action.Token, t.action.Op, t.action.Kind, t.Now()
	if err := t.Store.PutEvidence(context.WithoutCancel(ctx), t.state.Plan.Run, *e); err != nil {
		t.Log.Warn("evidence is not kept", "run", t.state.Plan.Run, "op", t.action.Op, "err", err)
	}
}

// endTransfers closes the action's grants and keeps what came of them.
func (t *task) endTransfers() {
	for _, f := range t.ordered {
		t.noteTransfer(f)
	}
	t.closeGrants(t.hold)
}

// noteTransfer keeps how a file moved; it is called before its grant closes.
func (t *task) noteTransfer(f *file) {
	if f.grant == nil {
		return
	}
	r := f.grant.Progress()
	if r.Began.IsZero() {
		return
	}
	x := store.FileTransfer{Role: f.role, Protocol: string(r.Protocol), Peer: r.Peer.String(), Octets: r.Octets, Began: r.Began, Millis: millis(r.Duration),
		Attempts: r.Attempts, Packets: r.Sent, Resent: r.Resent, Duplicates: r.Duplicates, Error: f.state().Text}
	if r.SHA256 != ([32]byte{}) {
		x.SHA256 = hex.EncodeToString(r.SHA256[:])
	}
	if r.Duration > 0 {
		x.Rate = float64(r.Octets) / r.Duration.Seconds()
	}
	t.evidence.Transfers = append(t.evidence.Transfers, x)
}
