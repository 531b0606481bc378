package client

import (
	"context"
	"net/http"
	"net/url"
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

// AddEnrolmentCode makes a code.
func (c *Client) AddEnrolmentCode(ctx context.Context, n NewEnrolmentCode) (code EnrolmentCode, err error) {
	return code, c.call(ctx, http.MethodPost, "/api/v1/enrolment-codes", nil, n, &code)
}

// Enrolments lists the equipment that has announced itself, newest first.
func (c *Client) Enrolments(ctx context.Context) (list []fleet.Enrolment, err error) {
	return list, c.call(ctx, http.MethodGet, "/api/v1/enrolments", nil, nil, &list)
}

// ApproveEnrolment takes it into the fleet, with SNMPv3 keys of its own.
func (c *Client) ApproveEnrolment(ctx context.Context, id string, a Approval) (e fleet.Enrolment, err error) {
	return e, c.call(ctx, http.MethodPost, "/api/v1/enrolments/"+url.PathEscape(id)+"/approve", nil, a, &e)
}

// RefuseEnrolment refuses it.
func (c *Client) RefuseEnrolment(ctx context.Context, id string) (e fleet.Enrolment, err error) {
	return e, c.call(ctx, http.MethodPost, "/api/v1/enrolments/"+url.PathEscape(id)+"/refuse", nil, struct{}{}, &e)
}
