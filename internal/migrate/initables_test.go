package migrate

import (
	"strings"
	"testing"
	"testing/fstest"
)

const gatewayPack = `
pack: gateway
format: ini
case: ignored
version: ";Software Version: {version}"
steps:
  - from: "5.00A"
    to: "5.20A"
    rules:
      - {id: srv, why: w, detect: {in: ["**"], line: "EnableSRVQuery {v}"}, rename: {line: "DNSQueryType {v}"}}
      - {id: prefix, why: w, detect: {in: [PstnPrefix, "PstnPrefix {n}"], line: "PstnPrefix_TrunkGroupId {id}"}, set-default: {capture: id, old: "1", new: "7"}}
      - {id: proxy, why: w, detect: {in: ["SIP Params"], line: "ProxyIp {host}"}, move: {to: [ProxyIp, "ProxyIp 0"], line: "ProxyIp_IpAddress {host}"}}
      - {id: head, why: w, detect: {line: ProxyIp}, add: {to: [ProxyIp, "FORMAT ProxyIp_Index"], line: ProxyIp_IpAddress, unless: ProxyIp_IpAddress}}
      - {id: top, why: w, detect: {line: "Slot {n}"}, rename: {line: "Chassis {n}"}}
`

// gatewayInput has names in the cases that a device and its manual write, and
// a table whose rows no one may see.
const gatewayInput = ";Board: MP-118 FXS\r\n;Software Version: 5.00A.034.003\r\n\r\n[SIP PARAMS]\r\nENABLESRVQUERY = 1\r\n" +
	"ISPROXYUSED = 1\r\nPROXYIP = 192.0.2.1\r\nLogo = 'a b.gif'\r\n\r\n" +
	"[ PSTNPrefix ]\r\nFormat PstnPrefix_Index = PstnPrefix_DestPrefix, PSTNPREFIX_TrunkGroupId;\r\n" +
	"PstnPrefix 0 = \"a;b, c\", 1; (the PBX)\r\nPstnPrefix 1 = $$, 3;\r\n[ \\PstnPrefix ]\r\nslot = 2\r\n\r\n" +
	"[ DspTemplates ]\r\n;\r\n;  *** TABLE DspTemplates *** \r\n; This table contains hidden elements.\r\n[ \\DspTemplates ]\r\n"

func TestINITablesInAnyCase(t *testing.T) {
	want := strings.NewReplacer(
		"5.00A.034.003", "5.20A",
		"ENABLESRVQUERY = 1", "DNSQueryType = 1",
		"PROXYIP = 192.0.2.1\r\n", "",
		"slot = 2", "Chassis = 2",
		`"a;b, c", 1;`, `"a;b, c", 7;`,
	).Replace(gatewayInput) + "[ ProxyIp ]\r\nFORMAT ProxyIp_Index = ProxyIp_IpAddress;\r\nProxyIp 0 = 192.0.2.1;\r\n[ \\ProxyIp ]\r\n"
	p := packFrom(t, gatewayPack)
	r, err := p.Apply("", "", []byte(gatewayInput))
	if err != nil {
		t.Fatal(err)
	}
	if string(r.Output) != want {
		t.Errorf("%s in\n%s", firstDifference(r.Output, []byte(want)), r.Output)
	}
	checkAccount(t, []byte(gatewayInput), r)
	if v, ok := p.DetectVersion(r.Output); !ok || v != "5.20A" {
		t.Errorf("the result tells version %q, %v", v, ok)
	}
	again, err := p.Apply("", "5.20A", r.Output)
	if err != nil || again.Needed {
		t.Errorf("again: %v, %v", again, err)
	}
}

func TestCaseCountsUnlessIgnored(t *testing.T) {
	p := packFrom(t, strings.Replace(gatewayPack, "case: ignored\n", "", 1))
	r, err := p.Apply("", "", []byte(gatewayInput))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rules) != 1 || r.Rules[0].ID != versionRule {
		t.Errorf("rules fired: %+v", r.Rules)
	}
}

