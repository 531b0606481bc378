package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"drydock/client"
	"drydock/internal/notify"
	"drydock/internal/store"
)

// channels are the operations on the ways to tell people.
func (s *server) channels() {
	type none struct{}
	type one struct {
		Channel string `path:"channel" maxLength:"64"`
	}
	register(s, get("list-channels", "/api/v1/notify/channels", "Channels that people are told by"), func(ctx context.Context, _ *none) (*body[[]client.Channel], error) {
		counts, err := s.Store.CountDeliveries(ctx)
		return list(mapped(s.Notifier.Channels(), func(c notify.Channel) client.Channel { return channel(c, counts[c.Name]) }), err)
	})
	put := huma.Operation{OperationID: "put-channel", Method: http.MethodPut, Path: "/api/v1/notify/channels/{channel}", Summary: "Add a channel, or change it"}
	register(s, put, func(ctx context.Context, in *struct {
		Channel string `path:"channel" maxLength:"64"`
		Body    client.ChannelSettings
	}) (*body[client.Channel], error) {
		return answer(s.putChannel(ctx, in.Channel, in.Body))
	})
	remove := huma.Operation{OperationID: "remove-channel", Method: http.MethodDelete, Path: "/api/v1/notify/channels/{channel}", Summary: "Forget a channel and what waits for it"}
	register(s, remove, func(ctx context.Context, in *one) (*none, error) { return nil, s.Notifier.Remove(ctx, in.Channel) })
	register(s, post("test-channel", "/api/v1/notify/channels/{channel}/test", "Send a test message now"), func(ctx context.Context, in *one) (*none, error) {
		return nil, s.Notifier.Try(ctx, in.Channel)
	})
	register(s, get("list-deliveries", "/api/v1/notify/deliveries", "What was, and is to be, delivered; the newest first"), func(ctx context.Context, in *struct {
		Channel string              `query:"channel" maxLength:"64"`
		State   store.DeliveryState `query:"state" enum:"waiting,delivered,given-up"`
		Limit   int                 `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	}) (*body[[]client.Delivery], error) {
		records, err := s.Store.Deliveries(ctx, store.DeliveryFilter{Channel: in.Channel, State: in.State, Limit: in.Limit})
		return list(mapped(records, delivery), err)
	})
}

func (s *server) putChannel(ctx context.Context, name string, in client.ChannelSettings) (out client.Channel, err error) {
	c := notify.Channel{Name: name, Type: notify.Type(in.Type), URL: in.URL, Label: in.Label, Links: notify.Links(in.Links), Disabled: in.Disabled,
		Secret: in.Secret, User: in.User, From: in.From, To: in.To, CA: in.CA}
	for _, k := range in.Kinds {
		c.Kinds = append(c.Kinds, notify.Kind(k))
	}
	for what, field := range map[string]struct {
		text string
		into *time.Duration
	}{"gather": {in.Gather, &c.Gather}, "giveUp": {in.GiveUp, &c.GiveUp}} {
		if field.text == "" {
			continue
		}
		if *field.into, err = duration(what, field.text); err != nil {
			return out, err
		}
	}
	c, made, err := s.Notifier.Put(ctx, c)
	if err != nil {
		return out, err
	}
	out = channel(c, nil)
	if made {
		out.Secret = c.Secret
	}
	return out, nil
}

// channel leaves the secrets out.
func channel(c notify.Channel, counts map[store.DeliveryState]int) client.Channel {
	out := client.Channel{Name: c.Name, Type: string(c.Type), Address: c.URL, Label: c.Label, Gather: c.GathersFor().String(), GiveUp: c.GivesUpAfter().String(),
		Links: string(c.Links), Disabled: c.Disabled, HasSecret: c.Secret != "", User: c.User, From: c.From, To: c.To,
		Waiting: counts[store.DeliveryWaiting], Delivered: counts[store.DeliveryDone], GivenUp: counts[store.DeliveryGivenUp]}
	if u, err := url.Parse(c.URL); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
		out.Address = u.Scheme + "://" + u.Host + "/..."
	}
	if out.Links == "" {
		out.Links = string(notify.NoLinks)
	}
	kinds := c.Kinds
	if len(kinds) == 0 {
		kinds = notify.DefaultKinds()
	}
	for _, k := range kinds {
		out.Kinds = append(out.Kinds, string(k))
	}
	return out
}

func delivery(d store.Delivery) client.Delivery {
	return client.Delivery{Channel: d.Channel, Message: d.Notice.ID, Kind: d.Notice.Kind, Title: notify.TitleOf(d.Notice), At: d.Notice.At,
		State: string(d.State), Tries: d.Tries, Due: due(d), Ended: d.Ended, Error: d.Error}
}

func due(d store.Delivery) time.Time {
	if d.State != store.DeliveryWaiting {
		return time.Time{}
	}
	return d.Due
}
