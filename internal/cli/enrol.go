package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/fleet"
)

func (s *session) deviceEnrolCode() *cobra.Command {
	n := client.NewEnrolmentCode{}
	c := &cobra.Command{
		Use:     "enrol-code",
		Short:   "Make a code with which one piece of equipment may announce itself; it is shown this once",
		Example: "  drydock device enrol-code --label 'box for Mainz' --hours 24",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&n.Label, "label", "", "`TEXT` for people: what it is for")
	c.Flags().IntVar(&n.Hours, "hours", 72, "`N` hours that it is good")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		made, err := api.AddEnrolmentCode(c.Context(), n)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "good once, until %s\n", stamp(made.Expires))
		return s.print(made, func(w *tabwriter.Writer) { row(w, made.Code) })
	}
	return c
}

func (s *session) devicePending() *cobra.Command {
	return &cobra.Command{
		Use:   "pending",
		Short: "Equipment that has announced itself and waits to be approved",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			list, err := api.Enrolments(c.Context())
			if err != nil {
				return err
			}
			return s.print(list, func(w *tabwriter.Writer) {
				row(w, "ID", "STATE", "SERIAL", "MODEL", "ADDRESS", "FROM", "LABEL", "DEVICE")
				for _, e := range list {
					row(w, e.ID, string(e.State), e.Serial, e.Model, e.Address, e.From, e.Label, string(e.Device))
				}
			})
		},
	}
}

func (s *session) deviceApprove() *cobra.Command {
	a := client.Approval{}
	c := &cobra.Command{
		Use:     "approve ENROLMENT DEVICE",
		Short:   "Take announced equipment into the fleet under that name, with SNMPv3 keys of its own",
		Example: "  drydock device approve 5f0c21ab9d3e box-0042 --label site=mainz",
		Args:    cobra.ExactArgs(2),
	}
	c.Flags().StringVar(&a.Address, "address", "", "`HOST[:PORT]` of its SNMP agent, where it is another than it says")
	c.Flags().StringToStringVar(&a.Labels, "label", nil, "`KEY=VALUE`, repeatable")
	c.RunE = func(c *cobra.Command, args []string) error {
		a.Device = fleet.DeviceID(args[1])
		api, err := s.client()
		if err != nil {
			return err
		}
		e, err := api.ApproveEnrolment(c.Context(), args[0], a)
		if err != nil {
			return err
		}
		return s.print(e, func(w *tabwriter.Writer) { row(w, string(e.Device), string(e.State)) })
	}
	return c
}

func (s *session) deviceRefuse() *cobra.Command {
	return &cobra.Command{
		Use:   "refuse ENROLMENT",
		Short: "Refuse announced equipment",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			api, err := s.client()
			if err != nil {
				return err
			}
			e, err := api.RefuseEnrolment(c.Context(), args[0])
			if err != nil {
				return err
			}
			return s.print(e, func(w *tabwriter.Writer) { row(w, e.ID, string(e.State)) })
		},
	}
}
