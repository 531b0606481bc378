package agent

import (
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

func by(protocol string) func(*client.RunOrder) {
	return func(o *client.RunOrder) { o.Protocol = protocol }
}

// TestServerUpdatesABox is the whole product: a server, the agent's process,
// and an update that carries the configuration.
func TestServerUpdatesABox(t *testing.T) {
	for _, protocol := range []string{"tftp", "ftp"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			y := openYard(t)
			b := newBox(t, common, plain, standalone).start()
			y.add("box", b, ops)
			image := "VERSION=2.0\n" + strings.Repeat("new software\n", 20000)
			y.release("box-2.0", "2.0", [2]string{"image", image})
			network, users := b.read("etc/network"), b.read("etc/users.db")
			st := y.updated(y.update("box", "box-2.0", by(protocol)))
			if got := b.read("software"); got != image {
				t.Errorf("the software has %d octets, the image %d", len(got), len(image))
			}
			if b.read("etc/network") != network || b.read("etc/users.db") != users || b.read("etc/sip.ini") == "" {
				t.Error("the configuration is another")
			}
			if st.From != "1.0" || !st.Kept {
				t.Errorf("from %q, kept %v", st.From, st.Kept)
			}
			if b.read("state/image.current") != image {
				t.Error("the image is not retained")
			}
		})
	}
}

// TestSickSoftwareIsTakenBack has software that does not pass its health
// check: the user has the old files restored.
func TestSickSoftwareIsTakenBack(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	b := newBox(t, common, plain, standalone).start()
	y.add("box", b, ops)
	y.release("box-2.0", "2.0", [2]string{"image", "VERSION=2.0\nSICK\n"})
	old := b.read("software")
	run := y.update("box", "box-2.0")
	st := y.until(run)
	if st.Question == nil || st.Question.Step != procedure.Load || !strings.Contains(st.Question.Detail, "not well") {
		t.Fatalf("result %+v, question %+v", st.Result, st.Question)
	}
	_, err := y.api.Answer(y.ctx, st.Question.ID, procedure.Restore, "anna")
	y.must(err)
	var end procedure.State
	y.must(y.api.Watch(y.ctx, []fleet.RunID{run}, func(c client.Change) bool {
		end = c.State
		return end.Phase != procedure.Ended && (end.Question == nil || end.Question.ID == st.Question.ID)
	}))
	if b.read("software") != old {
		t.Errorf("after restoring, the software is %q; run: result %+v, question %+v", b.read("software"), end.Result, end.Question)
	}
}
