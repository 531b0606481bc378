package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// deviceSelf shows the run that a device carries out by itself, and answers its
// question.
func (s *session) deviceSelf() *cobra.Command {
	a := procedure.SelfAnswer{}
	c := &cobra.Command{
		Use:     "self DEVICE",
		Short:   "The newest run that a device has carried out by itself; --answer answers its question",
		Example: "  drydock device self box-0042\n  drydock device self box-0042 --answer repeat",
		Args:    cobra.ExactArgs(1),
	}
	choice := c.Flags().String("answer", "", "`CHOICE`: repeat, proceed, restore-files or stop, as the question allows")
	c.Flags().StringVar(&a.By, "by", "", "`NAME` of who answers")
	c.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		id := fleet.DeviceID(args[0])
		var r client.SelfRun
		if *choice == "" {
			r, err = api.SelfRun(c.Context(), id)
		} else {
			a.Choice = procedure.Choice(*choice)
			r, err = api.AnswerSelf(c.Context(), id, a)
		}
		if err != nil {
			return err
		}
		return s.print(r, func(w *tabwriter.Writer) {
			row(w, "RUN", "TO", "STEP", "PHASE", "TOLD")
			row(w, r.Summary.Run, r.Summary.Target, string(r.Summary.Step), string(r.Summary.Phase), stamp(r.At))
			if q := r.Summary.Question; q != nil {
				row(w, "asks", string(q.Cause), q.Detail, fmt.Sprint(q.Choices))
			}
			if r.Answer != nil {
				row(w, "answered", string(r.Answer.Choice), r.Answer.By)
			}
			if e := r.Summary.Result; e != nil {
				row(w, "ended", string(e.Outcome), e.Detail)
			}
		})
	}
	return c
}
