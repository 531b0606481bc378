package agent

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// slots is a box with two slots, the files A and B, and a boot loader of two
// files: primary, which it starts next, and booted.
func slots(t *testing.T, s site, loader string) *box {
	t.Helper()
	b := newBoxAt(t, s, common, loader)
	b.write("A", padded("VERSION=1.0\n"))
	b.write("B", padded(""))
	b.write("primary", "A\n")
	b.write("booted", "A\n")
	b.script("version", `sed -n s/^VERSION=//p `+b.dir+`/$(cat `+b.dir+`/booted) | tr -d '\0'`)
	b.script("restart", `cp `+b.dir+`/primary `+b.dir+`/booted; kill -9 $PPID; sleep 60`)
	b.script("health", `! grep -q ^SICK `+b.dir+`/$(cat `+b.dir+`/booted)`)
	b.script("revert", `cd `+b.dir+`; case $(cat booted) in A) echo B;; *) echo A;; esac > primary`)
	return b
}

const slotSize = 64 << 10

func padded(text string) string { return text + strings.Repeat("\x00", slotSize-len(text)) }

// tool runs a program that makes test data.
func tool(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t, name), args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

// certificate makes a key and a certificate of its own.
func certificate(t *testing.T, dir, name string) {
	t.Helper()
	tool(t, dir, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", name+".key", "-out", name+".pem", "-days", "2",
		"-subj", "/CN="+name, "-addext", "extendedKeyUsage=emailProtection")
}

func (b *box) file(name string) string { return filepath.Join(b.dir, name) }

const raucSettings = `
software:
  version: {command: [%[1]s/bin/version]}
  loader: rauc
  rauc: {config: %[1]s/rauc.conf, env: [DBUS_STARTER_BUS_TYPE=session, "DBUS_SESSION_BUS_ADDRESS=unix:path=%[1]s/bus"]}
  restart: {command: [%[1]s/bin/restart], within: 30s}
  health: {command: [%[1]s/bin/health], within: 2s, every: 100ms}
`

