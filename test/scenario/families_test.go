package scenario

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim/personality"
)

// family is a simulated device of a vendor's family with a release for it.
type family struct {
	driver  string
	device  personality.Device
	release fleet.Release
	files   map[string][]byte
}

// add makes the family's device and release known to the server.
func (y *yard) add(f family) (fleet.DeviceID, fleet.ReleaseID) {
	y.t.Helper()
	id := fleet.DeviceID(f.driver)
	y.must(y.api.PutDevices(y.ctx, []client.NewDevice{{ID: id, Address: f.device.Addr().String(), Driver: f.driver,
		Credentials: &client.Credentials{Version: "v2c", Community: "public"}}}))
	f.release.ID, f.release.Driver, f.release.Recover = fleet.ReleaseID(f.driver+"-new"), f.driver, fleet.RecoverOriginal
	_, err := y.api.AddRelease(y.ctx, f.release, func(name string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.files[name])), nil })
	y.must(err)
	return id, f.release.ID
}

// vendor opens a yard with one device of a family and orders its update. What
// the family cannot keep is accepted.
func vendor(t *testing.T, s setup, start func(*yard) family, change ...func(*client.RunOrder)) (*yard, fleet.RunID) {
	t.Helper()
	y := open(t, s)
	f := start(y)
	device, release := y.add(f)
	run := y.order(append([]func(*client.RunOrder){func(o *client.RunOrder) {
		o.Devices, o.Release = []fleet.DeviceID{device}, release
		o.Standing = []procedure.Standing{{Step: procedure.Keep, Cause: procedure.CannotKeep, Then: procedure.Proceed}}
	}}, change...)...)[0]
	return y, run
}

// at gives the simulated device an address of its own, behind those of the
// yard's fleet.
func (y *yard) at(faults map[string]int) personality.Options {
	y.vendors++
	address := y.fleet.Agent(y.fleet.Size()).Addr()
	for range y.vendors {
		address = address.Next()
	}
	return personality.Options{Address: address, TFTPPort: y.server.TFTPAddr.Port(), FTPPort: y.server.FTPAddr.Port(),
		Restart: 7 * time.Second, Flash: 8 << 20, Faults: faults}
}

const fastpathConfig = "!Current Configuration:\n!\nset prompt \"sw-17\"\nvlan database\nvlan 10\nexit\n\nconfigure\nsntp server \"192.0.2.1\"\ninterface 0/1\ndescription 'uplink'\nvlan participation include 10\nexit\n\nexit\n"

func startFastpath(y *yard, faults map[string]int) (family, *personality.Fastpath) {
	y.t.Helper()
	o := y.at(faults)
	o.Serial, o.Model, o.Version, o.Config = "FP0001", "EdgeSwitch 24-Port Lite", "1.7.0.4922887", fastpathConfig
	d, err := personality.StartFastpath(context.Background(), o)
	y.must(err)
	y.t.Cleanup(d.Close)
	return family{"fastpath", d, fleet.Release{Version: "1.9.3.5437389", Files: []fleet.File{{Role: "image", Name: "es.stk"}}},
		map[string][]byte{"es.stk": personality.FastpathImage("1.9.3.5437389", 200<<10)}}, d
}

func TestFastpathSwitch(t *testing.T) {
	t.Parallel()
	var d *personality.Fastpath
	y, run := vendor(t, setup{}, func(y *yard) (f family) { f, d = startFastpath(y, nil); return f })
	st := y.next(run, "")
	if st.Result == nil || st.Result.Outcome != procedure.Updated || st.Comparison == nil || st.Comparison.Lost+st.Comparison.Changed > 0 {
		t.Fatalf("result %+v, question %+v; the switch did %v", st.Result, st.Question, d.Done())
	}
	if d.Version() != "1.9.3.5437389" || d.Startup() != fastpathConfig {
		t.Errorf("it runs %s with\n%s", d.Version(), d.Startup())
	}
}

