package report

import (
	"strings"
	"testing"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
)

// The report sums up what was proven, and what devices say stays text (T14).
func TestReport(t *testing.T) {
	at := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	c := campaign.New("c1", campaign.Spec{Name: "<b>night</b>", Release: "r"}.WithDefaults(), []int{3}, "ann", at)
	run := func(carried, changed, lost int) *procedure.State {
		return &procedure.State{Comparison: &procedure.Comparison{Carried: carried, Lost: lost}, Assessment: &procedure.Assessment{Changed: changed, Rules: []string{"dns"}}}
	}
	devices := []Device{
		{campaign.Member{Device: "a", State: campaign.Succeeded, At: at.Add(time.Minute)}, run(800, 20, 0)},
		{campaign.Member{Device: "b", State: campaign.Succeeded, At: at.Add(2 * time.Minute)}, run(1200, 3, 0)},
		{campaign.Member{Device: fleet.DeviceID("<script>alert(1)</script>"), State: campaign.Failed, Cause: procedure.NoRoom, Detail: "<img src=x onerror=alert(1)>", At: at.Add(time.Hour)}, nil},
	}
	var out strings.Builder
	if err := Write(&out, c, devices); err != nil {
		t.Fatal(err)
	}
	html := out.String()
	for _, want := range []string{"2,000 lines carried, 23 of them changed by 1 rule, 0 lost", "no-room", "<polyline", "&lt;script&gt;", "&lt;b&gt;night"} {
		if !strings.Contains(html, want) {
			t.Errorf("the report has no %q", want)
		}
	}
	for _, never := range []string{"<script", "<img", "http://", "https://"} {
		if strings.Contains(html, never) {
			t.Errorf("the report has %q", never)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 812004: "812,004", 1234567: "1,234,567"} {
		if got := number(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}
