// Package ports finds ports for servers that a test kills and starts again.
package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Free gives an address of loopback whose port is free now, network being tcp
// or udp. It is below those that the kernel gives to outgoing sockets (32768
// and above, ip_local_port_range of ip(7)): while the server is down, nobody
// takes its place.
func Free(network string) (string, error) {
	var errs []error
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(20000))
		if err := try(network, address); err != nil {
			errs = append(errs, err)
			continue
		}
		return address, nil
	}
	return "", errors.Join(errs...)
}

func try(network, address string) error {
	if network == "udp" {
		c, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		return c.Close()
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return l.Close()
}
