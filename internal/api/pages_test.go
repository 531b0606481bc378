package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"drydock/internal/access"
	"drydock/internal/fleet"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

// pageRows are the rows that a list has before it is read.
const pageRows = 2500

// putDevices adds a device for each id.
func (y *yard) putDevices(ids ...string) {
	y.t.Helper()
	var batch []store.DevicePut
	for _, id := range ids {
		batch = append(batch, store.DevicePut{Device: fleet.Device{ID: fleet.DeviceID(id), Address: "127.0.0.9:161", Driver: "drydock-iad"}})
	}
	must(y.t, y.Store.PutDevices(y.t.Context(), batch))
}

// putRuns starts a run, named as its device, at a moment.
func (y *yard) putRuns(at time.Time, ids ...string) {
	y.t.Helper()
	y.putDevices(ids...)
	var commits []store.Commit
	for _, id := range ids {
		c := storetest.NewPlayer(id, id).Start(y.t)
		c.Event.At = at
		commits = append(commits, c)
	}
	errs, err := y.Store.Commit(y.t.Context(), commits)
	must(y.t, err)
	for _, err := range errs {
		must(y.t, err)
	}
}

func numbered(from, to int) (list []string) {
	for n := from; n < to; n++ {
		list = append(list, fmt.Sprintf("m%05d", n))
	}
	return list
}

func idsOf(t *testing.T, w *httptest.ResponseRecorder) (list []string) {
	t.Helper()
	var all []struct{ ID string }
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	for _, one := range all {
		list = append(list, one.ID)
	}
	return list
}

// TestPagesOfThousands: who reads a list page by page while rows come before
// and behind the cursor gets each row that was there at first, once and in
// order.
func TestPagesOfThousands(t *testing.T) {
	start := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	for path, c := range map[string]struct {
		fill func(*yard)
		more func(y *yard, page int) // while it is read
	}{
		"/api/v1/devices": {func(y *yard) { y.putDevices(numbered(0, pageRows)...) },
			func(y *yard, page int) {
				y.putDevices(fmt.Sprintf("a%03d", page), fmt.Sprintf("m00000-%03d", page), fmt.Sprintf("z%03d", page))
			}},
		"/api/v1/runs": {func(y *yard) { // many at the same moment
			for n := 0; n < pageRows; n += 500 {
				y.putRuns(start.Add(time.Duration(n)), numbered(n, n+500)...)
			}
		}, func(y *yard, page int) {
			y.putRuns(start.Add(time.Hour), fmt.Sprintf("n%03d", page), fmt.Sprintf("a%03d", page))
		}},
	} {
		t.Run(strings.TrimPrefix(path, "/api/v1/"), func(t *testing.T) {
			y := newYard(t, nil)
			c.fill(y)
			want := idsOf(t, y.ask("viewer", http.MethodGet, path+"?limit=10000", nil))
			if len(want) < pageRows {
				t.Fatalf("only %d rows", len(want))
			}
			var got []string
			for page, after := 0, ""; ; page++ {
				w := y.ask("viewer", http.MethodGet, path+"?limit=100&after="+after, nil)
				y.want(w, http.StatusOK)
				ids := idsOf(t, w)
				got = append(got, ids...)
				if len(ids) < 100 {
					break
				}
				after = ids[len(ids)-1]
				c.more(y, page)
			}
			there := map[string]bool{}
			for _, id := range want {
				there[id] = true
			}
			if got = slices.DeleteFunc(got, func(id string) bool { return !there[id] }); !slices.Equal(got, want) {
				t.Errorf("%d rows, want %d, each once and in order", len(got), len(want))
			}
		})
	}
}

// TestCursorThatIsGone: an unknown cursor is an error, and no end of the list;
// one that lies elsewhere is an unknown one.
func TestCursorThatIsGone(t *testing.T) {
	y := newYard(t, nil)
	for path, elsewhere := range map[string]string{
		"/api/v1/runs?after=": "run-south", "/api/v1/backups?after=": "backup-south", "/api/v1/questions?after=": y.question["south"],
		"/api/v1/search?text=configuration&after=": "backup-south",
	} {
		y.want(y.ask("operator", http.MethodGet, path+"nosuch", nil), http.StatusNotFound, `"code":"not-found"`, "read the list from its beginning")
		y.want(y.ask("operator", http.MethodGet, path+elsewhere, nil), http.StatusOK)
		y.want(y.ask("operator-north", http.MethodGet, path+elsewhere, nil), http.StatusNotFound)
	}
}

// TestRetryAfterIsEnough: who waits as long as they are told is let in.
func TestRetryAfterIsEnough(t *testing.T) {
	l, rate, now := newLimits(), access.Rate{PerSecond: 0.3, Burst: 3}, time.Now()
	for range 3 {
		must(t, l.take("who", rate, now))
	}
	for range 20 {
		err := l.take("who", rate, now)
		if err == nil {
			t.Fatal("past its rate it is let in")
		}
		wait, parseErr := time.ParseDuration(problemOf(err).GetHeaders().Get("Retry-After") + "s")
		must(t, parseErr)
		now = now.Add(wait)
		must(t, l.take("who", rate, now))
	}
}
