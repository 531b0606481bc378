package sim

import (
	"net/netip"
	"sync/atomic"

	"drydock/internal/equipment"
	"drydock/internal/snmp"
)

// Device is one simulated device. Its methods are for those who look at the
// fleet from outside, such as tests; they may be called at once.
type Device struct {
	Number int
	Addr   netip.Addr

	spec    *Spec
	log     *effectLog
	eq      *equipment.Equipment
	engine  atomic.Pointer[snmp.Device] // another when the device is somebody else
	trouble *trouble
	swallow atomic.Bool // the answer to the SET that is being done is to be lost

	starts [equipment.Modify + 1]atomic.Int32
	ends   [equipment.Modify + 1]atomic.Int32
	lost   atomic.Int32
}

func newDevice(s *Spec, number int, image equipment.Image, log *effectLog, work worker, notifier func(*Device) equipment.Notifier) *Device {
	d := &Device{Number: number, Addr: s.address(number), spec: s, log: log, trouble: newTrouble(number, s.Seed, s.Faults)}
	o := equipment.Options{
		Identity: s.identity(number), Image: image, Capacity: s.Flash, Timings: s.Timings, Strict: s.Strict,
		Config:  equipment.Lazily(func() string { return s.config(number) }),
		Factory: func(generation int) equipment.Configuration { return s.factory(number, generation) },
		Pack:    equipment.PackMigrator{Pack: s.Pack}, Files: d.files(), Notifier: notifier(d), Go: work, Log: s.Log, Observe: d.observe,
	}
	if d.trouble != nil {
		o.Deviate = d.deviate
	}
	d.eq = equipment.New(o)
	d.engine.Store(d.newEngine(o.Identity))
	return d
}

// deviate is called with the equipment's lock held, by the SET that starts o.
func (d *Device) deviate(o equipment.Order) equipment.Deviation {
	dev, swallow := d.deviation(o, d.trouble.take(o.Type))
	if swallow {
		d.swallow.Store(true)
	}
	return dev
}

func (d *Device) observe(e equipment.Effect) {
	switch e.What {
	case "start":
		d.starts[e.Order.Type].Add(1)
	case "end":
		d.ends[e.Order.Type].Add(1)
	case "identity":
		if !d.spec.Quirks.EngineOfSoftware { // else speaking does it, without the equipment's lock
			d.engine.Store(d.newEngine(e.Identity))
		}
	}
	d.log.add(d.Number, e)
	if d.spec.Observe != nil {
		d.spec.Observe(d.Number, e)
	}
}

// Serial is the serial number that the device says it has.
func (d *Device) Serial() string { return d.eq.Identity().Serial }

// Model is the model, such as IAD-4.
func (d *Device) Model() string { return d.eq.Identity().Model }

// EngineID is snmpEngineID with the software that runs.
func (d *Device) EngineID() []byte { return []byte(d.engineID(d.eq.Identity())) }

// Version is that of the running software.
func (d *Device) Version() string { return d.eq.Flash().Running().Image.Version }

// KeptVersion is that of the kept software; empty where nothing is kept.
func (d *Device) KeptVersion() string { return d.eq.Flash().Kept().Image.Version }

// Configuration is the running configuration.
func (d *Device) Configuration() equipment.Configuration { return d.eq.Configuration() }

// FirstConfiguration is the one that the device had at the start.
func (d *Device) FirstConfiguration() string { return d.spec.config(d.Number) }

// Up says whether it answers.
func (d *Device) Up() bool { return d.eq.Up() }

// Boots is how often it has started.
func (d *Device) Boots() uint32 { boots, _ := d.eq.Engine(); return boots }

// Started is how many operations of the type were started.
func (d *Device) Started(t equipment.Type) int { return int(d.starts[t].Load()) }

// Ended is how many operations of the type have come to an end.
func (d *Device) Ended(t equipment.Type) int { return int(d.ends[t].Load()) }

// Lost is how many SNMP requests and answers a fault has lost.
func (d *Device) Lost() int { return int(d.lost.Load()) }

// PowerCycle restarts it as a power cut does.
func (d *Device) PowerCycle() { d.eq.PowerCycle() }
