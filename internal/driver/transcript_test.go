package driver

import (
	"encoding/hex"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/secret"
)

var rewrite = flag.Bool("rewrite", false, "write what was asked into the transcripts")

// TestTranscripts plays testdata/transcripts/*.txt: lines with "> " are what
// is given, lines with "< " what is asked for it; the rest is comment.
//
//	> driver NAME
//	> start OPERATION MODE [protocol=ftp] [index=7] [version=1.2] [since=90s] [file=ROLE:NAME:SIZE]...
//	> ok                     a SET was taken, a wait is over
//	> woken 500ms            a wait ended early
//	> values V...            to a GET, in its order: 3, "text", missing, 0x0a0b, ip:192.0.2.1, oid:1.3.6
//	> rows INSTANCE=V...     to a walk
//	> files STATE...         to a look at the transfers: none, began:OCTETS, whole:OCTETS, failed:OCTETS
//	> no-answer | unclear | denied | refused STATUS INDEX
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if again := play(t, string(want)); again != got {
				t.Fatalf("played twice, it is not the same:\n%s", again)
			}
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s: want\n%s\ngot\n%s", file, want, got)
			}
		})
	}
}

// play gives the transcript with what was really asked.
func play(t *testing.T, script string) string {
	p := &player{t: t, now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	var out strings.Builder
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, "< ") {
			continue
		}
		out.WriteString(line)
		if given, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "> "); ok {
			for shown := range strings.Lines(p.give(strings.Fields(given))) {
				out.WriteString("< " + shown)
			}
		}
	}
	return out.String()
}

type player struct {
	t       *testing.T
	driver  *Driver
	machine *Machine
	last    Ask
	now     time.Time
}

func (p *player) give(words []string) string {
	switch words[0] {
	case "driver":
		p.driver = family(p.t, words[1])
		return ""
	case "start":
		return p.start(words[1:])
	}
	answer := p.answer(words)
	ask, err := p.machine.Next(answer, p.now)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	p.last = ask
	return p.show(ask)
}

func (p *player) start(words []string) string {
	in := Inputs{
		Index: 7, Protocol: "tftp", TFTPPort: 69, FTPPort: 21, ServerAddress: netip.MustParseAddr("192.0.2.1"), Version: "1.4.2",
	}
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "protocol":
			in.Protocol = value
		case "server":
			in.ServerAddress = netip.MustParseAddr(value)
		case "index":
			in.Index = uint32(p.number(value))
		case "version":
			in.Version = value
		case "since":
			d, err := time.ParseDuration(value)
			p.check(err)
			in.Since = p.now.Add(-d)
		case "file":
			f := strings.Split(value, ":")
			in.Files = append(in.Files, FileInput{Role: f[0], Name: f[1], Size: fleet.Bytes(p.number(f[2])), User: "dd",
				Password: secret.New("canary-password"), TargetName: f[0] + ".bin", Digest: fleet.DigestOf([]byte(f[1]))})
		default:
			p.t.Fatalf("start has no %q", key)
		}
	}
	m, ask, err := p.driver.Start(Operation(words[0]), Mode(words[1]), in, p.now)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	p.machine, p.last = m, ask
	return p.show(ask)
}

func (p *player) answer(words []string) Answer {
	failed := func(kind ErrKind) Answer { return Answer{Err: &AnswerError{Kind: kind, Text: string(kind)}} }
	switch words[0] {
	case "ok":
		if w, ok := p.last.(AskWait); ok {
			p.now = p.now.Add(w.For)
		}
		return Answer{}
	case "woken":
		d, err := time.ParseDuration(words[1])
		p.check(err)
		p.now = p.now.Add(d)
		return Answer{}
	case "values":
		return Answer{Varbinds: p.values(words[1:])}
	case "rows":
		var a Answer
		for _, w := range words[1:] {
			instance, value, _ := strings.Cut(w, "=")
			a.Varbinds = append(a.Varbinds, p.value(p.last.(AskWalk).OID+"."+instance, value))
		}
		return a
	case "files":
		return Answer{Transfers: p.files(words[1:])}
	case "refused":
		return Answer{Err: &AnswerError{Kind: Refused, Status: words[1], Index: int(p.number(words[2]))}}
	case "no-answer":
		p.now = p.now.Add(3 * time.Second)
		return failed(NoAnswer)
	}
	return failed(ErrKind(words[0]))
}

