package cli

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drydock/client"
)

func (s *session) auditCommand() *cobra.Command {
	return noun("audit", "Who did what: list, verify", s.auditList(), s.auditVerify())
}

func (s *session) auditList() *cobra.Command {
	var q client.AuditQuery
	c := &cobra.Command{Use: "list", Short: "List the audit log, newest first", Args: cobra.NoArgs}
	c.Flags().StringVar(&q.Actor, "actor", "", "only what `NAME` did")
	c.Flags().StringVar(&q.Action, "action", "", "only this `OPERATION`, as start-runs")
	c.Flags().Int64Var(&q.Before, "before", 0, "only entries before number `N`")
	c.Flags().IntVar(&q.Limit, "limit", 100, "at most `N` entries")
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		list, err := api.Audit(c.Context(), q)
		if err != nil {
			return err
		}
		return s.print(list, func(w *tabwriter.Writer) {
			row(w, "ENTRY", "TIME", "ACTOR", "FROM", "ACTION", "OBJECT", "OUTCOME", "DETAIL")
			for _, e := range list {
				row(w, e.Seq, stamp(e.At), e.Actor, e.Address, e.Action, e.Object, e.Outcome, e.Detail)
			}
		})
	}
	return c
}

func (s *session) auditVerify() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify",
		Short: "Check that no entry of the audit log was changed or removed",
		Long: `Walk the whole audit log and check its chain; the first entry that was changed,
removed or put in is named. The last entry's number and code are printed: keep them
elsewhere and give them with --head later, and even who has the server's key cannot
have rewritten what was before.`,
		Args: cobra.NoArgs,
	}
	head := c.Flags().String("head", "", "`N:CODE` as an earlier verify printed it")
	c.RunE = func(c *cobra.Command, _ []string) error {
		known, err := parseHead(*head)
		if err != nil {
			return err
		}
		api, err := s.client()
		if err != nil {
			return err
		}
		h, err := api.VerifyAudit(c.Context(), known)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "the audit log is whole: %d entries\n", h.Entries)
		return s.print(h, func(w *tabwriter.Writer) { row(w, fmt.Sprintf("%d:%s", h.Entries, h.Code)) })
	}
	return c
}

func parseHead(text string) (h client.AuditHead, err error) {
	if text == "" {
		return h, nil
	}
	number, code, ok := strings.Cut(text, ":")
	if h.Entries, err = strconv.ParseInt(number, 10, 64); err != nil || !ok || h.Entries < 1 || code == "" {
		return h, usagef("--head %s: N:CODE is expected, as drydock audit verify prints it", text)
	}
	h.Code = code
	return h, nil
}
