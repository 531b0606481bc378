package netbox

import (
	"net/url"
	"slices"
	"strings"

	"drydock/internal/fault"
)

// filterNames are the filters of NetBox's list of devices. One that NetBox
// does not know it ignores without a word, and all devices would come in.
func filterNames() []string {
	return []string{
		"airflow", "asset_tag", "cluster", "contact", "contact_group", "contact_role", "created", "description", "device_type", "face", "has_oob_ip",
		"has_primary_ip", "id", "last_updated", "location", "mac_address", "manufacturer", "model", "name", "oob_ip", "parent_device", "platform",
		"position", "primary_ip4", "primary_ip6", "q", "rack", "region", "role", "serial", "site", "site_group", "status", "tag", "tenant",
		"tenant_group", "virtual_chassis", "virtual_chassis_member", "virtual_chassis_master",
	}
}

// Filters reads KEY=VALUE, where the key is a filter of NetBox's, perhaps with
// _id or a lookup (name__ic), or cf_NAME for a custom field. A key that is
// given more than once lets through what fits one of its values.
func Filters(list []string) (url.Values, error) {
	query := url.Values{}
	for _, text := range list {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" || value == "" {
			return nil, fault.New(fault.Invalid, "", "filter "+text, "it is not KEY=VALUE").WithHint("as --filter site=north")
		}
		name, _, _ := strings.Cut(key, "__")
		known := strings.HasPrefix(name, "cf_") || slices.Contains(filterNames(), name) || slices.Contains(filterNames(), strings.TrimSuffix(name, "_id"))
		if !known {
			return nil, fault.New(fault.Invalid, "", "filter "+text, "NetBox has no filter %q for devices, and ignores what it does not know", key).
				WithHint("filters are %s, with _id or a lookup as name__ic behind them, and cf_NAME", strings.Join(filterNames(), ", "))
		}
		query.Add(key, value)
	}
	return query, nil
}
