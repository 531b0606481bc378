package migrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// jsonPack has a rule of each kind, at the first, middle and last entries.
const jsonPack = `
pack: p
format: json
version: VERSIONS > VERSION {version}
steps:
  - from: v1
    to: v2
    rules:
      - {id: key, why: w, detect: {in: ["{p}"], line: "speed {s}"}, rename: {line: "rate {s}"}}
      - {id: mtu, why: w, detect: {in: ["{p}"], line: "mtu {m}"}, set-default: {capture: m, old: "9100", new: "9216"}}
      - {id: block, why: w, detect: {line: "OLD"}, rename: {line: '"NEW NAME"'}}
      - {id: flat, why: w, detect: {line: "FLAT"}, rename: {line: "FLAT x"}}
      - {id: gone, why: w, detect: {line: "GONE"}, delete: {because: gone}}
      - {id: deep, why: w, detect: {in: ["**"], line: "drop {x}"}, delete: {because: gone}}
      - {id: moved, why: w, detect: {line: "ntp {a}"}, move: {to: [NTP, servers], line: "server {a}"}}
      - {id: home, why: w, detect: {in: [BOX], line: "B {x}"}, move: {to: [DEEP]}}
      - {id: add, why: w, detect: {line: ADD}, add: {to: [ADD], line: 'note "a new one"' }}
      - {id: add5, why: w, detect: {line: ADD5}, add: {to: [ADD5, more], line: "number =5"}}
      - {id: list, why: w, detect: {line: LIST}, add: {to: [LIST], line: last}}
`

func TestJSONRewriting(t *testing.T) {
	p := packFrom(t, jsonPack)
	for name, c := range map[string][2]string{
		"rename":         {"{\n  \"P\": {\n    \"speed\" : \"5\"\n  }\n}\n", "{\n  \"P\": {\n    \"rate\" : \"5\"\n  }\n}\n"},
		"kind":           {`{"P": {"mtu": 9100}, "Q": {"mtu": "9100"}}`, `{"P": {"mtu": 9216}, "Q": {"mtu": "9216"}}`},
		"blanks":         {`{"OLD":{"a":1}}`, `{"NEW NAME":{"a":1}}`},
		"first":          {"{\n\t\"GONE\": {\n\t\t\"a\": 1\n\t},\n\t\"b\": 1,\n\t\"c\": []\n}", "{\n\t\"b\": 1,\n\t\"c\": []\n}"},
		"last":           {"{\n \"b\": {\n },\n \"GONE\": {}\n}\n", "{\n \"b\": {\n }\n}\n"},
		"middle":         {`{ "a": 1, "GONE": [1,2], "c": 2 }`, `{ "a": 1, "c": 2 }`},
		"only":           {`{"GONE": {"x": 1}}`, `{}`},
		"all":            {"{\n  \"a\": {\n    \"drop\": 1,\n    \"drop\": 2\n  }\n}\n", "{\n  \"a\": {\n  }\n}\n"},
		"one line, last": {`{"x": {"a": 1, "drop": 1}, "y": 2}`, `{"x": {"a": 1}, "y": 2}`},
		"move":           {"{\n  \"ntp\": \"a\",\n  \"b\": 1\n}\n", "{\n  \"b\": 1,\n  \"NTP\": {\n    \"servers\": {\n      \"server\": \"a\"\n    }\n  }\n}\n"},
		"move in":        {"{\n  \"ntp\": \"a\",\n  \"NTP\": {\n    \"servers\": {}\n  }\n}\n", "{\n  \"NTP\": {\n    \"servers\": {\n      \"server\": \"a\"\n    }\n  }\n}\n"},
		"move up":        {`{"BOX": {"B": {"x": 1}}, "DEEP": {"z": 1}}`, `{"BOX": {"B": {"x": 1}}, "DEEP": {"z": 1}}`},
		"into {}":        {"{\n    \"ADD\": {},\n    \"c\": 1\n}", "{\n    \"ADD\": {\n        \"note\": \"a new one\"\n    },\n    \"c\": 1\n}"},
		"one line":       {`{"ADD": {"a": 1}}`, `{"ADD": {"a": 1, "note": "a new one"}}`},
		"into a list":    {`{"ntp":1,"NTP":[[]]}`, `{"NTP":[["server 1"]]}`},
		"flattened":      {"{\"FLAT\":[\n]\n}", "{\"FLAT\":\"x\"\n}"},
		"number":         {`{"ADD5": {}}`, `{"ADD5": {"more": {"number": 5}}}`},
		"behind":         {"{\n  \"ADD\": {\n    \"a\": {}\n  }\n}\n", "{\n  \"ADD\": {\n    \"a\": {},\n    \"note\": \"a new one\"\n  }\n}\n"},
		"list":           {"{\n  \"LIST\": [\n    \"a\"\n  ]\n}\n", "{\n  \"LIST\": [\n    \"a\",\n    \"last\"\n  ]\n}\n"},
		"[]":             {`{"LIST": []}`, `{"LIST": ["last"]}`},
		"version":        {`{"VERSIONS": {"VERSION": "v1"}}`, `{"VERSIONS": {"VERSION": "v2"}}`},
		"windows":        {"{\r\n  \"ADD\": {\r\n    \"a\": 1\r\n  }\r\n}\r\n", "{\r\n  \"ADD\": {\r\n    \"a\": 1,\r\n    \"note\": \"a new one\"\r\n  }\r\n}\r\n"},
		"twice":          {`{"a": 1, "a": 1, "GONE": {}, "GONE": []}`, `{"a": 1, "a": 1}`},
	} {
		r, err := p.Apply("v1", "v2", []byte(c[0]))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(r.Output) != c[1] {
			t.Errorf("%s: got\n%s\nwant\n%s", name, r.Output, c[1])
		}
		checkAccount(t, []byte(c[0]), r)
	}
}

