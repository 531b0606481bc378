package tftp_test

import (
	"bytes"
	"net/netip"
	"sync"
	"testing"
	"time"

	"drydock/internal/transfer"
	"drydock/internal/transfer/tftp"
)

// Downloads that share a pace are whole, and no faster together than it: the
// lower bound holds on a machine of any speed.
func TestPacedDownloads(t *testing.T) {
	r := newRig(t)
	data := content(60_000)
	const n, rate = 8, 400_000
	pace := transfer.NewPace(rate)
	var wg sync.WaitGroup
	began := time.Now()
	for i := range n {
		g := r.open(transfer.Spec{Direction: transfer.Download, Peer: deviceAddr(i), Source: transfer.Memory(data), Paces: []*transfer.Pace{pace}})
		wg.Go(func() {
			c := tftp.Client{LocalAddr: netip.AddrPortFrom(deviceAddr(i), 0), Blksize: 1428, Windowsize: 1 + i%4, Retries: 10}
			var got bytes.Buffer
			if _, err := c.Get(t.Context(), r.srv.Addr(), g.Name(), &got); err != nil {
				t.Errorf("device %d: %v", i, err)
			} else if !bytes.Equal(got.Bytes(), data) {
				t.Errorf("device %d got other bytes", i)
			}
		})
	}
	wg.Wait()
	least := time.Duration(float64(n*len(data))/rate*float64(time.Second)) - 200*time.Millisecond
	if took := time.Since(began); took < least {
		t.Errorf("%d octets took %s, at %d a second they take %s", n*len(data), took, rate, least)
	}
}
