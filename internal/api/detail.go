package api

import (
	"fmt"
	"reflect"
	"strings"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fleet"
)

// detailOf says what was ordered, for the audit log: never a secret, and never
// a configuration.
func detailOf(in any) string {
	v := reflect.Indirect(reflect.ValueOf(in))
	if v.Kind() != reflect.Struct {
		return ""
	}
	field := v.FieldByName("Body")
	if !field.IsValid() {
		return ""
	}
	switch o := field.Interface().(type) {
	case client.RunOrder:
		return strings.TrimSpace(fmt.Sprintf("%s %s %s on %s", o.Goal, o.Release, o.Backup, names(o.Devices)))
	case client.Reply:
		if len(o.Configuration) > 0 {
			return fmt.Sprintf("%s, with a configuration of %d octets", o.Choice, len(o.Configuration))
		}
		return string(o.Choice)
	case []client.NewDevice:
		ids := make([]fleet.DeviceID, len(o))
		for i, d := range o {
			ids[i] = d.ID
		}
		return names(ids)
	case client.Sweep:
		return strings.Join(o.Networks, " ")
	case client.Trial:
		return fmt.Sprintf("%s %s of %s, dry run %t", o.Operation, o.File, o.Device, o.DryRun)
	case client.NewUser:
		return o.Name + ": " + grants(o.Grants)
	case client.FirstUser:
		return o.Name
	case client.UserChange:
		if o.Disabled != nil {
			return fmt.Sprintf("disabled %t; %s", *o.Disabled, grants(o.Grants))
		}
		return grants(o.Grants)
	case client.OIDC:
		texts := []string{o.Issuer, o.ClientID}
		for _, g := range o.Groups {
			texts = append(texts, g.Group+": "+grants(g.Grants))
		}
		return strings.Join(texts, "; ")
	case client.ChannelSettings:
		return fmt.Sprintf("%s, told of %s, answer links %s", o.Type, strings.Join(o.Kinds, " "), o.Links)
	case client.NewToken:
		return fmt.Sprintf("%s of %s for %d days: %s", o.Name, o.Owner, o.Days, grants(o.Grants))
	}
	return ""
}

func names(ids []fleet.DeviceID) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d devices:", len(ids))
	for _, id := range ids {
		b.WriteString(" " + string(id))
	}
	return b.String()
}

func grants(all []access.Grant) string {
	texts := make([]string, len(all))
	for i, g := range all {
		texts[i] = g.String()
	}
	return strings.Join(texts, ", ")
}
