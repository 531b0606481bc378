package client

import (
	"time"

	"drydock/internal/fleet"
)

// NewEnrolmentCode asks for a code with which one piece of equipment may
// announce itself.
type NewEnrolmentCode struct {
	Label string `json:"label,omitempty" maxLength:"128" doc:"for people: whose equipment it is for"`
	Hours int    `json:"hours,omitempty" minimum:"1" maximum:"8760" default:"72" doc:"how long it is good"`
}

// EnrolmentCode is a code, which is shown this once.
type EnrolmentCode struct {
	Code    string    `json:"code"`
	Expires time.Time `json:"expires"`
}

// Approval takes announced equipment into the fleet.
type Approval struct {
	Device  fleet.DeviceID    `json:"device" minLength:"1" maxLength:"128" doc:"your name for it"`
	Address string            `json:"address,omitempty" doc:"HOST[:PORT] of its SNMP agent, where it is another than it says"`
	Labels  map[string]string `json:"labels,omitempty"`
}
