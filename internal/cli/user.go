package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/access"
)

func (s *session) userCommand() *cobra.Command {
	return noun("user", "Who may do what: add, list, change, password, remove", s.userAdd(), s.userList(), s.userChange(), s.userPassword(), s.userRemove())
}

const rolesHelp = "`ROLE[:SCOPE]`, repeatable: viewer, operator, approver or administrator, as operator:site=north; no scope: the whole fleet"

func (s *session) userAdd() *cobra.Command {
	c := &cobra.Command{
		Use:   "add NAME --role ROLE[:SCOPE]",
		Short: "Add a user; the password is asked for, or is the first line of standard input",
		Example: "  drydock user add ann --role administrator\n" +
			"  drydock user add bob --role viewer --role operator:site=north,tier=edge",
		Args: cobra.ExactArgs(1),
	}
	roles := c.Flags().StringArray("role", nil, rolesHelp)
	without := c.Flags().Bool("no-password", false, "the user comes by OIDC or by tokens only")
	c.RunE = func(c *cobra.Command, args []string) error {
		grants, err := parseGrants(*roles)
		if err != nil {
			return err
		}
		if len(grants) == 0 {
			return usagef("say with --role what %s may", args[0])
		}
		in := client.NewUser{Name: args[0], Grants: grants}
		if !*without {
			if in.Password, err = s.newPassword(args[0]); err != nil {
				return err
			}
		}
		api, err := s.client()
		if err != nil {
			return err
		}
		added, err := api.AddUser(c.Context(), in)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "user %s added: %s\n", added.Name, grantTexts(added.Grants))
		return s.printUnlessTable(added)
	}
	return c
}

// printUnlessTable gives v to programs; people were told on stderr.
func (s *session) printUnlessTable(v any) error {
	if s.output == "table" {
		return nil
	}
	return s.print(v, nil)
}

func parseGrants(texts []string) (grants []access.Grant, err error) {
	for _, text := range texts {
		g, err := access.ParseGrant(text)
		if err != nil {
			return nil, &usageError{err}
		}
		grants = append(grants, g)
	}
	return grants, nil
}

func grantTexts(grants []access.Grant) string {
	texts := make([]string, len(grants))
	for i, g := range grants {
		texts[i] = g.String()
	}
	return strings.Join(texts, " ")
}

// newPassword asks twice on a terminal; elsewhere it reads one line.
func (s *session) newPassword(user string) (string, error) {
	first, err := s.password("new password of " + user)
	if err != nil || !s.IsTerminal {
		return first, err
	}
	again, err := s.password("once more")
	if err == nil && again != first {
		err = usagef("the two passwords are not the same; nothing was done")
	}
	return first, err
}

// password reads a password without showing it on a terminal.
func (s *session) password(prompt string) (string, error) {
	if s.IsTerminal && s.ReadPassword != nil {
		fmt.Fprintf(s.Stderr, "%s: ", prompt)
		text, err := s.ReadPassword()
		if errors.Is(err, context.Canceled) {
			return "", s.refused()
		}
		fmt.Fprintln(s.Stderr)
		if errors.Is(err, io.EOF) {
			err = usagef("no %s was given", prompt)
		}
		return text, err
	}
	if s.input == nil {
		s.input = bufio.NewReader(s.Stdin)
	}
	line, err := s.input.ReadString('\n')
	if err != nil && line == "" {
		return "", usagef("the %s is expected as a line of standard input: %v", prompt, err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func (s *session) userList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List users and their roles", Args: cobra.NoArgs}
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		list, err := api.Users(c.Context())
		if err != nil {
			return err
		}
		return s.print(list, func(w *tabwriter.Writer) {
			row(w, "USER", "ROLES", "STATE", "SINCE")
			for _, u := range list {
				state := "active"
				if u.Disabled {
					state = "disabled"
				}
				row(w, u.Name, grantTexts(u.Grants), state, stamp(u.CreatedAt))
			}
		})
	}
	return c
}

func (s *session) userChange() *cobra.Command {
	c := &cobra.Command{
		Use:     "change NAME",
		Short:   "Change what a user may; it holds at once",
		Example: "  drydock user change bob --role viewer\n  drydock user change bob --disable",
		Args:    cobra.ExactArgs(1),
	}
	roles := c.Flags().StringArray("role", nil, rolesHelp+"; these replace all that the user has")
	disable := c.Flags().Bool("disable", false, "end the user's sessions and let neither them nor their tokens in")
	enable := c.Flags().Bool("enable", false, "let the user in again")
	c.MarkFlagsMutuallyExclusive("disable", "enable")
	c.RunE = func(c *cobra.Command, args []string) error {
		grants, err := parseGrants(*roles)
		if err != nil {
			return err
		}
		change := client.UserChange{Grants: grants}
		if *disable || *enable {
			change.Disabled = disable
		}
		if len(grants) == 0 && change.Disabled == nil {
			return usagef("say what to change: --role, --disable or --enable")
		}
		api, err := s.client()
		if err != nil {
			return err
		}
		u, err := api.ChangeUser(c.Context(), args[0], change)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "user %s: %s\n", u.Name, grantTexts(u.Grants))
		return s.printUnlessTable(u)
	}
	return c
}

func (s *session) userPassword() *cobra.Command {
	c := &cobra.Command{
		Use:   "password NAME",
		Short: "Give a user a new password; their sessions end",
		Long: `Give a user a new password; their sessions end. The password is asked for, or is a
line of standard input. To change one's own with a token of one's own, the old one
comes first.`,
		Args: cobra.ExactArgs(1),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		me, err := api.Me(c.Context())
		if err != nil {
			return err
		}
		var change client.PasswordChange
		if me.Name == args[0] && me.Kind != access.ByBootstrap {
			if change.Old, err = s.password("old password"); err != nil {
				return err
			}
		}
		if change.New, err = s.newPassword(args[0]); err != nil {
			return err
		}
		if err := api.ChangePassword(c.Context(), args[0], change); err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "user %s has a new password\n", printable(args[0]))
		return nil
	}
	return c
}

func (s *session) userRemove() *cobra.Command {
	c := &cobra.Command{Use: "remove NAME", Short: "Remove a user with their sessions and tokens", Args: cobra.ExactArgs(1)}
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := s.consent("remove user %s with their sessions and tokens", printable(args[0])); err != nil {
			return err
		}
		api, err := s.client()
		if err != nil {
			return err
		}
		if err := api.RemoveUser(c.Context(), args[0]); err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "user %s removed\n", printable(args[0]))
		return nil
	}
	return c
}