func (p *player) values(words []string) []Varbind {
	get, ok := p.last.(AskGet)
	if !ok || len(get.OIDs) != len(words) {
		p.t.Fatalf("values %v do not answer %s", words, p.show(p.last))
	}
	var all []Varbind
	for i, w := range words {
		all = append(all, p.value(get.OIDs[i], w))
	}
	return all
}

func (p *player) value(oid, w string) Varbind {
	switch {
	case w == "missing":
		return Varbind{OID: oid, Type: TypeMissing}
	case strings.HasPrefix(w, `"`):
		return Varbind{OID: oid, Type: TypeText, Text: strings.ReplaceAll(strings.Trim(w, `"`), "_", " ")}
	case strings.HasPrefix(w, "0x"):
		b, err := hex.DecodeString(w[2:])
		p.check(err)
		return Varbind{OID: oid, Type: TypeOctets, Bytes: b}
	case strings.HasPrefix(w, "ip:"):
		return Varbind{OID: oid, Type: TypeIPAddress, Text: w[3:]}
	case strings.HasPrefix(w, "oid:"):
		return Varbind{OID: oid, Type: TypeOID, Text: w[4:]}
	}
	return Varbind{OID: oid, Type: TypeInteger, Int: p.number(w)}
}

func (p *player) files(words []string) []Transfer {
	var all []Transfer
	for _, w := range words {
		state, octets, _ := strings.Cut(w, ":")
		tr := Transfer{Began: state != "none", Finished: state == "whole", Failed: state == "failed"}
		if octets != "" {
			tr.Octets = fleet.Bytes(p.number(octets))
		}
		all = append(all, tr)
	}
	return all
}

func (p *player) number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	p.check(err)
	return n
}

func (p *player) check(err error) {
	if err != nil {
		p.t.Helper()
		p.t.Fatal(err)
	}
}

// show prints an Ask, objects by their names.
func (p *player) show(ask Ask) string {
	switch a := ask.(type) {
	case AskGet:
		return "get " + p.names(a.OIDs) + "\n"
	case AskWalk:
		return fmt.Sprintf("walk %s, %d rows at most\n", p.name(a.OID), a.MaxRows)
	case AskSet:
		var b strings.Builder
		fmt.Fprintf(&b, "set effect=%v\n", a.Effect)
		for _, v := range a.Varbinds {
			fmt.Fprintf(&b, "  %s = %s %s\n", p.name(v.OID), v.Type, strings.TrimPrefix(fmt.Sprint(v), v.OID+" = "+v.Type+" "))
		}
		if len(a.ReadBack) > 0 {
			fmt.Fprintf(&b, "  read back %s\n", p.names(a.ReadBack))
		}
		return b.String()
	case AskWait:
		text := fmt.Sprintf("wait %s: %s", a.For, a.Detail)
		if a.Progress >= 0 {
			text += fmt.Sprintf(", %d %%", a.Progress)
		}
		if a.Accepted {
			text += " [accepted]"
		}
		return text + "\n"
	case AskTransfer:
		return "files\n"
	case AskDone:
		return p.showResult(a.Result)
	}
	return fmt.Sprintf("%#v\n", ask)
}

func (p *player) showResult(r Result) string {
	text := "done " + string(r.Verdict)
	for _, part := range []string{string(r.Cause), r.Detail} {
		if part != "" {
			text += ": " + part
		}
	}
	if r.Unclear {
		text += " [unclear]"
	}
	if r.Accepted {
		text += " [accepted]"
	}
	if r.Observed != nil {
		text += fmt.Sprintf(" %+v", *r.Observed)
	}
	if r.Free != nil {
		text += fmt.Sprintf(" free %d", *r.Free)
	}
	if r.Health != nil {
		text += fmt.Sprintf(" %v", r.Health)
	}
	return text + "\n"
}

func (p *player) names(oids []string) string {
	var all []string
	for _, oid := range oids {
		all = append(all, p.name(oid))
	}
	return strings.Join(all, " ")
}

func (p *player) name(oid string) string {
	var best *mibObject
	for _, o := range p.driver.schema.objects {
		if (oid == o.oid || strings.HasPrefix(oid, o.oid+".")) && (best == nil || len(o.oid) > len(best.oid)) {
			best = o
		}
	}
	if best == nil {
		return oid
	}
	return best.name + strings.TrimPrefix(oid, best.oid)
}
