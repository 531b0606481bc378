package cli

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"drydock/client"
	"drydock/internal/fleet"
)

// columns of a CSV import and where each goes.
var columns = map[string]func(d *client.NewDevice, c *client.Credentials, value string){
	"id":              func(d *client.NewDevice, _ *client.Credentials, v string) { d.ID = fleet.DeviceID(v) },
	"address":         func(d *client.NewDevice, _ *client.Credentials, v string) { d.Address = v },
	"driver":          func(d *client.NewDevice, _ *client.Credentials, v string) { d.Driver = v },
	"serial":          func(d *client.NewDevice, _ *client.Credentials, v string) { d.Serial = v },
	"snmp":            func(_ *client.NewDevice, c *client.Credentials, v string) { c.Version = v },
	"community":       func(_ *client.NewDevice, c *client.Credentials, v string) { c.Community = v },
	"write-community": func(_ *client.NewDevice, c *client.Credentials, v string) { c.WriteCommunity = v },
	"user":            func(_ *client.NewDevice, c *client.Credentials, v string) { c.User = v },
	"auth":            func(_ *client.NewDevice, c *client.Credentials, v string) { c.AuthProtocol = v },
	"auth-password":   func(_ *client.NewDevice, c *client.Credentials, v string) { c.AuthPassword = v },
	"priv":            func(_ *client.NewDevice, c *client.Credentials, v string) { c.PrivProtocol = v },
	"priv-password":   func(_ *client.NewDevice, c *client.Credentials, v string) { c.PrivPassword = v },
	"labels":          func(d *client.NewDevice, _ *client.Credentials, v string) { d.Labels = splitLabels(v) },
}

func splitLabels(text string) map[string]string {
	m := map[string]string{}
	for _, part := range strings.Split(text, ";") {
		if k, v, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			m[k] = v
		}
	}
	return m
}

// readDevices reads an import file by its ending.
func readDevices(path string) ([]client.NewDevice, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("%v", err)
	}
	var devices []client.NewDevice
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		devices, err = readCSV(path, string(raw))
	case ".yaml", ".yml":
		devices, err = readYAML(path, raw)
	default:
		return nil, usagef("%s: the file's name must end in .csv, .yaml or .yml", path)
	}
	switch {
	case err != nil:
		return nil, err
	case len(devices) == 0:
		return nil, usagef("%s: there is no device in it", path)
	}
	return devices, uniqueDevices(path, devices)
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

func readCSV(path, text string) (devices []client.NewDevice, err error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.TrimLeadingSpace = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, usagef("%s: the file is empty; its first line must name the columns, as id,address,driver,community", path)
	}
	if err != nil {
		return nil, usagef("%s: the first line must name the columns: %v", path, err)
	}
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
		if columns[header[i]] == nil {
			return nil, usagef("%s:1: there is no column %q; the columns are %s", path, name, strings.Join(sortedKeys(columns), ", "))
		}
	}
	for _, name := range []string{"id", "address", "driver"} {
		if !slices.Contains(header, name) {
			return nil, usagef("%s:1: the column %s is missing", path, name)
		}
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return devices, nil
		}
		if err != nil {
			return nil, usagef("%s: %v", path, err)
		}
		for i := range cells {
			cells[i] = uncell(cells[i])
		}
		line, _ := r.FieldPos(0)
		d, err := deviceFromCells(header, cells)
		if err != nil {
			return nil, usagef("%s:%d: %v", path, line, err)
		}
		devices = append(devices, d)
	}
}

func deviceFromCells(header, cells []string) (d client.NewDevice, err error) {
	creds := client.Credentials{}
	for i, value := range cells {
		if value != "" {
			columns[header[i]](&d, &creds, value)
		}
	}
	for name, value := range map[string]string{"id": string(d.ID), "address": d.Address, "driver": d.Driver} {
		if value == "" {
			return d, errors.New("the " + name + " is empty")
		}
	}
	if creds != (client.Credentials{}) {
		if creds.Version == "" {
			creds.Version = "v2c"
			if creds.User != "" {
				creds.Version = "v3"
			}
		}
		d.Credentials = &creds
	}
	return d, nil
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
