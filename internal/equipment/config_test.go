package equipment

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"drydock/migrations"
)

func parsed(t *testing.T, text string) Configuration {
	t.Helper()
	c, err := ParseConfiguration(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return c
}

// TestGeneratedGenerationsAreOneDevice migrates generated configurations with
// the pack: both must say the same, and the pack must leave nothing behind.
func TestGeneratedGenerationsAreOneDevice(t *testing.T) {
	pack := iadPack(t)
	for device := range 50 {
		spec := ConfigSpec{Generation: 1, Device: device, Ports: 4 + 20*(device%2), Seed: 3, Factory: device%10 == 9}
		first := Generate(spec)
		spec.Generation = 2
		second := Generate(spec)
		migrated, err := pack.Migrate(first, "2.0")
		if err != nil {
			t.Fatal(err)
		}
		if a, b := canonical(migrated), canonical(second); a != b {
			t.Fatalf("device %d: migrated\n%s\ngenerated\n%s", device, migrated, second)
		}
	}
}

// canonical sorts nothing but leaves out separators: the order is the same.
func canonical(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line[0] != '!' {
			b.WriteString(line)
		}
	}
	lines := strings.SplitAfter(b.String(), "\n")
	block := map[string]int{}
	for _, l := range lines {
		block[l]++
	}
	return fmt.Sprint(block)
}

func TestGeneratedConfigurationIsRealistic(t *testing.T) {
	spec := ConfigSpec{Generation: 1, Device: 42, Ports: 24, Seed: 1, Password: "canary-4711"}
	text := Generate(spec)
	if len(text) < 7<<10 || len(text) > 10<<10 {
		t.Errorf("%d octets, want about 8 KiB", len(text))
	}
	if Generate(spec) != text {
		t.Error("the same spec gave another text")
	}
	if n := strings.Count(text, "auth-password canary-4711-"); n != 24 {
		t.Errorf("%d passwords with the canary, want 24", n)
	}
	spec.Device = 43
	if other := Generate(spec); other == text || !strings.Contains(other, "hostname iad-0043") || !strings.Contains(other, "number 4969100043001") {
		t.Error("another device has the same names or numbers")
	}
	spec.Size = 64 << 10
	if n := len(Generate(spec)); n < 63<<10 || n > 64<<10 {
		t.Errorf("%d octets, want 64 KiB", n)
	}
	parsed(t, Generate(spec))
	spec.EchoCancelOff = 3
	if _, err := iadPack(t).Migrate(Generate(spec), "2.0"); err == nil {
		t.Error("echo cancellation off needs a person and did not")
	}
}

func TestCategoriesOfTheFixtures(t *testing.T) {
	data, err := fs.ReadFile(migrations.FS, "drydock-iad/tests/iad-4-fxs/input.conf")
	if err != nil {
		t.Fatal(err)
	}
	c := parsed(t, string(data))
	total := 0
	for category, first := range map[Category]string{
		UserData: "hostname iad-0042", PortData: "port fxs 1", ProtocolData: "protocol sip", DefaultData: "default",
	} {
		part := c.Part(category)
		if len(part) == 0 || part[0] != first {
			t.Errorf("%s data begin with %.1q, want %q", category, part, first)
		}
		total += len(part)
	}
	lines := 0
	for line := range strings.Lines(c.Text()) {
		if line[0] != '!' && strings.TrimSpace(line)[0] != '!' {
			lines++
		}
	}
	if total != lines-3+1 { // config-version, last-saved, end; the comment in port 3 is its part
		t.Errorf("the parts have %d lines of %d", total, lines)
	}
	if c.PortsUp() != 4 || c.Version() != "1.4" {
		t.Errorf("%d ports up, version %s", c.PortsUp(), c.Version())
	}
}

func TestConfigurationThatIsNotWholeIsRejected(t *testing.T) {
	whole := initial()
	for name, text := range map[string]string{
		"empty": "", "cut": whole[:len(whole)/2], "no end": strings.TrimSuffix(whole, "end\n"), "two ends": whole + "end\n",
		"no version": strings.Replace(whole, "config-version 1.4\n", "", 1), "foreign": strings.Replace(whole, "user-data", "frobnicate", 1),
	} {
		var f *Failure
		if _, err := ParseConfiguration(text); !errors.As(err, &f) || f.Cause != ConfigurationRejected {
			t.Errorf("%s: %v", name, err)
		}
	}
	for at := range len(whole) - 1 { // whatever the cut
		if _, err := ParseConfiguration(whole[:at]); err == nil && !strings.HasSuffix(whole[:at], "\nend") {
			t.Fatalf("cut at %d is taken for whole", at)
		}
	}
}

func TestSavingChangesOnlyTheTime(t *testing.T) {
	c := parsed(t, initial())
	now := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
	s := c.saved(now)
	if s.Text() != strings.Replace(c.Text(), "2026-03-03T02:12:07Z", "2031-01-02T03:04:05Z", 1) || s.Digest() == c.Digest() {
		t.Errorf("saved as\n%s", s.Text())
	}
	if again := parsed(t, s.Text()); again.Digest() != s.Digest() {
		t.Error("the digest is not that of the text")
	}
}

func TestLosingLines(t *testing.T) {
	c := parsed(t, initial())
	lost := parsed(t, c.without(3))
	if a, b := len(c.Part(UserData)), len(lost.Part(UserData)); b != a-3 || len(lost.Part(PortData)) != len(c.Part(PortData)) {
		t.Errorf("%d lines of user data became %d", a, b)
	}
}

func TestLazyConfigurationIsTheSame(t *testing.T) {
	c, lazy := parsed(t, initial()), Lazily(initial)
	for _, l := range []Configuration{lazy, lazy.known()} {
		if l.Text() != c.Text() || l.Digest() != c.Digest() || l.Version() != c.Version() || l.PortsUp() != c.PortsUp() || l.text != "" {
			t.Errorf("%+v is not %+v", l, c)
		}
	}
}
