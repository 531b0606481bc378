package procedure

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"drydock/internal/fleet"
)

const document = "../../docs/procedure.md"

// TestDocument keeps docs/procedure.md equal to what the rules say.
func TestDocument(t *testing.T) {
	want := writeDocument()
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/procedure.md is not what the rules say (go test ./internal/procedure -run Document -update):\n%s",
			firstDifference(string(got), want))
	}
}

func writeDocument() string {
	var b strings.Builder
	b.WriteString(`# The procedure

This page is written by a test of ` + "`internal/procedure`" + ` from the rules themselves
(` + "`go test ./internal/procedure -run Document -update`" + `); it cannot drift from them.

## The way

`)
	writeDiagram(&b)
	b.WriteString(`
## Steps and their operations

A *read* changes nothing on the device. An *effect* has a durable intent before it; where its outcome is not known
it is probed, never repeated blindly. *reboot* is left out where the device restarts by itself. Each operation has a
deadline; after it the user is asked.

| step | operations, in order |
|---|---|
`)
	for _, step := range Steps() {
		if ops := stepOps(step); len(ops) > 0 {
			fmt.Fprintf(&b, "| %s | %s |\n", step, strings.Join(withKind(ops), ", "))
		}
	}
	b.WriteString(`
## Questions

What may be answered where, by the cause of the failure. ` + "`restore-files`" + ` is offered where the old files were kept and
loading was ordered. A cause with no row of its own has the answers of *any other*.

| step | operation | cause | answers |
|---|---|---|---|
`)
	for _, step := range Steps() {
		for _, op := range stepOps(step) {
			writeChoices(&b, step, op)
		}
	}
	b.WriteString(`
## What follows from repeat

| step | operation that failed | cause | the next operation |
|---|---|---|---|
`)
	for _, step := range Steps() {
		for _, op := range stepOps(step) {
			writeRepeats(&b, step, op)
		}
	}
	writeEnds(&b)
	return b.String()
}

func withKind(ops []Op) (all []string) {
	for _, op := range ops {
		kind := "effect"
		if op.IsRead() {
			kind = "read"
		}
		all = append(all, fmt.Sprintf("%s (%s)", op, kind))
	}
	return all
}

// at is a run that is at this operation, as far as it can have come.
func at(step Step, op Op) *turn {
	late := slices.Index(Steps(), step) >= slices.Index(Steps(), Load)
	s := State{Format: Format, Plan: planOf(true, true, fleet.RecoverOriginal, "ask"), Phase: Awaiting, Step: step, Op: op, Token: 2, Effect: 2,
		Kept: late, Touched: late, Attempts: map[Step]int{step: 1}, Backup: ownBackup.ref(), Deadline: epoch.Add(DefaultTimeout),
		Assessment: &Assessment{Needed: true}}
	if op.IsRead() {
		s.Phase = Reading
	}
	if op == OpVerify || op == OpProveRestore {
		s.Comparison = &Comparison{}
	}
	return &turn{State: s.clone(), ev: Event{Format: Format, At: epoch}}
}

// byCause groups the causes by what follows from them; the greatest group is
// any other cause.
func byCause(follows func(Cause) string) (lines [][2]string) {
	groups := map[string][]string{}
	var order []string
	for _, cause := range Causes() {
		text := follows(cause)
		if _, ok := groups[text]; !ok {
			order = append(order, text)
		}
		groups[text] = append(groups[text], string(cause))
	}
	slices.SortStableFunc(order, func(a, b string) int { return len(groups[a]) - len(groups[b]) })
	for i, text := range order {
		causes := strings.Join(groups[text], ", ")
		if i == len(order)-1 {
			causes = "any other"
			if len(order) == 1 {
				causes = "any"
			}
		}
		lines = append(lines, [2]string{causes, text})
	}
	return lines
}

