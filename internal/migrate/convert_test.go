package migrate

import (
	"strings"
	"testing"
)

func TestConvert(t *testing.T) {
	ini := "; board\nHost = iad-1\n[SIP Params]\nPROXYIP = 10.0.0.1\n[ Codec ]\nFORMAT Index = Name, Rate;\nCodec 0 = pcma, 20;\nCodec 1 = \"g 729\", 30;\n[ \\Codec ]\n"
	for to, want := range map[string]string{
		"xml": `<configuration>
  <!-- board -->
  <Host>iad-1</Host>
  <entry key="SIP Params">
    <PROXYIP>10.0.0.1</PROXYIP>
  </entry>
  <Codec>
    <entry key="0">
      <Name>pcma</Name>
      <Rate>20</Rate>
    </entry>
    <entry key="1">
      <Name>g 729</Name>
      <Rate>30</Rate>
    </entry>
  </Codec>
</configuration>
`,
		"json": `{
    "Host": "iad-1",
    "SIP Params": {
        "PROXYIP": "10.0.0.1"
    },
    "Codec": {
        "0": {
            "Name": "pcma",
            "Rate": "20"
        },
        "1": {
            "Name": "g 729",
            "Rate": "30"
        }
    }
}
`,
		"yaml":     "# board\nHost: iad-1\nSIP Params:\n  PROXYIP: 10.0.0.1\nCodec:\n  \"0\":\n    Name: pcma\n    Rate: \"20\"\n  \"1\":\n    Name: g 729\n    Rate: \"30\"\n",
		"ini":      "; board\nHost = iad-1\n[SIP Params]\nPROXYIP = 10.0.0.1\n[Codec.0]\nName = pcma\nRate = 20\n[Codec.1]\nName = g 729\nRate = 30\n",
		"uci":      "config main\n\toption Host 'iad-1'\n# board\nconfig 'SIP Params'\n\toption PROXYIP '10.0.0.1'\nconfig Codec '0'\n\toption Name 'pcma'\n\toption Rate '20'\nconfig Codec '1'\n\toption Name 'g 729'\n\toption Rate '30'\n",
		"keyvalue": "", // a key with a blank
	} {
		checkConvert(t, "ini", ini, to, want)
	}
	json := `{"a": {"l": ["x", 5], "o": [{"k": true}, {"k": null}], "e": {}}, "@v": "1"}`
	checkConvert(t, "json", json, "yaml", "a:\n  l:\n    - x\n    - 5\n  o:\n    -\n      k: true\n    -\n      k: null\n  e:\n\"@v\": \"1\"\n")
	checkConvert(t, "json", json, "uci", "config main\n\toption @v '1'\nconfig a\n\tlist l 'x'\n\tlist l '5'\nconfig a 'o'\n\toption k 'true'\nconfig a 'o'\n\toption k 'null'\nconfig a 'e'\n")
	checkConvert(t, "json", `{"a": {"l": ["x", "y"]}}`, "keyvalue", "a.l=x\na.l=y\n")
	checkConvert(t, "json", `{"a": {"l": ["x", "y"], "@b": "c"}}`, "xml", "<configuration>\n  <a b=\"c\">\n    <l>x</l>\n    <l>y</l>\n  </a>\n</configuration>\n")
	checkConvert(t, "xml", "<c><a b='1'><l>x</l><l>y</l></a></c>", "json", "{\n    \"a\": {\n        \"@b\": \"1\",\n        \"l\": [\n            \"x\",\n            \"y\"\n        ]\n    }\n}\n")
	checkConvert(t, "uci", "config interface 'lan'\n\toption proto 'static'\n\tlist dns '1.1.1.1'\n\tlist dns '2.2.2.2'\n", "yaml", "interface:\n  lan:\n    proto: static\n    dns:\n      - 1.1.1.1\n      - 2.2.2.2\n")
	checkConvert(t, "xml", "<c v='1'/>", "xml", "<configuration v=\"1\"/>\n")
	checkConvert(t, "indented", "a\n", "json", "")
}

