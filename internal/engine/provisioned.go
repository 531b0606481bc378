package engine

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"time"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/procedure"
	"drydock/internal/store"
	"drydock/internal/transfer/tftp"
)

// provisioned says whether the family gets its configuration by itself.
func provisioned(d *driver.Driver) bool {
	_, ok := d.Provisioned()
	return ok
}

func isBackup(op procedure.Op) bool {
	return op == procedure.OpBackup || op == procedure.OpVerify || op == procedure.OpProveRestore
}

// backUpProvisioned fetches the configuration of a device that gets it from a
// provisioning server from there, under the name that the device itself tells:
// what it runs with. Nothing is commanded.
func (t *task) backUpProvisioned(ctx context.Context, mode driver.Mode) procedure.Event {
	if _, err := t.Store.Backup(ctx, t.backupID()); fault.Is(err, fault.NotFound) {
		if mode == driver.Probe {
			return procedure.Event{Kind: procedure.Probed, Verdict: procedure.NotStarted}
		}
		if failed := t.fetchProvisioned(ctx); failed != nil {
			return *failed
		}
	}
	return t.succeeded(ctx, mode, driver.Result{Verdict: procedure.Succeeded})
}

func (t *task) fetchProvisioned(ctx context.Context) *procedure.Event {
	failed := func(cause procedure.Cause, format string, args ...any) *procedure.Event {
		return &procedure.Event{Kind: procedure.Faulted, Cause: cause, Detail: fmt.Sprintf(format, args...)}
	}
	p, _ := t.driver.Provisioned()
	began := t.Now()
	answer := t.get(ctx, driver.AskGet{OIDs: []string{p.Address, p.File}})
	t.record("get", began, []string{p.Address, p.File}, answer)
	if answer.Err != nil {
		return failed(procedure.NoAnswer, "%s", answer.Err.Text)
	}
	server, name := addressIn(answer.Varbinds[0]), textIn(answer.Varbinds[1])
	if !server.IsValid() || server.IsUnspecified() || name == "" {
		return failed(procedure.DeviceFailed, "the device does not tell where its configuration comes from: server %q, file %q", server, name)
	}
	port := t.ProvisioningPort
	if port == 0 {
		port = 69
	}
	at := netip.AddrPortFrom(server, port)
	content, err := t.fetchFrom(ctx, at, name)
	if err != nil {
		return failed(procedure.TransferFailed, "the provisioning server at %s does not give %q: %v", at, name, err)
	}
	t.source = fmt.Sprintf("tftp %s, provisioning file %s", server, name)
	if err := t.seal(ctx, content); err != nil {
		if fault.Is(err, fault.Invalid) {
			return failed(procedure.BackupInvalid, "%v", err)
		}
		ev := serverFailed(err)
		return &ev
	}
	return nil
}

// fetchFrom gets a file by TFTP, no more than a configuration may have.
func (t *task) fetchFrom(ctx context.Context, server netip.AddrPort, name string) ([]byte, error) {
	ctx, cancel := context.WithDeadline(ctx, t.action.Deadline)
	defer cancel()
	began := t.Now()
	var content bounded
	c := tftp.Client{Blksize: 1428, Tsize: true, Timeout: 2 * time.Second}
	_, err := c.Get(ctx, server, name, &content)
	x := store.FileTransfer{Role: "config", Protocol: "tftp", Peer: server.String(), Octets: int64(content.Len()), Began: began, Millis: millis(t.Now().Sub(began)), Attempts: 1}
	if err != nil {
		x.Error = err.Error()
	}
	t.evidence.Transfers = append(t.evidence.Transfers, x)
	return content.Bytes(), err
}

// bounded takes as many octets as a configuration may have.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > MaxConfiguration {
		return 0, fault.New(fault.Invalid, "", "configuration", "it has more than %d octets", MaxConfiguration)
	}
	return b.Buffer.Write(p)
}

// addressIn reads an IpAddress or an InetAddress (RFC 4001) of any kind.
func addressIn(v driver.Varbind) netip.Addr {
	if v.Type == driver.TypeIPAddress {
		addr, _ := netip.ParseAddr(v.Text) // invalid where it is none
		return addr
	}
	addr, _ := netip.AddrFromSlice([]byte(textIn(v)))
	return addr
}

func textIn(v driver.Varbind) string {
	if v.Type == driver.TypeOctets {
		return string(v.Bytes)
	}
	return v.Text
}
