package scenario

import (
	"context"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/secret"
	"drydock/internal/server"
)

// inFleet gives credentials as the simulated equipment has them.
func inFleet(c client.Credentials) fleet.Credentials {
	return fleet.Credentials{Version: c.Version, Community: secret.New(c.Community), WriteCommunity: secret.New(c.WriteCommunity), User: c.User,
		AuthProtocol: c.AuthProtocol, AuthPassword: secret.New(c.AuthPassword), PrivProtocol: c.PrivProtocol, PrivPassword: secret.New(c.PrivPassword)}
}

// startSecond starts another server on the yard's data.
func startSecond(y *yard) (*server.Server, error) {
	o := y.options
	o.Trap = ""
	return server.Start(context.Background(), o)
}
