package client

import (
	"time"

	"drydock/internal/procedure"
)

// SelfRun is the newest run that a device has carried out by itself, as it has
// told it.
type SelfRun struct {
	Summary procedure.Summary     `json:"summary"`
	At      time.Time             `json:"at" doc:"when it was told"`
	Answer  *procedure.SelfAnswer `json:"answer,omitempty" doc:"to its open question; the device follows it when it asks next"`
}
