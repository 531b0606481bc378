package cli

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"drydock/client"
	"drydock/internal/fleet"
)

// readDevices reads an import file by its ending. Notes are what a person should
// know of it.
func readDevices(path string) (devices []client.NewDevice, notes []string, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, usagef("%v", err)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		devices, notes, err = readCSV(path, raw)
	case ".yaml", ".yml":
		if devices, err = readYAML(path, raw); err == nil {
			err = uniqueDevices(path, devices)
		}
	default:
		return nil, nil, usagef("%s: the file's name must end in .csv, .yaml or .yml", path)
	}
	switch {
	case err != nil:
		return nil, nil, err
	case len(devices) == 0:
		return nil, nil, usagef("%s: there is no device in it", path)
	}
	return devices, notes, nil
}

// uniqueDevices refuses a file that names a device twice: which of the two is
// meant cannot be known.
func uniqueDevices(path string, devices []client.NewDevice) error {
	seen := map[fleet.DeviceID]int{}
	for i, d := range devices {
		if first, twice := seen[d.ID]; twice {
			return usagef("%s: device %s is in it twice, as number %d and %d of its devices", path, d.ID, first+1, i+1)
		}
		seen[d.ID] = i
	}
	return nil
}

// isImport says whether a name is one that drydock device import reads.
func isImport(path string) bool {
	return slices.Contains([]string{".csv", ".yaml", ".yml"}, strings.ToLower(filepath.Ext(path)))
}

func readYAML(path string, raw []byte) (devices []client.NewDevice, err error) {
	asJSON, err := yaml.YAMLToJSON(raw)
	if err != nil {
		return nil, usagef("%s: %s", path, yaml.FormatError(err, false, true))
	}
	if err := strictJSON(asJSON, &devices); err != nil {
		return nil, usagef("%s: a list of devices is expected: %v", path, err)
	}
	return devices, nil
}

// pageSize is how many devices one request asks for.
const pageSize = 5000

// allDevices follows the pages of a device list.
func allDevices(ctx context.Context, api *client.Client, q client.DeviceQuery) ([]fleet.Device, error) {
	wanted := q.Limit
	all := []fleet.Device{}
	for {
		q.Limit = pageSize
		if wanted > 0 {
			q.Limit = min(pageSize, wanted-len(all))
		}
		page, err := api.Devices(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < q.Limit || wanted > 0 && len(all) >= wanted {
			return all, nil
		}
		q.After = string(page[len(page)-1].ID)
	}
}

// WriteDevices writes devices as a file for drydock device import: CSV or YAML,
// as its name says. It holds secrets and is readable by its owner only.
func WriteDevices(path string, devices []client.NewDevice) error {
	if strings.ToLower(filepath.Ext(path)) == ".csv" {
		return os.WriteFile(path, []byte(csvOf(devices)), 0o600)
	}
	raw, err := yamlOf(devices)
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}

func csvOf(devices []client.NewDevice) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"id", "address", "driver", "snmp", "community", "labels"})
	for _, d := range devices {
		var pairs []string
		for _, k := range sortedKeys(d.Labels) {
			pairs = append(pairs, k+"="+d.Labels[k])
		}
		_ = w.Write([]string{cell(string(d.ID)), cell(d.Address), cell(d.Driver), d.Credentials.Version, cell(d.Credentials.Community), cell(strings.Join(pairs, ";"))})
	}
	w.Flush() // a strings.Builder takes everything
	return b.String()
}

// isFormula says whether a spreadsheet takes a cell for one.
func isFormula(text string) bool {
	return text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0]))
}

// cell is a text as a cell of CSV that no spreadsheet runs: devices name
// themselves. An apostrophe says that it is text; uncell takes it away again.
func cell(text string) string {
	if isFormula(strings.TrimLeft(text, "'")) {
		return "'" + text
	}
	return text
}

// uncell is the inverse of cell.
func uncell(text string) string {
	if after, ok := strings.CutPrefix(text, "'"); ok && isFormula(strings.TrimLeft(after, "'")) {
		return after
	}
	return text
}