func TestJSONTexts(t *testing.T) {
	input := `{"a":"b","n":5,"t":true,"e":"","s":"two words","q":"\"","u":"\u0041\u00e9","h":"\ud800","br":"{x}","eq":"=5","o":{},"l":["x",{"k":1},[],"-"],"Vlan1000|10.0.0.1/21":{"NULL":"NULL"}}`
	d, err := Parse("json", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	want := `a b|n 5|t true|e ""|s "two words"|q "\""|u Aé|h "\ud800"|br "{x}"|eq "=5"|o|l|l>x|l>-|l>->k 1|l>-|l>"-"|Vlan1000\|10.0.0.1/21|Vlan1000\|10.0.0.1/21>NULL NULL`
	if got := commandsOf(d); got != strings.ReplaceAll(want, `\|`, "|") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestJSONMalformed(t *testing.T) {
	for input, want := range map[string]string{
		"":                          "line 1, column 1: the end of the file; expected a value",
		"{\n \"a\": 1\n \"b\": 2}":  `line 3, column 2: found "\""; expected "," or "}"`,
		`{"a" 1}`:                   `line 1, column 6: found "1"; expected ":"`,
		`{"a": 1,}`:                 `line 1, column 9: found "}"; expected a key in double quotes`,
		`{a: 1}`:                    `line 1, column 2: found "a"; expected a key in double quotes or "}"`,
		`[1,]`:                      `line 1, column 4: found "]"; expected a value`,
		`[01]`:                      `line 1, column 2: found "0"; expected a number`,
		`{"a": "b`:                  `line 1, column 9: the string that begins in column 7 is not closed; expected "\""`,
		"[\"a\nb\"]":                `line 1, column 4: the string that begins in column 2 has the character '\n'; expected the closing "\""`,
		`["\x"]`:                    `line 1, column 3: an escape that JSON does not know`,
		`{"a": 1`:                   `line 1, column 8: the end of the file; expected "," or "}"`,
		"{}\n{}":                    `line 2, column 1: found "{"; expected the end of the file`,
		"[nope]":                    `line 1, column 2: found "n"; expected a value or "]"`,
		strings.Repeat("[", 10_000): `line 1, column 10001: the end of the file; expected a value or "]"`,
	} {
		_, err := Parse("json", []byte(input))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: error %v, want %s", input, err, want)
		}
	}
}

// TestJSONLaws holds migrations of any JSON to what a JSON reader sees.
func TestJSONLaws(t *testing.T) {
	p := packFrom(t, jsonPack)
	rapid.Check(t, func(t *rapid.T) {
		text := anyJSON(0).Draw(t, "json")
		if !json.Valid([]byte(text)) {
			t.Fatalf("the generator made %q", text)
		}
		d, err := Parse("json", []byte(text))
		if err != nil || string(d.Bytes()) != text {
			t.Fatalf("%q became %q, %v", text, d.Bytes(), err)
		}
		if !strings.HasPrefix(strings.TrimSpace(text), "{") {
			return
		}
		r, err := p.Apply("v1", "v2", []byte(text))
		if err != nil {
			t.Fatalf("%v", err)
		}
		if !json.Valid(r.Output) {
			t.Fatalf("%s became %s", text, r.Output)
		}
		checkAccount(t, []byte(text), r)
		if again, err := p.Apply("v1", "v2", r.Output); err != nil || again.Needed {
			t.Fatalf("again: %v", err)
		}
	})
}

// anyJSON draws values in all kinds of layout, with the pack's words in them.
func anyJSON(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		space := rapid.SampledFrom([]string{"", "", " ", "\n", "\n  ", "\r\n\t", "\n\n "})
		scalars := []string{`1`, `-2.5e3`, `true`, `null`, `""`, `"a b"`, `"\u00e9\\"`, `"9100"`, `9100`}
		kind := rapid.IntRange(0, 9).Draw(t, "kind")
		if depth == 0 && kind > 0 {
			kind = 9
		}
		if kind < 5 || depth > 4 {
			return rapid.SampledFrom(scalars).Draw(t, "scalar")
		}
		open, shut := "[", "]"
		if kind > 6 {
			open, shut = "{", "}"
		}
		var b strings.Builder
		b.WriteString(open)
		for i := range rapid.IntRange(0, 4).Draw(t, "entries") {
			if i > 0 {
				b.WriteString(space.Draw(t, "s") + ",")
			}
			b.WriteString(space.Draw(t, "s"))
			if open == "{" {
				keys := []string{"a", "GONE", "drop", "ADD", "LIST", "ntp", "NTP", "OLD", "speed", "mtu", "BOX", "ADD5", "B", "servers"}
				fmt.Fprintf(&b, "%q%s:%s", rapid.SampledFrom(keys).Draw(t, "key"), space.Draw(t, "s"), space.Draw(t, "s"))
			}
			b.WriteString(anyJSON(depth+1).Draw(t, "value"))
		}
		return b.String() + space.Draw(t, "s") + shut
	})
}

