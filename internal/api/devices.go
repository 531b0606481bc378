package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"drydock/client"
	"drydock/internal/engine"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/secret"
	"drydock/internal/store"
)

type deviceID struct {
	ID fleet.DeviceID `path:"id"`
}

type deviceQuery struct {
	Label   string         `query:"label" doc:"key=value"`
	Driver  string         `query:"driver"`
	Model   string         `query:"model"`
	Version string         `query:"version"`
	Text    string         `query:"text" doc:"in id, address, model or serial"`
	After   fleet.DeviceID `query:"after" doc:"cursor: the last id of the page before"`
	Limit   int            `query:"limit" minimum:"1" maximum:"10000" default:"1000"`
}

func (q *deviceQuery) filter(ctx context.Context) store.DeviceFilter {
	return store.DeviceFilter{Label: q.Label, Driver: q.Driver, Model: q.Model, Version: q.Version,
		Within: within(ctx), Text: q.Text, After: q.After, Limit: q.Limit}
}

func (s *server) devices() {
	register(s, get("list-devices", "/api/v1/devices", "Devices by id"), func(ctx context.Context, q *deviceQuery) (*body[[]fleet.Device], error) {
		return list(s.Store.Devices(ctx, q.filter(ctx)))
	})
	put := huma.Operation{OperationID: "put-devices", Method: http.MethodPut, Path: "/api/v1/devices",
		Summary: "Add or change devices, all or none", DefaultStatus: http.StatusNoContent, MaxBodyBytes: 64 << 20}
	register(s, put, s.putDevices)
	register(s, get("show-device", "/api/v1/devices/{id}", "One device"), func(ctx context.Context, in *deviceID) (*body[fleet.Device], error) {
		return answer(s.Store.Device(ctx, in.ID))
	})
	register(s, get("show-credentials", "/api/v1/devices/{id}/credentials", "How a device is spoken to; without the secrets"), func(ctx context.Context, in *deviceID) (*body[client.CredentialState], error) {
		c, err := s.Store.Credentials(ctx, in.ID)
		return answer(client.CredentialState{Version: c.Version, User: c.User, AuthProtocol: c.AuthProtocol, PrivProtocol: c.PrivProtocol,
			ContextName: c.ContextName, WriteApart: !c.WriteCommunity.IsZero()}, err)
	})
	remove := huma.Operation{OperationID: "remove-device", Method: http.MethodDelete, Path: "/api/v1/devices/{id}",
		Summary: "Take a device out of the fleet; its backups stay", DefaultStatus: http.StatusNoContent}
	register(s, remove, func(ctx context.Context, in *deviceID) (*struct{}, error) {
		return nil, s.Store.RemoveDevice(ctx, in.ID)
	})
	register(s, get("list-drivers", "/api/v1/drivers", "Families that can be commanded"), func(context.Context, *struct{}) (*body[[]client.Driver], error) {
		return list(mapped(s.Engine.Families(), family), nil)
	})
	register(s, get("show-driver", "/api/v1/drivers/{name}", "One driver"), func(_ context.Context, in *struct {
		Name string `path:"name"`
	}) (*body[client.Driver], error) {
		f, err := s.Engine.Family(in.Name)
		return answer(family(f), err)
	})
}

func (s *server) putDevices(ctx context.Context, in *body[[]client.NewDevice]) (*struct{}, error) {
	batch := make([]store.DevicePut, 0, len(in.Body))
	var wrong []error
	for _, d := range in.Body {
		put, err := s.devicePut(ctx, d)
		switch {
		case fault.Is(err, fault.Invalid):
			wrong = append(wrong, err)
		case err != nil:
			return nil, err
		}
		batch = append(batch, put)
	}
	if len(wrong) > 0 {
		return nil, allWrong(wrong)
	}
	return nil, s.Store.PutDevices(ctx, batch)
}

// allWrong is one error of what is wrong with several devices, so that a list
// can be mended at one go; of very many only the first are said.
func allWrong(wrong []error) error {
	const said = 10
	if len(wrong) == 1 {
		return wrong[0]
	}
	var texts []string
	for _, err := range wrong[:min(len(wrong), said)] {
		texts = append(texts, err.Error())
	}
	if more := len(wrong) - said; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return fault.New(fault.Invalid, "", "", "%s", strings.Join(texts, "; ")).WithHint("%s", fault.HintOf(wrong[0]))
}

// devicePut checks a device and keeps what is known of it already.
func (s *server) devicePut(ctx context.Context, d client.NewDevice) (store.DevicePut, error) {
	if _, err := s.Engine.Family(d.Driver); err != nil {
		return store.DevicePut{}, fault.New(fault.Invalid, "", "device "+string(d.ID), "%w", err)
	}
	if _, err := engine.ParseAddress(d.Address); err != nil {
		return store.DevicePut{}, fault.New(fault.Invalid, "", "device "+string(d.ID), "%w", err)
	}
	known, err := s.Store.Device(ctx, d.ID)
	isNew := fault.Is(err, fault.NotFound)
	if err != nil && !isNew {
		return store.DevicePut{}, err
	}
	if d.Labels == nil {
		d.Labels = known.Labels
	}
	if err := s.mayPut(ctx, d, isNew, known.Labels); err != nil {
		return store.DevicePut{}, err
	}
	known.ID, known.Address, known.Driver, known.Labels = d.ID, d.Address, d.Driver, d.Labels
	if d.Serial != "" && d.Serial != known.Identity.Serial {
		known.Identity = fleet.Identity{Serial: d.Serial}
	}
	put := store.DevicePut{Device: known}
	if d.Credentials != nil {
		c := credentials(*d.Credentials)
		err := c.Check()
		if err == nil {
			err = s.Engine.CheckCredentials(d.Driver, c)
		}
		if err != nil {
			return put, fault.New(fault.Invalid, "", "device "+string(d.ID), "%w", err)
		}
		put.Credentials = &c
	} else if isNew {
		return put, fault.New(fault.Invalid, "", "device "+string(d.ID), "it is new and has no credentials").
			WithHint("give a community (v1, v2c) or a user (v3)")
	}
	return put, nil
}

// mayPut checks a device's scope as it is and as it shall be: nobody gives a
// device away, or takes one.
func (s *server) mayPut(ctx context.Context, d client.NewDevice, isNew bool, labels map[string]string) error {
	r := requestOf(ctx)
	if !isNew && !r.who.May(r.route.need, labels) || !r.who.May(r.route.need, d.Labels) {
		return denied(r.who, r.route.need, "device "+string(d.ID)+" with these labels")
	}
	return nil
}

func credentials(c client.Credentials) fleet.Credentials {
	return fleet.Credentials{
		Version:        c.Version,
		Community:      secret.New(c.Community),
		WriteCommunity: secret.New(c.WriteCommunity),
		User:           c.User,
		AuthProtocol:   c.AuthProtocol,
		AuthPassword:   secret.New(c.AuthPassword),
		PrivProtocol:   c.PrivProtocol,
		PrivPassword:   secret.New(c.PrivPassword),
		ContextName:    c.ContextName,
	}
}
