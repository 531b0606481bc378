package infer

import (
	"encoding/json"
	"fmt"
	"strings"
)

// pack writes the proposal as a pack's file, with the evidence in comments.
func (l *learner) pack() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# Proposed from %d pairs of configurations. Read each rule, say why, then use it:\n", len(l.pairs))
	fmt.Fprintf(&b, "#   drydock migrate check --pack FOLDER FILE...\n")
	fmt.Fprintf(&b, "pack: %s\nformat: %s\n", quote(l.o.Pack), l.o.Format)
	if l.version != "" {
		fmt.Fprintf(&b, "version: %s\n", quote(l.version))
	}
	fmt.Fprintf(&b, "\nsteps:\n  - from: %s\n    to: %s\n", quote(l.o.From), quote(l.o.To))
	if len(l.rules) == 0 {
		b.WriteString("    rules: []\n")
		return []byte(b.String())
	}
	b.WriteString("    rules:\n")
	for i, r := range l.rules {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "      # %s in %s, as %s\n", count(r.Lines, "line"), count(r.Pairs, "pair"), Comment(r.Example.String()))
		for _, d := range r.Doubts {
			fmt.Fprintf(&b, "      # doubt: %s\n", Comment(d))
		}
		fmt.Fprintf(&b, "      - id: %s\n        why: %s\n%s", r.ID, quote("seen in "+count(r.Pairs, "pair")+": say here why the new version wants it"), r.document)
	}
	return []byte(b.String())
}

// detect writes the place that a rule is matched by.
func detect(in, words []string) string {
	var b strings.Builder
	b.WriteString("        detect:\n")
	if len(in) > 0 {
		quoted := make([]string, len(in))
		for i, block := range in {
			quoted[i] = quote(block)
		}
		fmt.Fprintf(&b, "          in: [%s]\n", strings.Join(quoted, ", "))
	}
	fmt.Fprintf(&b, "          line: %s\n", quote(strings.Join(words, " ")))
	return b.String()
}

// quote writes a string as YAML takes it in any case: as JSON does.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return `""` // a string always has a JSON form
	}
	return string(text)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Comment gives a text as a comment of YAML takes it: on one line.
func Comment(text string) string { return strings.Join(strings.Fields(text), " ") }