func writeChoices(b *strings.Builder, step Step, op Op) {
	for _, line := range byCause(func(c Cause) string {
		if (c == CannotKeep) && step != Keep {
			c = DeviceFailed // it is the cause of keep alone
		}
		var words []string
		for _, choice := range at(step, op).choices(c) {
			words = append(words, string(choice))
		}
		return strings.Join(words, ", ")
	}) {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", step, op, line[0], line[1])
	}
}

func writeRepeats(b *strings.Builder, step Step, op Op) {
	for _, line := range byCause(func(c Cause) string {
		t := at(step, op)
		t.Failure, t.Pending = t.failed(c, ""), Repeat
		if err := t.follow(); err != nil {
			return err.Error()
		}
		text := fmt.Sprintf("%s of %s", t.Op, t.Step)
		if t.Step == RestoreFiles && t.ThenLoad {
			text += ", then load again"
		}
		return text
	}) {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", step, op, line[0], line[1])
	}
}

// writeDiagram draws the steps' order from the rule that says which follows.
func writeDiagram(b *strings.Builder) {
	name := func(s Step) string { return strings.ReplaceAll(string(s), "-", "_") }
	var edges []string
	edge := func(from, to, label string) {
		line := fmt.Sprintf("    %s --> %s", from, to)
		if label != "" {
			line += " : " + label
		}
		if !slices.Contains(edges, line) {
			edges = append(edges, line)
		}
	}
	edge("[*]", name(Preflight), "")
	for _, recover := range []fleet.Recovery{fleet.RecoverOriginal, fleet.RecoverModified} {
		for _, needed := range []bool{true, false} {
			for _, step := range Steps()[:slices.Index(Steps(), RestoreFiles)] {
				if recover == fleet.RecoverModified && step == Modify {
					continue // it has no such step
				}
				t := at(step, "")
				t.Plan.Recover, t.Assessment.Needed = recover, needed
				edge(name(step), name(t.following()), whichWay(t))
			}
		}
	}
	for _, step := range []Step{Load, Recover, Assess, Modify, Verify} {
		edge(name(step), name(RestoreFiles), "failed, answer restore-files")
	}
	edge(name(Load), name(RestoreFiles), "failed, answer repeat, files kept")
	t := at(RestoreFiles, "")
	t.ThenLoad = true
	edge(name(RestoreFiles), name(t.following()), "to repeat the load")
	edge(name(RestoreFiles), name(Done), "proven")
	edge(name(Preflight), name(Done), "runs the wanted version already")
	edge(name(Done), "[*]", "")
	b.WriteString("```mermaid\nstateDiagram-v2\n" + strings.Join(edges, "\n") + "\n```\n")
	b.WriteString(`
Any failure, in any step, ends the attempt with a question (or an answer that was given beforehand). *stop*, a cancel, and
a question that nobody answers in time end the run from everywhere: nothing more happens on the device.
`)
}

// whichWay says on what the step that follows depends.
func whichWay(t *turn) string {
	here := t.following()
	other := *t
	other.State = t.clone()
	a := *t.Assessment
	a.Needed = !a.Needed
	other.Assessment = &a
	if other.following() != here {
		if t.Assessment.Needed {
			return "must be modified"
		}
		return "nothing to modify"
	}
	other.Assessment, other.Plan.Recover = t.Assessment, fleet.RecoverOriginal
	if t.Plan.Recover != fleet.RecoverModified {
		other.Plan.Recover = fleet.RecoverModified
	}
	if other.following() != here {
		return "recover " + string(t.Plan.Recover)
	}
	return ""
}

func writeEnds(b *strings.Builder) {
	b.WriteString(`
## Where a stop leaves the device

What is proven decides, not what was commanded.

| stopped while | the device is left |
|---|---|
`)
	for _, step := range Steps() {
		for _, op := range stepOps(step) {
			t := at(step, op)
			t.Restoring = step == RestoreFiles
			after := slices.Index(Steps(), step) > slices.Index(Steps(), Load)
			t.Loaded = after && step != RestoreFiles
			fmt.Fprintf(b, "| %s of %s | %s |\n", op, step, t.left(Stopped))
		}
	}
}
