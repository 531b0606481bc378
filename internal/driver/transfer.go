package driver

import (
	"fmt"
	"strings"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// evidence is what the server has seen of an operation's files together.
type evidence struct {
	began    bool // any of them
	finished bool // all of them, whole
	failed   bool // any of them ended otherwise
	percent  int  // of the octets, -1 where the sizes are not known
	text     string
}

// lookTransfers asks the server and keeps the answer. Where the server cannot
// tell, what was known before stays.
func (m *Machine) lookTransfers(then func() Ask) Ask {
	if len(m.values.in.Files) == 0 {
		return then()
	}
	return m.ask(AskTransfer{}, func(a Answer) Ask {
		if a.Err == nil && len(a.Transfers) == len(m.values.in.Files) {
			m.transfers = a.Transfers
		}
		return then()
	})
}

// evidence sums up the files of one role; "" means all.
func (m *Machine) evidence(role string) evidence {
	ev := evidence{percent: -1}
	var files int
	var octets, size fleet.Bytes
	sized, whole := true, true
	var texts []string
	for i, t := range m.transfers {
		f := m.values.in.Files[i]
		if role != "" && f.Role != role {
			continue
		}
		files++
		ev.began = ev.began || t.Began || t.Finished
		ev.failed = ev.failed || t.Failed
		whole = whole && t.Finished
		sized = sized && f.Size > 0
		octets, size = octets+t.Octets, size+f.Size
		if !t.Finished {
			texts = append(texts, t.describe(f))
		}
	}
	ev.finished = files > 0 && whole
	if files > 0 && sized {
		ev.percent = int(min(100, octets*100/size))
	}
	ev.text = strings.Join(texts, "; ")
	return ev
}

// describe says for a person what became of a file that is not whole.
func (t Transfer) describe(f FileInput) string {
	what := "file " + f.Role
	switch {
	case t.Text != "":
		return what + ": " + t.Text
	case !t.Began:
		return what + ": the device never came for it or with it"
	case f.Size > 0:
		return fmt.Sprintf("%s: %d of %d octets", what, t.Octets, f.Size)
	}
	return fmt.Sprintf("%s: %d octets, no end", what, t.Octets)
}

// expect carries out "expect": the server must have seen the files whole.
func (m *Machine) expect(step *expectStep, then func() Ask) Ask {
	deadline := m.deadline
	if step.within > 0 && m.now.Add(step.within).Before(deadline) {
		deadline = m.now.Add(step.within)
	}
	interval := m.driver.quirks.PollInterval
	if step.settles {
		interval = min(interval, time.Second)
	}
	return m.expectOnce(step, deadline, interval, then)
}

func (m *Machine) expectOnce(step *expectStep, deadline time.Time, interval time.Duration, then func() Ask) Ask {
	return m.lookTransfers(func() Ask {
		ev := m.evidence(step.role)
		if ev.percent >= 0 {
			m.progress = ev.percent
		}
		switch {
		case ev.finished:
			return then()
		case ev.failed && step.settles:
			return m.fail(failure{procedure.TransferFailed, "the device says that it is done, but the server has no whole file: " + ev.text}, false)
		case ev.failed:
			return m.fail(failure{procedure.TransferFailed, "the transfer failed: " + ev.text}, false)
		case m.now.Before(deadline):
			return m.wait(min(interval, deadline.Sub(m.now)), "waiting for the server to have the file whole", func() Ask {
				return m.expectOnce(step, deadline, interval, then)
			})
		case step.settles && m.mode == Await && !ev.began && m.program.op != Backup:
			// It came before whoever awaits it now was there to see it. What the
			// device says is proven later: a version is read back, a
			// configuration is compared. A backup must have arrived.
			return then()
		case step.settles:
			return m.fail(failure{procedure.TransferFailed, "the device says that it is done, but " + noneOr(ev.text)}, false)
		}
		return m.fail(failure{procedure.Timeout, noneOr(ev.text)}, true)
	})
}

func noneOr(text string) string {
	if text == "" {
		return "the server has seen no file"
	}
	return text
}
