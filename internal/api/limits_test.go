package api

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fault"
)

// TestLockOut: after the free tries each wrong password must wait longer, the
// right one too; then it is forgotten.
func TestLockOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		free := access.UserLockout().Free + 1
		for n := range free {
			if err := l.try("alice", "192.0.2.1", time.Now()); err != nil {
				t.Fatalf("try %d: %v", n, err)
			}
		}
		last := time.Duration(0)
		for range 8 {
			err := l.try("ALICE", "192.0.2.2", time.Now())
			wait := waitOf(err)
			if !fault.Is(err, fault.Limited) || wait <= last && wait < access.UserLockout().Most {
				t.Fatalf("wait %s after %s: %v", wait, last, err)
			}
			if err := l.try("bob", "192.0.2.3", time.Now()); err != nil {
				t.Errorf("bob waits for alice: %v", err)
			}
			l.passed("bob", "192.0.2.3")
			last = wait
			time.Sleep(wait)
			if err := l.try("alice", "192.0.2.2", time.Now()); err != nil {
				t.Fatalf("after the wait: %v", err)
			}
		}
		time.Sleep(access.UserLockout().Most)
		if err := l.try("alice", "192.0.2.4", time.Now()); err != nil {
			t.Fatal(err)
		}
		l.passed("alice", "192.0.2.4")
		for range free {
			if err := l.try("alice", "192.0.2.4", time.Now()); err != nil {
				t.Fatalf("after the right password: %v", err)
			}
		}
	})
}

// TestLockOutAtOnce: tries that come together count each.
func TestLockOutAtOnce(t *testing.T) {
	y := newYard(t, nil)
	passed := make(chan int, 50)
	for range cap(passed) {
		go func() {
			w := y.ask("", http.MethodPost, "/api/v1/login", client.Login{Name: "viewer", Password: "wrong"})
			passed <- w.Code
		}()
	}
	checked := 0
	for range cap(passed) {
		if code := <-passed; code != http.StatusTooManyRequests {
			checked++
		}
	}
	if most := access.UserLockout().Free + 1; checked > most {
		t.Errorf("%d passwords were checked, want at most %d", checked, most)
	}
}

// TestLockOutOutlivesARestart: the wrong passwords of before count, and those
// before a right one do not.
func TestLockOutOutlivesARestart(t *testing.T) {
	y := newYard(t, nil)
	try := func(user, text string) int {
		return y.ask("", http.MethodPost, "/api/v1/login", client.Login{Name: user, Password: text}).Code
	}
	for range 3 {
		try("operator", "wrong")
	}
	y.login("operator", password) // what was wrong before is forgotten
	for range access.UserLockout().Free {
		try("viewer", "wrong")
	}
	try("operator", "wrong")
	y.limits, y.recalled.done = newLimits(), false // as a new process has them
	if got := try("viewer", "wrong"); got != http.StatusUnauthorized {
		t.Errorf("the last try that is free: %d", got)
	}
	tries := func(key string) int { return y.limits.tries[key].Wrong }
	if n, from := tries(userKey("viewer")), tries(addressKey("192.0.2.1")); n != access.UserLockout().Free+1 || from != 10 {
		t.Errorf("%d wrong passwords for viewer, %d from the address", n, from)
	}
	if got := try("viewer", password); got != http.StatusTooManyRequests {
		t.Errorf("after a restart one more try: %d", got)
	}
	if n := tries(userKey("operator")); n != 1 {
		t.Errorf("%d wrong passwords for operator, whose right one came in between", n)
	}
}

// TestRateLimit: past its rate a token gets 429 with the time to wait, and no
// other does.
func TestRateLimit(t *testing.T) {
	y := newYard(t, nil)
	y.Rate = 0.5 // a burst of five
	for range 5 {
		y.want(y.ask("viewer", http.MethodGet, "/api/v1/me", nil), http.StatusOK)
	}
	got := y.ask("viewer", http.MethodGet, "/api/v1/me", nil)
	y.want(got, http.StatusTooManyRequests, `"code":"limited"`, `"hint":"try again in 2s"`)
	if got.Header().Get("Retry-After") != "2" || got.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("headers %v", got.Header())
	}
	y.want(y.ask("operator", http.MethodGet, "/api/v1/me", nil), http.StatusOK)
}

// TestAddressesOfOneNetwork: who has a network of IPv6 addresses has one try
// more for none of them.
func TestAddressesOfOneNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "address 192.0.2.1", "::ffff:192.0.2.1": "address ::ffff:192.0.2.1", "2001:db8:1:2:3::4": "address 2001:db8:1:2::/64",
		"fe80::1%eth0": "address fe80::/64", "": "address ",
	} {
		if got := addressKey(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

// TestNothingToStealFromTheDatabase: no password, session, token or client
// secret rests where somebody who has the database could use it.
func TestNothingToStealFromTheDatabase(t *testing.T) {
	o := newOrganisation(t)
	session := o.yard.login("viewer", password)
	secrets := map[string]string{"password": password, "session": session.Value, "token": o.tokens["viewer"], "bootstrap": bootstrap, "OIDC client": "client secret"}
	files, err := filepath.Glob(filepath.Join(o.dir, "*"))
	must(t, err)
	read := 0
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			continue // a directory
		}
		read += len(raw)
		for what, text := range secrets {
			if bytes.Contains(raw, []byte(text)) {
				t.Errorf("the %s stands in %s", what, filepath.Base(name))
			}
		}
		if bytes.Contains(raw, []byte(o.tokens["viewer"][13:])) {
			t.Errorf("the token's secret part stands in %s", filepath.Base(name))
		}
	}
	if read < 10_000 {
		t.Fatalf("only %d octets were searched", read)
	}
}

// TestLimitsStaySmall: whoever has very many addresses fills no memory.
func TestLimitsStaySmall(t *testing.T) {
	l := newLimits()
	now := time.Now()
	for n := range keysMost + 1000 {
		_ = l.take(strings.Repeat("x", n%7)+string(rune(n)), addressRate(), now)
		_ = l.try(string(rune(n)), "a"+string(rune(n)), now)
	}
	if len(l.buckets) > keysMost || len(l.tries) > keysMost+2 {
		t.Errorf("%d buckets, %d tries", len(l.buckets), len(l.tries))
	}
}