func TestJSONDeepAndLarge(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 5_000) + strings.Repeat("]}", 5_000)
	large := "[" + strings.Repeat(`"0123456789012345678901234567890123456789",`+"\n", 1_000_000) + "1]"
	for name, input := range map[string]string{"deep": deep, "large": large} {
		roundTrip(t, "json", []byte(input))
		if name == "deep" {
			if _, err := Compare(CompareRules{Format: "json"}, Categoriser{}, []byte(input), []byte(input)); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := Parse("json", bytes.Repeat([]byte("["), 50<<20)); err == nil || !strings.Contains(err.Error(), "values") {
		t.Errorf("error %v", err)
	}
}

// TestJSONManyChanges: what rules do to a file is linear in its size.
func TestJSONManyChanges(t *testing.T) {
	input := "{\"a\": [\n" + strings.Repeat("{\"keep\": 1, \"drop\": 2},\n", 50_000) + "{\"drop\": 1}]}\n"
	r, err := packFrom(t, jsonPack).Apply("v1", "v2", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.ReplaceAll(strings.ReplaceAll(input, ", \"drop\": 2", ""), "\"drop\": 1", ""); string(r.Output) != want {
		t.Errorf("%s", firstDifference(r.Output, []byte(want)))
	}
}

func TestJSONCompare(t *testing.T) {
	expected := `{"a": 1, "b": {"c": "x", "d": ["1", "2"]}}`
	for got, want := range map[string]int{
		`{"b": {"d": ["1", "2"], "c": "x"}, "a": 1}`:                     0,
		"{\n\"b\": {\"d\":[\"1\",\"2\"], \"c\": \"\\u0078\"}, \"a\": 1}": 0,
		`{"a": "1", "b": {"c": "x", "d": ["1", "2"]}}`:                   1,
		`{"a": 1, "b": {"c": "x", "d": ["2", "1"]}}`:                     1,
		`{"a": 1, "b": {"c": "y", "d": ["1", "2"]}}`:                     1,
		`{"a": 1, "b": {"d": ["1", "2"]}}`:                               1,
	} {
		diffs, err := Compare(CompareRules{Format: "json"}, Categoriser{}, []byte(expected), []byte(got))
		if err != nil || len(diffs) != want {
			t.Errorf("%s: %v, %v", got, diffs, err)
		}
	}
}

// TestJSONFixtures: real configurations come out byte for byte.
func TestJSONFixtures(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(sharedFolder(t), "fixtures/sonic/*.json"))
	if len(files) < 90 {
		t.Fatalf("%d files", len(files))
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Parse("json", data)
		if err != nil || !bytes.Equal(d.Bytes(), data) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sharedFolder finds the fixtures that are kept beside the repository.
func sharedFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		for _, shared := range []string{filepath.Join(dir, "shared"), filepath.Join(dir, "..", "shared")} {
			if _, err := os.Stat(filepath.Join(shared, "fixtures")); err == nil {
				return shared
			}
		}
	}
	if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
		t.Fatal("there is no ../shared with the fixtures")
	}
	t.Skip("there is no ../shared with the fixtures")
	return ""
}
