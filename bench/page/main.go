// Command page makes a data directory with a large fleet, for the measurements
// of the page and of the API (make bench-page). Nothing listens at the devices'
// addresses: what is measured is what drydock does with what it knows.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/secret"
	"drydock/internal/store"
)

func main() {
	data := flag.String("data", "", "empty directory that becomes the server's")
	devices := flag.Int("devices", 100_000, "devices of the fleet")
	flag.Parse()
	if err := fill(context.Background(), *data, *devices); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fill makes the store as a server of this directory would find it.
func fill(ctx context.Context, data string, devices int) (err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	keys, err := secret.LoadOrCreateKeyFile(filepath.Join(data, "key"))
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, filepath.Join(data, "drydock.db"), store.Options{Keyring: keys, Dir: data})
	if err != nil {
		return err
	}
	defer func() {
		if closed := s.Close(); err == nil {
			err = closed
		}
	}()
	const batch = 10_000
	for first := 0; first < devices; first += batch {
		var puts []store.DevicePut
		for i := first; i < min(first+batch, devices); i++ {
			puts = append(puts, device(i))
		}
		if err := s.PutDevices(ctx, puts); err != nil {
			return err
		}
	}
	return nil
}

// device gives the i-th device: 4 models, 12 versions, 40 sites, in an order
// that is not that of the ids.
func device(i int) store.DevicePut {
	mixed := i * 7919 % 100_003
	sites := []string{"amsterdam", "berlin", "bremen", "cairo", "dublin", "essen", "geneva", "hamburg"}
	d := fleet.Device{
		ID:      fleet.DeviceID(fmt.Sprintf("iad-%06d", i)),
		Address: fmt.Sprintf("10.%d.%d.%d:161", i>>16, i>>8&0xff, i&0xff),
		Driver:  "drydock-iad",
		Model:   fmt.Sprintf("IAD-%d", 4<<(mixed%4)),
		Version: fmt.Sprintf("1.%d.%d", mixed%4, mixed/4%3),
		Labels:  map[string]string{"site": fmt.Sprintf("%s-%d", sites[mixed%8], mixed/8%5), "tier": []string{"access", "edge"}[mixed%2]},
		SeenAt:  time.Date(2026, 11, 1, 0, mixed%1440, mixed%60, 0, time.UTC),
	}
	d.Identity.Serial = fmt.Sprintf("SN%08d", mixed*31)
	c := fleet.Credentials{Version: "v2c", Community: secret.New("bench")}
	return store.DevicePut{Device: d, Credentials: &c}
}
