package driver

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

const (
	supportBegins = "<!-- begin support: written by go test ./internal/driver -rewrite -->\n"
	supportEnds   = "<!-- end support -->\n"
)

// TestSupportTable holds the tables of docs/drivers.md to the drivers.
func TestSupportTable(t *testing.T) {
	const file = "../../docs/drivers.md"
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(content), supportBegins)
	old, after, ends := strings.Cut(rest, supportEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the support table", file)
	}
	want := supportTable(ownDrivers(t))
	if *rewrite {
		if err := os.WriteFile(file, []byte(before+supportBegins+want+supportEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != want {
		t.Errorf("the support table of %s is not that of the drivers; run go test ./internal/driver -rewrite", file)
	}
}

func supportTable(set *Set) string {
	var b strings.Builder
	b.WriteString("\n| driver | for | operations | protocols | status source |\n|---|---|---|---|---|\n")
	for _, name := range set.Names() {
		d, _ := set.Get(name)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", name, d.description, strings.Join(d.operations(), ", "),
			strings.Join(d.protocols, ", "), strings.Join(d.statusSources(), "; "))
	}
	b.WriteString("\nWhat a family cannot do by SNMP, and its limits:\n")
	for _, name := range set.Names() {
		d, _ := set.Get(name)
		fmt.Fprintf(&b, "\n**%s**\n\n", name)
		for _, op := range Operations() {
			if text := d.cannot[op]; text != "" {
				fmt.Fprintf(&b, "- no %s: %s\n", op, text)
			}
		}
		for _, limit := range Limits() {
			if text := d.Limit(limit); text != "" {
				fmt.Fprintf(&b, "- no %s: %s\n", limit, text)
			}
		}
		fmt.Fprintf(&b, "- limits: %s\n", strings.Join(d.limits(), "; "))
	}
	return b.String() + "\n"
}

// operations are those that have an effect, as users know them.
func (d *Driver) operations() (all []string) {
	for _, op := range Operations() {
		if d.Has(op) && !op.IsRead() {
			all = append(all, string(op))
		}
	}
	if len(all) == 0 {
		return []string{"identity only"}
	}
	return all
}

// statusSources says from where it is known how an operation went.
func (d *Driver) statusSources() []string {
	seen := map[string]bool{}
	for _, op := range []Operation{Backup, Update} {
		p := d.programs[op]
		if p == nil {
			continue
		}
		polled := false
		for _, a := range p.actions {
			poll, ok := a.do.(*pollStep)
			if !ok {
				continue
			}
			polled = true
			where := "its row"
			switch {
			case poll.find != nil:
				where = "the row that " + poll.find.column.name + " names"
			case poll.shared:
				where = "shared by all transfers"
			}
			seen[fmt.Sprintf("%s (%s)", poll.status.object.name, where)] = true
		}
		if !polled {
			seen["the file server and the restart"] = true
		}
	}
	if len(seen) == 0 {
		return []string{"-"}
	}
	return slices.Sorted(maps.Keys(seen))
}

// limits are the family's peculiarities in words.
func (d *Driver) limits() (all []string) {
	add := func(when bool, format string, args ...any) {
		if when {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	q := d.quirks
	add(d.format != "", "configurations are `%s`", d.format)
	add(q.MaxNameLength > 0, "file names of at most %d characters", q.MaxNameLength)
	add(q.MaxBlksize > 0, "TFTP blocks of at most %d octets", q.MaxBlksize)
	add(q.FTPMode != "any", "FTP %s only", q.FTPMode)
	add(len(q.SNMPVersions) > 0, "SNMP %s", strings.Join(q.SNMPVersions, ", "))
	add(q.MaxVarbinds > 0, "at most %d objects in a PDU", q.MaxVarbinds)
	add(q.SilentWrites, "silent while it writes flash")
	add(q.EngineIDChanges, "a new software brings a new engine ID")
	add(q.AnySource, "answers from another address than the one asked")
	add(d.needsIPv4(), "file server by IPv4 only")
	for _, name := range slices.Sorted(maps.Keys(d.schema.vars)) {
		add(true, "each device needs the variable `%s` (%s)", name, d.schema.vars[name])
	}
	for _, op := range []Operation{Backup, Update, Recover, Reboot} {
		add(d.Has(op), "%s within %s", op, strings.TrimSuffix(d.timeouts[op].String(), "0s"))
	}
	if len(all) == 0 {
		return []string{"none known"}
	}
	return all
}

// needsIPv4 says that the address of the file server has no other object than
// an IpAddress.
func (d *Driver) needsIPv4() bool {
	v4, v6 := false, false
	for _, o := range d.schema.objects {
		v4 = v4 || o.kind == kindIPAddress || o.kind == kindTAddress
		v6 = v6 || o.kind == kindInetAddress
	}
	return v4 && !v6
}