func TestPatternsSpellANameInOneWay(t *testing.T) {
	_, err := loadText(strings.Replace(gatewayPack, `line: "ProxyIp {host}"}`, `line: "PROXYIP {host}"}`, 1))
	if err == nil || !strings.Contains(err.Error(), `"PROXYIP" elsewhere`) {
		t.Errorf("error %v", err)
	}
}

func TestScriptPatternsIgnoreCaseToo(t *testing.T) {
	p, err := LoadPack(fstest.MapFS{
		"p/pack.yaml": {Data: []byte("pack: p\nformat: ini\ncase: ignored\nsteps:\n" +
			"  - {from: \"1\", to: \"2\", rules: [{id: r, why: w, script: \"a.star:f\"}]}\n")},
		"p/a.star": {Data: []byte("def f(c):\n    for line in c.find(\"SIP Params > OldName {v}\"):\n        line.rename(\"NewName\", line.value)\n")},
	}, "p")
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Apply("1", "2", []byte("[sip params]\nOLDNAME=1\nOTHER=1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "[sip params]\nNewName=1\nOTHER=1\n"; string(r.Output) != want {
		t.Errorf("%q, want %q", r.Output, want)
	}
}

// Names in conditions, in "unless" and of empty sections are such as well.
func TestCaseIsIgnoredInConditions(t *testing.T) {
	p := packFrom(t, `
pack: p
format: ini
case: ignored
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: cond, why: w, detect: {in: [SIP], line: "T1 {ms}"}, when: [{exists: "SIP > UseT1 1"}], rename: {line: "TimerT1 {ms}"}}
      - {id: add, why: w, detect: {line: Web Params}, add: {to: [Web Params], line: Https 1, unless: "Https {x}"}}
      - {id: not, why: w, detect: {line: SIP}, add: {to: [SIP], line: Keep 1, unless: "Keep {x}"}}
`)
	r, err := p.Apply("1", "2", []byte("[SIP]\nUSET1=1\nT1=500\nKEEP=0\n[WEB PARAMS]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "[SIP]\nUSET1=1\nTimerT1=500\nKEEP=0\n[WEB PARAMS]\nHttps=1\n"; string(r.Output) != want {
		t.Errorf("%q, want %q", r.Output, want)
	}
}

func TestRulesThatFitTheirResultInAnotherCase(t *testing.T) {
	p := packFrom(t, `
pack: p
format: ini
case: ignored
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: a, why: w, detect: {line: "Old {v}"}, rename: {line: "NEW {v}"}}
      - {id: b, why: w, detect: {line: "New {v}"}, rename: {line: "Newest {v}"}}
`)
	if r, err := p.Apply("1", "2", []byte("OLD=1\n")); err == nil || !strings.Contains(err.Error(), "applied again") {
		t.Errorf("result %v, error %v", r != nil, err)
	}
}

// What one step adds and a later one leaves to a person, comes from the step
// that added it.
func TestAddedLineThatIsLeftToAPerson(t *testing.T) {
	p := packFrom(t, `
pack: p
format: ini
steps:
  - {from: "1", to: "2", rules: [{id: add, why: w, detect: {line: A}, add: {to: [A], line: New 1, unless: "New {v}"}}]}
  - {from: "2", to: "3", rules: [{id: ask, why: w, detect: {in: [A], line: "New {v}"}, manual: {message: m}}]}
`)
	input := []byte("[A]\nx=1\n")
	r, err := p.Apply("1", "3", input)
	if err != nil {
		t.Fatal(err)
	}
	checkAccount(t, input, r)
	if last := r.Origins[len(r.Origins)-1]; last.Rule != "add" || len(r.Findings) != 1 {
		t.Errorf("origin %+v, findings %+v", last, r.Findings)
	}
}
