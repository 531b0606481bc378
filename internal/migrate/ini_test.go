package migrate

import (
	"strings"
	"testing"
)

const iniPack = `
pack: gateway
format: ini
version: INIFileVersion {version}
categories:
  protocol: [SIP Params]
steps:
  - from: "7"
    to: "8"
    rules:
      - {id: proxy, why: w, detect: {in: [SIP Params], line: "PROXYIP {ip}"}, rename: {line: "ProxyAddress {ip}"}}
      - {id: t1, why: w, detect: {in: [SIP Params], line: "SipT1 {ms}"}, set-default: {capture: ms, old: "500", new: "700"}}
      - {id: ntp, why: w, detect: {line: "NTPServer {ip}"}, move: {to: [Time], line: "Server {ip}"}}
      - {id: up, why: w, detect: {in: [System], line: "Contact {who...}"}, move: {to: []}}
      - {id: gone, why: w, detect: {line: Legacy}, delete: {because: no such board}}
      - {id: add, why: w, detect: {line: SIP Params}, add: {to: [SIP Params], line: IsProxyUsed 1, unless: "IsProxyUsed {x}"}}
`

func TestINIMigration(t *testing.T) {
	input := "; board\nINIFileVersion = 7\nNTPServer = 127.0.0.1\n\n[SIP Params]\nPROXYIP = 127.0.0.2 \nSipT1=500\nempty =\n\n" +
		"; the old board\n[Legacy]\na = 1\n\n[System]\nContact = the noc\n"
	want := "; board\nINIFileVersion = 8\nContact = the noc\n\n[SIP Params]\nProxyAddress = 127.0.0.2 \nSipT1=700\nempty =\nIsProxyUsed = 1\n\n" +
		"; the old board\n\n[System]\n[Time]\nServer = 127.0.0.1\n"
	p := packFrom(t, iniPack)
	r, err := p.Apply("", "8", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	if string(r.Output) != want {
		t.Errorf("%s in\n%s", firstDifference(r.Output, []byte(want)), r.Output)
	}
	checkAccount(t, []byte(input), r)
	if got := r.Summary[ProtocolData]; got != (Counts{Kept: 2, Changed: 2}) {
		t.Errorf("protocol data: %+v", got)
	}
	again, err := p.Apply("7", "8", r.Output)
	if err != nil || again.Needed {
		t.Errorf("again: %v, %v", again, err)
	}
}

func TestINIHasNoBlockInsideOfABlock(t *testing.T) {
	_, err := loadText(strings.Replace(iniPack, "to: [Time]", "to: [Time, Servers]", 1))
	if err == nil || !strings.Contains(err.Error(), "no block inside of a block") {
		t.Errorf("error %v", err)
	}
	p := packFrom(t, strings.Replace(iniPack, `line: Legacy}, delete: {because: no such board}`, `line: Legacy}, move: {to: [System]}`, 1))
	r, err := p.Apply("7", "8", []byte("[Legacy]\na = 1\n[System]\n"))
	if r != nil || err == nil || !strings.Contains(err.Error(), "rule gone") {
		t.Errorf("result %v, error %v", r != nil, err)
	}
}

func TestINIKeysWithBlanks(t *testing.T) {
	p := packFrom(t, `
pack: p
format: ini
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: r, why: w, detect: {line: '"my key" {v...}'}, rename: {line: '"your key" {v}'}}
`)
	r, err := p.Apply("1", "2", []byte("my key : x = a b\nmy key=a b\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "my key : x = a b\nyour key=a b\n"; string(r.Output) != want {
		t.Errorf("%q, want %q", r.Output, want)
	}
}
