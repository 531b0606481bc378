package migrate

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: %q, want %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("the end: %d lines, want %d", len(g), len(w))
}

func packFrom(t testing.TB, text string) *Pack {
	t.Helper()
	p, err := loadText(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func loadText(text string) (*Pack, error) {
	return LoadPack(fstest.MapFS{"p/pack.yaml": {Data: []byte(text)}}, "p")
}

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

func plainLines(data []byte) []string {
	text := string(data)
	if text == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// checkAccount holds a result to law 7: each input line has one fate, each
// output line one origin, and the two agree with the bytes and each other.
func checkAccount(t failer, input []byte, r *Result) {
	t.Helper()
	in, out := plainLines(input), plainLines(r.Output)
	if len(r.Fates) != len(in) || len(r.Origins) != len(out) {
		t.Fatalf("%d fates for %d lines, %d origins for %d lines", len(r.Fates), len(in), len(r.Origins), len(out))
	}
	for i, f := range r.Fates {
		if f.Line != i+1 || f.Text != in[i] {
			t.Fatalf("fate %d is of line %d %q, want %q", i, f.Line, f.Text, in[i])
		}
		if (f.Fate == Dropped) != (len(f.Outputs) == 0) || (f.Fate == Kept) != (f.Rule == "") || (f.Fate == Kept) != (f.Because == "") {
			t.Errorf("line %d has the fate %+v", f.Line, f)
		}
		for _, o := range f.Outputs {
			if (f.Fate == Kept || f.Fate == Undone) && out[o-1] != in[i] {
				t.Errorf("line %d is %s, but %q became %q", f.Line, f.Fate, in[i], out[o-1])
			}
			if !slices.Contains(r.Origins[o-1].Inputs, f.Line) {
				t.Errorf("line %d says it became %d, whose origin is %+v", f.Line, o, r.Origins[o-1])
			}
		}
	}
	for i, o := range r.Origins {
		if o.Line != i+1 || len(o.Inputs) == 0 && o.Rule == "" {
			t.Errorf("output line %d has the origin %+v", i+1, o)
		}
	}
	if r.Needed == bytes.Equal(input, r.Output) {
		t.Errorf("needed is %v, but equality of input and output is too", r.Needed)
	}
	checkSummary(t, len(in), r)
}

func checkSummary(t failer, in int, r *Result) {
	t.Helper()
	var sum Counts
	for _, c := range r.Summary {
		sum.Kept, sum.Changed, sum.Dropped = sum.Kept+c.Kept, sum.Changed+c.Changed, sum.Dropped+c.Dropped
		sum.Manual, sum.Added = sum.Manual+c.Manual, sum.Added+c.Added
	}
	added := 0
	for _, o := range r.Origins {
		if len(o.Inputs) == 0 {
			added++
		}
	}
	if sum.Kept+sum.Changed+sum.Dropped+sum.Manual != in || sum.Added != added {
		t.Errorf("the summary %+v does not add up to %d lines, %d of them added", sum, in, added)
	}
}

// anyConfiguration draws configurations of the demo device that have been
// through human hands: unknown lines, comments, odd indentation, CRLF.
func anyConfiguration(version string) *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		eol := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "eol")
		unit := rapid.SampledFrom([]string{" ", "  ", "\t"}).Draw(t, "unit")
		var b strings.Builder
		write := func(depth int, text string) {
			b.WriteString(strings.Repeat(unit, depth) + text + eol)
		}
		noise := func(depth int) {
			switch rapid.IntRange(0, 9).Draw(t, "noise") {
			case 0:
				write(depth, "! a note")
			case 1:
				write(0, "")
			case 2:
				write(0, "# at the margin")
			case 3:
				write(depth, "unheard-of "+rapid.StringMatching(`[a-z"]{1,5}( [a-z0-9"{}*]{1,4}){0,3}`).Draw(t, "words"))
			}
		}
		if version != "" {
			write(0, "config-version "+version)
		}
		for range rapid.IntRange(0, 8).Draw(t, "blocks") {
			noise(0)
			block := rapid.SampledFrom(vocabulary()).Draw(t, "block")
			write(0, block[0])
			for range rapid.IntRange(0, 5).Draw(t, "lines") {
				if len(block) > 1 {
					noise(1)
					write(1, rapid.SampledFrom(block[1:]).Draw(t, "line"))
				}
			}
			if rapid.Bool().Draw(t, "separator") {
				write(0, "!")
			}
		}
		if rapid.Bool().Draw(t, "whole") {
			write(0, "end")
		}
		text := b.String()
		if rapid.Bool().Draw(t, "open") {
			text = strings.TrimSuffix(text, eol)
		}
		return []byte(text)
	})
}

// vocabulary is blocks of the demo device, each with lines that stand in it.
func vocabulary() [][]string {
	return [][]string{
		{"user-data", "subscriber 1", "codec g711a", "expires 3600"},
		{"port fxs 1", "codec g711a", "codec g711u", "codec g729", "echo-cancel on", "echo-cancel off", "tx-gain -3"},
		{"port fxs 2", "codec  g711u", "echo-cancel on", "fax t38", "registrar 127.0.0.1"},
		{"interface wan 0", "ip dhcp", "ip address 127.0.0.9 255.0.0.0", "mtu 1500"},
		{"protocol sip", "registrar 127.0.0.1", "proxy 127.0.0.1:5062", "expires 3600", "expires 600", "session-timer off"},
		{"default", "dial-timeout 10", "jitter-buffer 60", "jitter-buffer 80", "codec g711a"},
		{"ntp server 127.0.0.1", "version 4"},
		{"ntp server 127.0.0.2"},
		{"service ntp", "server 127.0.0.3"},
		{"snmp-agent trap-host 127.0.0.1 162"},
		{"banner motd ^C" + "\n codec g711a\n^C"},
		{"codec g711a"},
		{"jitter-buffer 60"},
	}
}

// sourceNames lists the package's Go files.
func sourceNames() ([]string, error) { return filepath.Glob("*.go") }
