package sim

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"sync"

	"drydock/internal/equipment"
)

// Fleet is a running fleet.
type Fleet struct {
	spec    Spec
	devices []*Device
	log     *effectLog
	port    int
	stop    context.CancelFunc
	done    chan struct{} // closed when all has ended
	err     error         // set before done is closed
}

// worker runs work in a goroutine of the fleet.
type worker func(work func(context.Context))

// Start begins to simulate a fleet, until ctx ends or Close is called. The
// error is fault.Invalid where the Spec is impossible.
func Start(ctx context.Context, spec Spec) (*Fleet, error) {
	spec, err := spec.withDefaults()
	if err != nil {
		return nil, err
	}
	f := &Fleet{spec: spec, done: make(chan struct{})}
	if f.log, err = openEffectLog(spec.EffectLog); err != nil {
		return nil, err
	}
	image, err := equipment.WriteImage(io.Discard, equipment.Image{
		Version: spec.Version, Models: spec.Models, Generation: spec.generation(),
	}, spec.ImageSize)
	if err != nil {
		_ = f.log.close()
		return nil, err
	}
	agent, err := f.listen()
	if err != nil {
		_ = f.log.close()
		return nil, err
	}
	ctx, f.stop = context.WithCancel(ctx)
	hands := &hands{}
	f.devices = make([]*Device, spec.Devices)
	for i := range f.devices {
		f.devices[i] = newDevice(&f.spec, i+1, image, f.log, func(work func(context.Context)) { hands.run(ctx, work) }, agent.notifier)
	}
	go func() { // ends after ctx or agent.serve has ended
		defer close(f.done)
		err := agent.serve(ctx)
		f.stop()
		hands.wait()
		f.err = errors.Join(err, f.log.close())
	}()
	return f, nil
}

// Close ends the fleet and waits for it.
func (f *Fleet) Close() error {
	f.stop()
	return f.Wait()
}

// Wait waits until the fleet has ended. The error is why, where nobody asked.
func (f *Fleet) Wait() error {
	<-f.done
	return f.err
}

// Size is the number of devices.
func (f *Fleet) Size() int { return len(f.devices) }

// Device is the device of that number, from 1 on.
func (f *Fleet) Device(number int) *Device { return f.devices[number-1] }

// Port is the UDP port of the SNMP agents.
func (f *Fleet) Port() int { return f.port }

// Agent is the address and port of a device's SNMP agent.
func (f *Fleet) Agent(number int) netip.AddrPort {
	return netip.AddrPortFrom(f.Device(number).Addr, uint16(f.port))
}

// byAddress finds the device that has the address.
func (f *Fleet) byAddress(a netip.Addr) *Device {
	a = a.Unmap()
	if !a.Is4() {
		return nil
	}
	number := func(a netip.Addr) int64 {
		b := a.As4()
		return int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
	}
	if i := number(a) - number(f.spec.First); i >= 0 && i < int64(len(f.devices)) {
		return f.devices[i]
	}
	return nil
}

// hands are the goroutines of the fleet. After wait has begun no new one is
// started.
type hands struct {
	mu    sync.Mutex // owns what follows
	over  bool
	group sync.WaitGroup
}

func (h *hands) run(ctx context.Context, work func(context.Context)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.over {
		h.group.Go(func() { work(ctx) })
	}
}

func (h *hands) wait() {
	h.mu.Lock()
	h.over = true
	h.mu.Unlock()
	h.group.Wait()
}
