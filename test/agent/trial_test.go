package agent

import (
	"fmt"
	"strings"
	"testing"

	"drydock/internal/equipment/agent"
	"drydock/internal/procedure"
)

// TestSilentSoftwareFallsBack: software that is well, but of which the
// management system does not hear, is not committed; the version before starts
// again by itself. The same software stays where the management system asks.
func TestSilentSoftwareFallsBack(t *testing.T) {
	t.Parallel()
	m := newMaker(t)
	slotted := func(b *box, within string) *box {
		b.script("load", `cp `+b.dir+`/software `+b.dir+`/other && cat "$1" > `+b.dir+`/software`)
		b.script("back", `cp `+b.dir+`/other `+b.dir+`/software`)
		b.script("commit", `touch `+b.dir+`/committed`)
		text := strings.NewReplacer("files: ["+b.dir+"/software]", "revert: ["+b.dir+"/bin/back], commit: ["+b.dir+"/bin/commit]",
			"within: 3s, every: 100ms", "within: "+within+", every: 100ms, report-in: true").Replace(b.read("agent.yaml"))
		b.write("agent.yaml", text)
		return b.start()
	}
	image := "VERSION=2.0\nnew software\n"
	source := stick(t, m, "2.0", image)
	alone := slotted(newBox(t, common, trusting(m.public), standalone), "2s")
	old := alone.read("software")
	alone.tell("update", "--from", source)
	y := openYard(t)
	heard := slotted(newBox(t, common, plain, standalone), "30s")
	y.add("heard", heard, ops)
	y.release("v2", "2.0", [2]string{"image", image})
	y.updated(y.update("heard", "v2"))
	if heard.read("software") != image || heard.read("committed") != "" {
		t.Errorf("the software that was heard of is %q", heard.read("software"))
	}
	s := alone.status(over)
	if s.Question == nil || s.Question.Step != procedure.Load || !strings.Contains(s.Question.Detail, "was not heard of") || alone.read("software") != old {
		t.Errorf("the software is %q; %+v", alone.read("software"), s)
	}
}

// TestEquipmentLooksByItself: a new version is found and loaded without an
// order, within its window.
func TestEquipmentLooksByItself(t *testing.T) {
	t.Parallel()
	m := newMaker(t)
	image := "VERSION=2.0\nnew software\n"
	source := stick(t, m, "2.0", image)
	looking := fmt.Sprintf("\nautonomous: {source: %s, every: 1s, window: 00:00-00:00}\n", source)
	b := newBox(t, common, trusting(m.public), standalone, looking).start()
	s := b.status(func(s agent.Status) bool { return s.Run != "" && over(s) })
	if s.Result == nil || s.Result.Outcome != procedure.Updated || b.read("software") != image {
		t.Errorf("the software is %q; %+v", b.read("software"), s)
	}
}
