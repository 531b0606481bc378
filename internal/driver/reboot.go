package driver

import (
	"fmt"
	"time"

	"drydock/internal/procedure"
)

// baseline is how the device's clocks stood before a command.
type baseline struct {
	upTime int64 // hundredths of a second; -1 = not known
	boots  int64 // snmpEngineBoots (RFC 3414); -1 = not known
	at     time.Time
}

// clocks are the objects that tell of a restart.
func (d *Driver) clocks() []ref {
	return []ref{{d.schema.objects["sysUpTime"], fixed("0")}, {d.schema.objects["snmpEngineBoots"], fixed("0")}}
}

// needsBaseline says whether a restart is waited for in the command's stage.
func (m *Machine) needsBaseline(command int) bool {
	for _, s := range m.program.stages {
		if s.command == command {
			return len(within[*rebootStep](m.program, s)) > 0
		}
	}
	return false
}

func (m *Machine) readClocks(tries int, then func(*baseline, *AnswerError) Ask) Ask {
	return m.withOIDs(m.driver.clocks(), func(oids []string) Ask {
		return m.get(oids, tries, func(v []Varbind, err *AnswerError) Ask {
			if err != nil {
				return then(nil, err)
			}
			b := &baseline{upTime: -1, boots: -1, at: m.now}
			if n, ok := v[0].number(); ok {
				b.upTime = n
			}
			if n, ok := v[1].number(); ok {
				b.boots = n
			}
			return then(b, nil)
		})
	})
}

func (m *Machine) readBaseline(then func() Ask) Ask {
	return m.readClocks(readTries, func(b *baseline, err *AnswerError) Ask {
		if err != nil {
			return m.failRead(err)
		}
		m.base = b
		return then()
	})
}

// restarted says whether the device has restarted since the command: its
// engineBoots rose, or its sysUpTime is shorter than the time since the
// command. A sysUpTime that went on and wrapped (after 497 days) is none.
func (m *Machine) restarted(is *baseline) bool {
	if m.base != nil && is.boots >= 0 && m.base.boots >= 0 && is.boots != m.base.boots {
		return is.boots > m.base.boots
	}
	if is.upTime < 0 {
		return false
	}
	up := time.Duration(is.upTime) * 10 * time.Millisecond
	if up >= m.now.Sub(m.commandAt) {
		return false
	}
	if m.base == nil || m.base.upTime < 0 {
		return true
	}
	const wrap = int64(1) << 32 // TimeTicks (RFC 2578 section 7.1.8)
	elapsed := m.now.Sub(m.base.at)
	expected := time.Duration((m.base.upTime+elapsed.Milliseconds()/10)%wrap) * 10 * time.Millisecond
	slack := 5*time.Second + elapsed/20
	return (up - expected).Abs() > slack
}

// rebooting is a wait for a restart in progress.
type rebooting struct {
	*rebootStep
	silentSince time.Time
	interval    time.Duration
}

// awaitReboot carries out "wait: reboot".
func (m *Machine) awaitReboot(step *rebootStep, then func() Ask) Ask {
	return m.rebootOnce(&rebooting{rebootStep: step, interval: m.driver.quirks.PollInterval}, then)
}

func (m *Machine) rebootOnce(r *rebooting, then func() Ask) Ask {
	return m.readClocks(1, func(is *baseline, err *AnswerError) Ask {
		if err == nil && m.restarted(is) {
			m.accepted, m.doubtful = true, false
			return then()
		}
		if err != nil && r.silentSince.IsZero() {
			r.silentSince = m.now
		}
		if err == nil {
			r.silentSince = time.Time{}
		}
		return m.rebootAgain(r, then)
	})
}

func (m *Machine) rebootAgain(r *rebooting, then func() Ask) Ask {
	limit, detail := m.commandAt.Add(r.down), "waiting for the device to go down"
	if !r.silentSince.IsZero() {
		limit, detail = r.silentSince.Add(r.up), "the device is down; waiting for it to come back"
	}
	if m.deadline.Before(limit) {
		limit = m.deadline
	}
	if m.now.Before(limit) {
		d := min(r.interval, limit.Sub(m.now))
		r.interval = min(r.interval*3/2, m.driver.quirks.MaxInterval)
		return m.wait(d, detail, func() Ask { return m.rebootOnce(r, then) })
	}
	if r.silentSince.IsZero() {
		after := m.now.Sub(m.commandAt).Round(time.Second)
		return m.fail(failure{procedure.Timeout, fmt.Sprintf("the device has not restarted %s after the command", after)}, true)
	}
	return m.fail(failure{procedure.NoAnswer, fmt.Sprintf("the device went down and has not come back within %s",
		m.now.Sub(r.silentSince).Round(time.Second))}, true)
}
