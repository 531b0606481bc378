package agent

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/server"
)

// insideVariable tells the test's own process that it is in the server's
// network namespace.
const insideVariable = "DRYDOCK_TEST_BOXES_INSIDE"

// TestBoxes has a server and three boxes, each in a network namespace of its
// own with Debian's snmpd, drydock-agent, and RAUC, SWUpdate or a loader of the
// maker's. The links lose 2 % of the packets in each direction; one box loses
// its power while it downloads. All are updated, and all configurations are
// proven carried.
func TestBoxes(t *testing.T) {
	if os.Getenv(insideVariable) != "" {
		inside(t)
		return
	}
	t.Parallel()
	for _, name := range []string{"ip", "nft", "snmpd", "rauc", "swupdate"} {
		program(t, name)
	}
	if os.Getuid() != 0 {
		if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
			t.Fatal("network namespaces need root")
		}
		t.Skip("network namespaces need root")
	}
	prefix := fmt.Sprintf("dd%d", os.Getpid())
	network(t, prefix)
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", prefix+"s", os.Args[0], "-test.run", "^TestBoxes$", "-test.v", "-test.timeout", "4m")
	cmd.Env = append(os.Environ(), insideVariable+"="+prefix)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestBoxes") {
		t.Fatalf("%v\n%s", err, out)
	}
}

const boxes = 3

// network makes the namespaces: the server's has a bridge, to which each box
// has a lossy link.
func network(t *testing.T, prefix string) {
	t.Helper()
	ip := func(args ...string) { tool(t, "/", "ip", args...) }
	in := func(ns string, args ...string) { tool(t, "/", "ip", append([]string{"netns", "exec", ns}, args...)...) }
	add := func(ns string) {
		ip("netns", "add", ns)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() })
		in(ns, "ip", "link", "set", "lo", "up")
	}
	hub := prefix + "s"
	add(hub)
	in(hub, "ip", "link", "add", "br0", "type", "bridge")
	in(hub, "ip", "addr", "add", "10.77.0.1/24", "dev", "br0")
	in(hub, "ip", "link", "set", "br0", "up")
	for n := 1; n <= boxes; n++ {
		ns, port := fmt.Sprintf("%sb%d", prefix, n), fmt.Sprintf("port%d", n)
		add(ns)
		in(hub, "ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", ns)
		in(hub, "ip", "link", "set", port, "master", "br0", "up")
		in(ns, "ip", "addr", "add", fmt.Sprintf("10.77.0.1%d/24", n), "dev", "eth0")
		in(ns, "ip", "link", "set", "eth0", "up")
		lossy := "add table netdev loss; add chain netdev loss in%[1]d { type filter hook ingress device %[2]s priority 0; }; " +
			"add rule netdev loss in%[1]d numgen random mod 50 == 0 counter drop"
		in(ns, program(t, "nft"), fmt.Sprintf(lossy, n, "eth0"))
		in(hub, program(t, "nft"), fmt.Sprintf(lossy, n, port))
	}
}

// inside is the test itself, in the server's namespace.
func inside(t *testing.T) {
	prefix := os.Getenv(insideVariable)
	const at = "10.77.0.1"
	y := openYard(t, func(o *server.Options) { o.TFTP, o.FTP, o.Trap, o.ServerAddress = at+":0", at+":0", at+":0", at })
	place := func(n int) site {
		return site{addr: netip.AddrFrom4([4]byte{10, 77, 0, byte(10 + n)}), netns: fmt.Sprintf("%sb%d", prefix, n), way: underSnmpd}
	}
	rauc, swu2, own := raucBox(t, place(1)), swupdateBox(t, place(2)), newBoxAt(t, place(3), common, plain)
	ids := []fleet.DeviceID{"rauc", "swupdate", "plain"}
	new := "VERSION=2.0\n" + noise(9, 2<<20)
	y.release("rauc-2", "2.0", [2]string{"image", bundle(t, rauc, "2.0", padded("VERSION=2.0\n"), "maker")})
	y.release("swupdate-2", "2.0", [2]string{"image", swu(t, swu2, "2.0", padded("VERSION=2.0\n"), "maker")})
	y.release("plain-2", "2.0", [2]string{"image", new})
	var before []string
	for i, b := range []*box{rauc, swu2, own} {
		b.snmpd(t, "trap2sink "+fmt.Sprintf("%s:%d", at, y.server.TrapAddr.Port())+" public")
		b.start()
		y.add(ids[i], b, ops)
		before = append(before, b.read("etc/network")+b.read("etc/sip.ini")+b.read("etc/users.db"))
	}
	runs := []fleet.RunID{y.update("rauc", "rauc-2", by("ftp")), y.update("swupdate", "swupdate-2", by("tftp")), y.update("plain", "plain-2", by("tftp"))}
	own.cutWhileDownloading()
	y.goOn(runs[2])
	for i, b := range []*box{rauc, swu2, own} {
		y.updated(runs[i])
		if after := b.read("etc/network") + b.read("etc/sip.ini") + b.read("etc/users.db"); after != before[i] {
			t.Errorf("%s: the configuration is another", ids[i])
		}
	}
	if own.read("software") != new || rauc.read("booted") != "B\n" || swu2.read("booted") != "B\n" {
		t.Error("not all boxes run the new software")
	}
	if own.boots < 3 { // the first, after the cut, into the new software
		t.Errorf("the box without power has started %d times", own.boots)
	}
	lost, err := exec.Command("ip", "netns", "exec", place(3).netns, program(t, "nft"), "list", "table", "netdev", "loss").CombinedOutput()
	if err != nil || strings.Contains(string(lost), "packets 0 ") {
		t.Errorf("no packets were lost: %v: %s", err, lost)
	}
}

// cutWhileDownloading cuts the power once some of the image is there.
func (b *box) cutWhileDownloading() {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for tick := time.NewTicker(2 * time.Millisecond); time.Now().Before(deadline); <-tick.C {
		if info, err := os.Stat(b.file("state/image.part")); err == nil && info.Size() > 100_000 {
			b.cutPower()
			return
		}
	}
	b.t.Fatal("the box does not download")
}

// goOn answers the question that a power cut leads to with repeat, and waits
// for the end.
func (y *yard) goOn(run fleet.RunID) {
	y.t.Helper()
	for range 3 {
		st := y.until(run)
		if st.Question == nil {
			return
		}
		y.t.Logf("asked at %s: %s", st.Question.Step, st.Question.Detail)
		_, err := y.api.Answer(y.ctx, st.Question.ID, procedure.Repeat, "anna")
		y.must(err)
		y.must(y.api.Watch(y.ctx, []fleet.RunID{run}, func(c client.Change) bool {
			return c.State.Question != nil && c.State.Question.ID == st.Question.ID
		}))
	}
}
