package sim

import (
	"context"

	"drydock/internal/equipment"
)

type agent struct{}

func (f *Fleet) listen() (*agent, error) { f.port = 1161; return &agent{}, nil }

func (a *agent) serve(ctx context.Context) error { <-ctx.Done(); return nil }

func (a *agent) notifier(d *Device) equipment.Notifier { return nil }