// What goes wrong on the switch is told in its MIB's words, and is repeated on
// instruction only; that it is away while it writes flash is not held against it.
func TestFastpathSwitchFails(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]struct {
		step  procedure.Step
		words string
	}{
		"save": {procedure.Backup, "could not save"}, "crc": {procedure.Load, "damaged"}, "flash": {procedure.Load, "flash could not be written"},
		"stack": {procedure.Load, "part of a stack"}, "vanish": {},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			var d *personality.Fastpath
			y, run := vendor(t, setup{}, func(y *yard) (f family) { f, d = startFastpath(y, map[string]int{fault: 1}); return f })
			st := y.next(run, "")
			if want.step != "" {
				if st.Question == nil || st.Question.Step != want.step || !strings.Contains(st.Question.Detail, want.words) {
					t.Fatalf("it asks %+v, result %+v", st.Question, st.Result)
				}
				before := len(d.Done())
				if again := d.Done(); len(again) != before {
					t.Errorf("without an answer the switch was made to do %v", again[before:])
				}
				y.answer(*st.Question, procedure.Repeat)
				st = y.next(run, st.Question.ID)
			}
			if st.Result == nil || st.Result.Outcome != procedure.Updated {
				t.Errorf("result %+v, question %+v; the switch did %v", st.Result, st.Question, d.Done())
			}
		})
	}
}

// provisioningServer is Debian's atftpd with one file.
func provisioningServer(t *testing.T, addr netip.Addr, name, content string) uint16 {
	t.Helper()
	dir, err := os.MkdirTemp("", "provisioning-") // not below t.TempDir, which nobody else may enter: atftpd serves as nobody
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // as above
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil { //nolint:gosec // as above
		t.Fatal(err)
	}
	free, err := net.ListenPacket("udp", netip.AddrPortFrom(addr, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	port := free.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	free.Close()
	c := exec.Command("/usr/sbin/atftpd", "--daemon", "--no-fork", "--port", fmt.Sprint(port), "--bind-address", addr.String(), "--logfile", "-", dir)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return port
}

const provisioningFile = "network access on; class 1 down 100M up 20M; snmp write public"

func startModem(y *yard, head netip.Addr, port uint16, faults map[string]int) (family, *personality.Modem) {
	y.t.Helper()
	o := y.at(faults)
	o.Serial, o.Model, o.Version = "CM0001", "CM800", "4.2"
	d, err := personality.StartModem(context.Background(), o, netip.AddrPortFrom(head, port), "gold.cm")
	y.must(err)
	y.t.Cleanup(d.Close)
	return family{"docsis", d, fleet.Release{Version: "5.0", Files: []fleet.File{{Role: "image", Name: "cm800.bin"}}},
		map[string][]byte{"cm800.bin": personality.ModemImage("CM800", "5.0", 200<<10)}}, d
}

// modem opens a yard with a cable modem that Debian's atftpd provisions.
func modem(t *testing.T, faults map[string]int) (*yard, fleet.RunID, *personality.Modem) {
	t.Helper()
	head := netip.MustParseAddr("127.0.0.1")
	port := provisioningServer(t, head, "gold.cm", provisioningFile)
	var d *personality.Modem
	y, run := vendor(t, setup{provisioning: port}, func(y *yard) (f family) { f, d = startModem(y, head, port, faults); return f })
	return y, run, d
}

// A cable modem keeps no configuration: its provisioning file is backed up from
// where the modem has it, and proven to be the same after the update.
func TestCableModem(t *testing.T) {
	t.Parallel()
	y, run, d := modem(t, nil)
	st := y.next(run, "")
	if st.Result == nil || st.Result.Outcome != procedure.Updated || st.Comparison == nil || st.Comparison.Carried != 1 || st.Comparison.Changed > 0 {
		t.Fatalf("result %+v, question %+v, comparison %+v; the modem did %v", st.Result, st.Question, st.Comparison, d.Done())
	}
	content, err := y.api.BackupContent(y.ctx, st.Backup.ID)
	y.must(err)
	if string(content) != provisioningFile || d.Provisioned() != provisioningFile || d.Version() != "5.0" {
		t.Errorf("backup %q; it runs %s with %q", content, d.Version(), d.Provisioned())
	}
	if got := d.Done(); !slices.Equal(got, []string{"download", "restart"}) {
		t.Errorf("the modem was made to do %v", got)
	}
}

func TestCableModemFails(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]procedure.Cause{"unsigned": procedure.DeviceFailed, "stays": procedure.WrongVersion} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			y, run, d := modem(t, map[string]int{fault: 1})
			st := y.next(run, "")
			if st.Question == nil || st.Question.Step != procedure.Load || st.Question.Cause != want {
				t.Fatalf("it asks %+v, result %+v; the modem did %v", st.Question, st.Result, d.Done())
			}
			y.answer(*st.Question, procedure.Repeat)
			if st = y.next(run, st.Question.ID); st.Result == nil || st.Result.Outcome != procedure.Updated {
				t.Errorf("repeated: result %+v, question %+v; the modem did %v", st.Result, st.Question, d.Done())
			}
		})
	}
}
