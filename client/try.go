package client

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"drydock/internal/driver/mib"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// Trial asks for one operation of a driver on one device.
type Trial struct {
	Device        fleet.DeviceID  `json:"device" minLength:"1"`
	Driver        string          `json:"driver" minLength:"1" maxLength:"1048576" doc:"the driver's text; it need not be one that the server has"`
	File          string          `json:"file,omitempty" doc:"the driver's file name, for messages"`
	Objects       []MIBObject     `json:"objects,omitempty" doc:"what the driver's names stand for, where it does not describe them"`
	Operation     string          `json:"operation" minLength:"1" doc:"identify, free-space, health, reach, backup, keep, update, reboot, recover or restore-files"`
	DryRun        bool            `json:"dryRun,omitempty" doc:"only show what would be set; the device is read"`
	Protocol      string          `json:"protocol,omitempty" doc:"tftp or ftp; default: the driver's first that is served"`
	Release       fleet.ReleaseID `json:"release,omitempty" doc:"for update: whose files the device fetches"`
	Backup        fleet.BackupID  `json:"backup,omitempty" doc:"for recover: what the device fetches"`
	Configuration []byte          `json:"configuration,omitempty" doc:"for recover, instead of a backup; base64"`
	Timeout       string          `json:"timeout,omitempty" doc:"as 5m; default: the driver's"`
}

// MIBObject is an object of a MIB module.
type MIBObject struct {
	Module string           `json:"module"`
	Name   string           `json:"name"`
	OID    string           `json:"oid"`
	Macro  string           `json:"macro,omitempty" doc:"OBJECT-TYPE, NOTIFICATION-TYPE, ..."`
	Type   string           `json:"type,omitempty" doc:"as the module names it"`
	Base   string           `json:"base,omitempty" doc:"what the type comes down to"`
	Values map[string]int64 `json:"values,omitempty" doc:"of an enumeration"`
	Access string           `json:"access,omitempty"`
	Column bool             `json:"column,omitempty"`
}

// MIBObjectOf gives an object of a library as the API takes it.
func MIBObjectOf(o mib.Object) MIBObject {
	return MIBObject{Module: o.Module, Name: o.Name, OID: o.OID, Macro: o.Macro, Type: o.Syntax.Type, Base: o.Syntax.Base, Values: o.Syntax.Values,
		Access: o.Access, Column: o.Column}
}

// TrialStep is one thing that a trial does, as it happens.
type TrialStep struct {
	Kind    string            `json:"kind" doc:"note, read, set, command, sent, refused, poll, wait, transfer, cleanup, result or error"`
	Line    int               `json:"line,omitempty" doc:"in the driver's file"`
	Vars    []TrialVar        `json:"vars,omitempty" doc:"what is set, in one PDU, or was read"`
	Text    string            `json:"text,omitempty"`
	Verdict procedure.Verdict `json:"verdict,omitempty" doc:"of the last step: succeeded or failed"`
	Cause   procedure.Cause   `json:"cause,omitempty"`
	Unclear bool              `json:"unclear,omitempty" doc:"it failed, and may have had its effect"`
	Backup  fleet.BackupID    `json:"backup,omitempty" doc:"what has arrived"`
	Free    int64             `json:"free,omitempty" doc:"octets"`
	Health  map[string]string `json:"health,omitempty"`
	Error   string            `json:"error,omitempty" doc:"why it could not begin"`
	Code    fault.Code        `json:"code,omitempty"`
	Hint    string            `json:"hint,omitempty"`
}

// TrialVar is one object instance and its value; secrets are masked.
type TrialVar struct {
	Name  string `json:"name"`
	OID   string `json:"oid"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Try carries out a trial, or only shows it, and gives each step to seen. When
// ctx ends the server stops too.
func (c *Client) Try(ctx context.Context, t Trial, seen func(TrialStep)) error {
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	resp, err := c.send(ctx, http.MethodPost, "/api/v1/drivers/try", nil, "application/json", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var failed error
	ended := false
	err = stream(ctx, c, resp.Body, func(step TrialStep) bool {
		if step.Error != "" {
			failed = fault.New(step.Code, "", "", "%s", step.Error).WithHint("%s", step.Hint)
			return false
		}
		seen(step)
		ended = step.Kind == "result"
		return !ended
	})
	switch {
	case failed != nil:
		return failed
	case err == nil && !ended:
		return fault.New(fault.Unavailable, "", "server", "the connection ended before the operation did")
	}
	return err
}