// raucBox is a box with Debian's RAUC and its service.
func raucBox(t *testing.T, s site) *box {
	b := slots(t, s, raucSettings)
	certificate(t, b.dir, "maker")
	certificate(t, b.dir, "stranger")
	b.script("backend", `cd `+b.dir+`
case $1 in
get-primary) cat primary;;
set-primary) echo $2 > primary;;
get-state) cat state.$2 2>/dev/null || echo good;;
set-state) echo $3 > state.$2;;
get-current) cat booted;;
esac`)
	b.write("rauc.conf", fmt.Sprintf("[system]\ncompatible=box-2\nbootloader=custom\nmountprefix=%[1]s/mnt\nstatusfile=%[1]s/rauc.status\n"+
		"[keyring]\npath=%[1]s/maker.pem\n[handlers]\nbootloader-custom-backend=%[1]s/bin/backend\n"+
		"[slot.rootfs.0]\ndevice=%[1]s/A\ntype=raw\nbootname=A\n[slot.rootfs.1]\ndevice=%[1]s/B\ntype=raw\nbootname=B\n", b.dir))
	bus := exec.Command(program(t, "dbus-daemon"), "--session", "--address=unix:path="+b.file("bus"), "--nofork", "--nopidfile")
	if err := bus.Start(); err != nil {
		t.Fatal(err)
	}
	rauc := program(t, "rauc")
	var service *exec.Cmd
	end := func() {
		if service != nil {
			_ = service.Process.Kill()
			_ = service.Wait()
		}
	}
	t.Cleanup(func() {
		end()
		_ = bus.Process.Kill()
		_ = bus.Wait()
	})
	env := append(os.Environ(), "DBUS_STARTER_BUS_TYPE=session", "DBUS_SESSION_BUS_ADDRESS=unix:path="+b.file("bus"))
	b.onBoot = func() {
		end()
		service = exec.Command(rauc, "--conf="+b.file("rauc.conf"), "--override-boot-slot="+strings.TrimSpace(b.read("booted")), "service")
		service.Env = env
		if err := service.Start(); err != nil {
			panic(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		for tick := time.NewTicker(50 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			ask := exec.CommandContext(ctx, rauc, "--conf="+b.file("rauc.conf"), "status")
			ask.Env = env
			if ask.Run() == nil {
				return
			}
		}
	}
	b.onBoot()
	return b
}

// bundle makes a signed RAUC bundle.
func bundle(t *testing.T, b *box, version, content, signer string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"c/rootfs.img": content,
		"c/manifest.raucm": "[update]\ncompatible=box-2\nversion=" + version + "\n[bundle]\nformat=plain\n[image.rootfs]\nfilename=rootfs.img\n"} {
		if err := os.MkdirAll(filepath.Join(dir, "c"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tool(t, dir, "rauc", "bundle", "--cert="+b.file(signer+".pem"), "--key="+b.file(signer+".key"), "c", "b.raucb")
	data, err := os.ReadFile(filepath.Join(dir, "b.raucb"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const swupdateSettings = `
software:
  version: {command: [%[1]s/bin/version]}
  loader: swupdate
  swupdate:
    key: %[1]s/maker.pem
    hardware: "box:1.0"
    running: {file: %[1]s/booted}
    select: [{running: A, mode: "stable,copy-b"}, {running: B, mode: "stable,copy-a"}]
    revert: [%[1]s/bin/revert]
  restart: {command: [%[1]s/bin/restart], within: 30s}
  health: {command: [%[1]s/bin/health], within: 2s, every: 100ms}
`

func swupdateBox(t *testing.T, s site) *box {
	b := slots(t, s, swupdateSettings)
	program(t, "swupdate")
	certificate(t, b.dir, "maker")
	certificate(t, b.dir, "stranger")
	return b
}

// swu makes a signed SWUpdate image. Its last step is the boot loader's.
func swu(t *testing.T, b *box, version, content, signer string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mode := func(name, slot string) string {
		script := "next-" + slot + ".sh"
		write(script, "#!/bin/sh\n[ \"$1\" = postinst ] && echo "+slot+" > "+b.dir+"/primary\nexit 0\n")
		return fmt.Sprintf(`%s: { images: ( { filename = "rootfs.img"; device = "%s/%s"; type = "raw"; sha256 = "%s"; } );
scripts: ( { filename = "%s"; type = "shellscript"; sha256 = "%s"; } ); };`, name, b.dir, slot, sum(content), script,
			sum("#!/bin/sh\n[ \"$1\" = postinst ] && echo "+slot+" > "+b.dir+"/primary\nexit 0\n"))
	}
	write("rootfs.img", content)
	write("sw-description", fmt.Sprintf("software =\n{\n  version = %q;\n  hardware-compatibility: [ \"1.0\" ];\n  stable = {\n%s\n%s\n  };\n}\n",
		version, mode("copy-a", "A"), mode("copy-b", "B")))
	tool(t, dir, "openssl", "cms", "-sign", "-in", "sw-description", "-out", "sw-description.sig", "-signer", b.file(signer+".pem"),
		"-inkey", b.file(signer+".key"), "-outform", "DER", "-nosmimecap", "-binary")
	tool(t, dir, "sh", "-c", "for f in sw-description sw-description.sig rootfs.img next-A.sh next-B.sh; do echo $f; done | busybox cpio -o -H newc > u.swu")
	data, err := os.ReadFile(filepath.Join(dir, "u.swu"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestSlotsAreLoadedAndFallBack updates by the real installers: once well; once
// with software that is not well, which goes by itself; once with an image of
// a stranger, which changes nothing.
func TestSlotsAreLoadedAndFallBack(t *testing.T) {
	for name, kind := range map[string]struct {
		box   func(*testing.T, site) *box
		image func(t *testing.T, b *box, version, content, signer string) string
	}{"rauc": {raucBox, bundle}, "swupdate": {swupdateBox, swu}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := openYard(t)
			b := kind.box(t, onLoopback(standalone))
			y.release("v2", "2.0", [2]string{"image", kind.image(t, b, "2.0", padded("VERSION=2.0\n"), "maker")})
			y.release("v3", "3.0", [2]string{"image", kind.image(t, b, "3.0", padded("VERSION=3.0\nSICK\n"), "maker")})
			y.release("v4", "4.0", [2]string{"image", kind.image(t, b, "4.0", padded("VERSION=4.0\n"), "stranger")})
			b.start()
			y.add("box", b, ops)
			y.updated(y.update("box", "v2"))
			if !strings.HasPrefix(b.read("B"), "VERSION=2.0") || b.read("booted") != "B\n" || !strings.HasPrefix(b.read("A"), "VERSION=1.0") {
				t.Error("the new software is not in the slot B, or does not run, or the old is not in A")
			}
			y.failsToLoad("v3", "3.0 is not well", b, "B\n")
			y.failsToLoad("v4", "ignature", b, "B\n")
			if strings.HasPrefix(b.read("A"), "VERSION=4.0") {
				t.Error("a stranger's image was written")
			}
		})
	}
}

// failsToLoad updates to a release that does not load, and stops.
func (y *yard) failsToLoad(release fleet.ReleaseID, why string, b *box, runs string) {
	y.t.Helper()
	run := y.update("box", release)
	st := y.until(run)
	if st.Question == nil || st.Question.Step != procedure.Load || !strings.Contains(st.Question.Detail, why) {
		y.t.Fatalf("%s: result %+v, question %+v; wanted one about %q", release, st.Result, st.Question, why)
	}
	if got := b.read("booted"); got != runs {
		y.t.Errorf("%s: the slot %q runs", release, got)
	}
	_, err := y.api.Answer(y.ctx, st.Question.ID, procedure.Stop, "anna")
	y.must(err)
	y.must(y.api.Watch(y.ctx, []fleet.RunID{run}, func(c client.Change) bool { return c.State.Phase != procedure.Ended }))
}

const sysupgradeSettings = `
software:
  version: {file: %[1]s/software, key: VERSION}
  loader: sysupgrade
  sysupgrade: {program: %[1]s/bin/sysupgrade, options: [-v]}
  retain: true
  restart: {command: [%[1]s/bin/restart], within: 30s}
  health: {command: [%[1]s/bin/health], within: 2s, every: 100ms}
`

// TestSysupgrade has a script in the place of OpenWrt's program, which exists
// only on OpenWrt: it takes the same options, checks with -T, and writes and
// restarts without coming back.
func TestSysupgrade(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	b := newBox(t, common, standalone, sysupgradeSettings)
	b.script("sysupgrade", `echo "$@" >> `+b.dir+`/calls
case $1 in
-T) grep -q ^VERSION= "$2" || { echo "Image metadata not present"; exit 1; };;
-v) cat "$2" > `+b.dir+`/software; kill -9 $PPID; sleep 60;;
*) exit 2;;
esac`)
	b.start()
	y.add("box", b, ops)
	y.release("v2", "2.0", [2]string{"image", "VERSION=2.0\n"})
	y.release("v3", "3.0", [2]string{"image", "VERSION=3.0\n"})
	run := y.update("box", "v2")
	st := y.until(run)
	// the first time there is no file of the running image that could be kept
	if st.Question == nil || st.Question.Step != procedure.Keep || !strings.Contains(st.Question.Detail, "software.retain") {
		t.Fatalf("result %+v, question %+v", st.Result, st.Question)
	}
	_, err := y.api.Answer(y.ctx, st.Question.ID, procedure.Proceed, "anna")
	y.must(err)
	y.must(y.api.Watch(y.ctx, []fleet.RunID{run}, func(c client.Change) bool {
		return c.State.Phase != procedure.Ended && (c.State.Question == nil || c.State.Question.ID == st.Question.ID)
	}))
	y.updated(run)
	y.updated(y.update("box", "v3")) // with keep
	if calls := b.read("calls"); !strings.Contains(calls, "-T "+b.dir+"/state/image.part\n-v "+b.dir+"/state/image.next\n") {
		t.Errorf("sysupgrade was called %q", calls)
	}
	if b.read("software") != "VERSION=3.0\n" || b.read("state/image.kept") != "VERSION=2.0\n" {
		t.Errorf("software %q, kept %q", b.read("software"), b.read("state/image.kept"))
	}
}
