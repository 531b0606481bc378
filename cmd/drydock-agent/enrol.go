package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"drydock/internal/equipment/agent"
	"drydock/internal/fault"
)

// enrol makes the equipment known to a server, and waits for its keys.
func enrol(ctx context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("enrol", flag.ContinueOnError)
	var e agent.Enrolment
	flags.StringVar(&e.Server, "server", "", "the management system's `URL`")
	flags.StringVar(&e.CA, "ca", "", "`file` with the certificate to trust instead of the system's")
	codeFile := flags.String("code-file", "", "`file` with the one-time code (or DRYDOCK_CODE)")
	flags.StringVar(&e.Address, "address", "", "`HOST:PORT` of this equipment's SNMP agent, as the server reaches it")
	flags.DurationVar(&e.Every, "every", 5*time.Second, "how often to ask whether it was approved")
	s, err := state(flags, args, errs)
	if err != nil {
		return err
	}
	e.Code = os.Getenv("DRYDOCK_CODE")
	if *codeFile != "" {
		text, err := os.ReadFile(*codeFile)
		if err != nil {
			return fault.New(fault.Invalid, "", "enrol", "%w", err)
		}
		e.Code = strings.TrimSpace(string(text))
	}
	if e.Server == "" || e.Code == "" || e.Address == "" && s.SNMP.Listen == "" {
		return fault.New(fault.Invalid, "", "enrol", "--server, --address and a code (--code-file or DRYDOCK_CODE) are needed")
	}
	fmt.Fprintln(errs, "announced; a person has to approve it: drydock device pending")
	keys, err := agent.Enrol(ctx, s, e)
	if err != nil {
		return err
	}
	if s.SNMP.AgentX == "" {
		_, err = fmt.Fprintf(out, "enrolled as %s; the keys are in %s\n", keys.User, s.State)
		return err
	}
	// for the master agent's configuration, which is the user's
	_, err = fmt.Fprintf(out, "createUser %s %s %q %s %q\nrwuser %s priv\n", keys.User, keys.AuthProtocol, keys.AuthPassword,
		strings.ReplaceAll(keys.PrivProtocol, "AES-128", "AES"), keys.PrivPassword, keys.User)
	return err
}
