package settings

import (
	"fmt"
	"strings"
	"time"
)

// LoadingTakes is how long loading and what follows may take: a window must be
// no shorter.
const LoadingTakes = 30 * time.Minute

// Opens is when the window of the day opens, since midnight, and for how long.
// The length is zero where there is no window.
func (a Autonomous) Opens() (from, length time.Duration, err error) {
	if a.Window == "" {
		return 0, 0, nil
	}
	begin, end, ok := strings.Cut(a.Window, "-")
	x, err1 := time.Parse("15:04", strings.TrimSpace(begin))
	y, err2 := time.Parse("15:04", strings.TrimSpace(end))
	if !ok || err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("%q is no window of the day; write 02:00-04:00", a.Window)
	}
	if length = y.Sub(x); length <= 0 { // over midnight
		length += 24 * time.Hour
	}
	if length < LoadingTakes {
		return 0, 0, fmt.Errorf("%q is shorter than loading may take, %s", a.Window, LoadingTakes)
	}
	return x.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)), length, nil
}

func (s *Settings) checkAutonomous(wrong func(string, string, ...any)) {
	a := s.Autonomous
	if a == nil {
		return
	}
	if _, _, err := a.Opens(); err != nil {
		wrong("autonomous.window", "%v", err)
	}
	if a.Every > 0 && a.Source == "" {
		wrong("autonomous.source", "it is missing: where to look for a release every %s", time.Duration(a.Every))
	}
	if a.Server != "" && (a.Token == "" || a.Device == "") {
		wrong("autonomous.server", "token (a file) and device (the server's name for this equipment) are needed too")
	}
}
