package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"drydock/internal/store"
)

func testNotices(t *testing.T, s *store.Store) {
	ctx := context.Background()
	at := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	var ids []string
	for n := range 3 {
		notice := store.Notice{ID: fmt.Sprintf("n%d", n), Kind: "k", At: at.Add(time.Duration(n) * time.Second), Doc: json.RawMessage(`{"text":"a"}`)}
		ids = append(ids, notice.ID)
		must(t, s.AddNotices(ctx, notice))
		must(t, s.AddNotices(ctx, notice)) // the same is there once
	}
	fresh, err := s.NewNotices(ctx, 2)
	must(t, err)
	if len(fresh) != 2 || fresh[0].ID != "n0" || !fresh[1].At.Equal(at.Add(time.Second)) || string(fresh[0].Doc) != `{"text":"a"}` {
		t.Fatalf("new notices %+v", fresh)
	}
	var deliveries []store.Delivery
	for n, id := range ids {
		deliveries = append(deliveries, store.Delivery{Notice: store.Notice{ID: id}, Channel: "a", Due: at.Add(time.Duration(n) * time.Minute)},
			store.Delivery{Notice: store.Notice{ID: id}, Channel: "b", Due: at})
	}
	must(t, s.AddNotices(ctx, store.Notice{ID: "unwanted", Kind: "k", At: at, Doc: json.RawMessage(`{}`)}))
	must(t, s.Spread(ctx, ids, []string{"unwanted"}, deliveries))
	must(t, s.Spread(ctx, ids, nil, deliveries))
	fresh, err = s.NewNotices(ctx, 9)
	must(t, err)
	due, err := s.DueDeliveries(ctx, "a", at.Add(time.Minute), 9)
	must(t, err)
	if len(fresh) != 0 || len(due) != 2 || due[0].Notice.ID != "n0" || due[1].Notice.ID != "n1" || due[0].State != store.DeliveryWaiting {
		t.Fatalf("still new: %v; due: %+v", fresh, due)
	}
	testDeliveryEnds(t, s, due, at)
}

// testDeliveryEnds: what became of deliveries is kept, and old notices are
// forgotten once nobody waits for them.
func testDeliveryEnds(t *testing.T, s *store.Store, due []store.Delivery, at time.Time) {
	ctx := context.Background()
	due[0].State, due[0].Tries, due[0].Ended = store.DeliveryDone, 1, at
	due[1].State, due[1].Tries, due[1].Error, due[1].Due = store.DeliveryWaiting, 2, "no\x00 answer", at.Add(time.Hour)
	must(t, s.PutDeliveries(ctx, due, store.Notice{ID: "told", Kind: "k", At: at.Add(time.Hour), Doc: json.RawMessage(`{}`)}))
	list, err := s.Deliveries(ctx, store.DeliveryFilter{Channel: "a"})
	must(t, err)
	if len(list) != 3 || list[0].Notice.ID != "n2" || list[1].Tries != 2 || list[1].Error == "" || !list[2].Ended.Equal(at) {
		t.Fatalf("deliveries %+v", list)
	}
	if done, err := s.Deliveries(ctx, store.DeliveryFilter{State: store.DeliveryDone, Limit: 5}); err != nil || len(done) != 1 {
		t.Fatalf("%+v %v", done, err)
	}
	counts, err := s.CountDeliveries(ctx)
	must(t, err)
	if waiting, err := s.WaitingDeliveries(ctx); err != nil || waiting != 5 || counts["b"][store.DeliveryWaiting] != 3 || counts["a"][store.DeliveryDone] != 1 {
		t.Fatalf("%d wait, counts %v: %v", waiting, counts, err)
	}
	must(t, s.DropDeliveries(ctx, "b"))
	if more, err := s.ForgetNotices(ctx, at.Add(time.Minute)); err != nil || more {
		t.Fatal(more, err)
	}
	list, err = s.Deliveries(ctx, store.DeliveryFilter{})
	must(t, err)
	if len(list) != 2 { // n0 was delivered; n1 and n2 wait
		t.Fatalf("left: %+v", list)
	}
	if fresh, err := s.NewNotices(ctx, 9); err != nil || len(fresh) != 1 || fresh[0].ID != "told" {
		t.Fatalf("new: %+v %v", fresh, err)
	}
}