// checkConvert holds a conversion to what is wanted ("" = an error), and its
// origins to the lines that there are.
func checkConvert(t *testing.T, from, input, to, want string) {
	t.Helper()
	d, err := Parse(from, []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	made, origins, err := Convert(d, to)
	if want == "" {
		if err == nil {
			t.Errorf("%s to %s: no error, but %s", from, to, made.Bytes())
		}
		return
	}
	if err != nil {
		t.Errorf("%s to %s: %v", from, to, err)
		return
	}
	if got := string(made.Bytes()); got != want {
		t.Errorf("%s to %s: got\n%s\nwant\n%s", from, to, got, want)
	}
	if len(origins) != strings.Count(want, "\n") {
		t.Errorf("%s to %s: %d origins", from, to, len(origins))
	}
	seen := map[int]bool{}
	for _, lines := range origins {
		for _, line := range lines {
			seen[line] = true
		}
	}
	for i, line := range strings.Split(strings.TrimSuffix(input, "\n"), "\n") {
		lost := to == "json" && strings.HasPrefix(line, ";") || from == "xml" && strings.HasPrefix(line, "<c v=")
		if !seen[i+1] && !lost && !strings.Contains(line, "FORMAT") && !strings.Contains(line, `\Codec`) {
			t.Errorf("%s to %s: nothing comes from line %d %q", from, to, i+1, line)
		}
	}
}

const convertPack = `
pack: gateway
format: ini
version: "** > Version {version}"
categories:
  protocol: [SIP]
steps:
  - from: "7"
    to: "8"
    rules:
      - {id: proxy, why: w, detect: {in: [SIP], line: "PROXYIP {ip}"}, rename: {line: "ProxyAddress {ip}"}}
      - {id: gone, why: w, detect: {in: [SIP], line: "Old {x}"}, delete: {because: gone}}
    convert: xml
  - from: "8"
    to: "9"
    rules:
      - {id: port, why: w, detect: {in: [configuration, SIP], line: "Port {p}"}, set-default: {capture: p, old: "5060", new: "5061"}}
      - {id: ask, why: w, severity: warning, message: "m {p}", detect: {in: [configuration, SIP], line: "Ask {p}"}, rename: {line: "Asked {p}"}}
      - {id: deep, why: w, detect: {in: [configuration], line: SIP}, add: {to: [configuration, SIP, New], line: "@a 1"}}
`

func TestConvertInAPack(t *testing.T) {
	p := packFrom(t, convertPack)
	input := "; c\nVersion = 7\n\n[SIP]\nPROXYIP = 10.0.0.1\nOld = 1\nPort = 5060\nAsk = 3\nx = y\n"
	want := "<configuration>\n  <!-- c -->\n  <Version>9</Version>\n  <SIP>\n    <ProxyAddress>10.0.0.1</ProxyAddress>\n    <Port>5061</Port>\n    <Asked>3</Asked>\n    <x>y</x>\n    <New a=\"1\"></New>\n  </SIP>\n</configuration>\n"
	r, err := p.Apply("", "9", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	if string(r.Output) != want {
		t.Errorf("got\n%s", r.Output)
	}
	checkAccount(t, []byte(input), r)
	for line, rule := range map[int]string{1: "convert", 2: "version", 3: "convert", 5: "proxy", 6: "gone", 7: "convert", 9: "convert"} {
		if f := r.Fates[line-1]; f.Rule != rule || (f.Fate == Dropped) != (line == 3 || line == 6) {
			t.Errorf("line %d: %+v", line, f)
		}
	}
	if got := r.Summary[ProtocolData]; got.Changed != 5 || got.Dropped != 1 {
		t.Errorf("summary %+v", r.Summary)
	}
	if len(r.Findings) != 1 || r.Findings[0].Line != 8 {
		t.Errorf("findings %+v", r.Findings)
	}
	again, err := p.Apply("", "9", r.Output)
	if err != nil || again.Needed {
		t.Errorf("again: %v", err)
	}
	middle, err := p.Apply("7", "8", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	end, err := p.Apply("", "", middle.Output)
	if err != nil || string(end.Output) != want {
		t.Errorf("in two parts: %v", err)
	}
	if v, ok := p.DetectVersion(middle.Output); !ok || v != "8" {
		t.Errorf("version %q", v)
	}
}
