package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"drydock/client"
)

func (s *session) tokenCommand() *cobra.Command {
	return noun("token", "API tokens for scripts: create, list, revoke", s.tokenCreate(), s.tokenList(), s.tokenRevoke())
}

func (s *session) tokenCreate() *cobra.Command {
	in := client.NewToken{}
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Make an API token; its text is shown this once",
		Long: `Make an API token, which may what its owner may, or less. Its text goes to standard
output and is not kept: the server has a hash of it.`,
		Example: "  drydock token create laptop --login bob\n" +
			"  drydock token create nightly-backup --user bob --role operator:site=north --days 30",
		Args: cobra.ExactArgs(1),
	}
	roles := c.Flags().StringArray("role", nil, rolesHelp+" (default: all that the owner has)")
	login := c.Flags().String("login", "", "log in as `NAME` with a password, which is asked for, or is a line of standard input")
	c.Flags().StringVar(&in.Owner, "user", "", "`NAME` of the user it acts for (default: who asks)")
	c.Flags().IntVar(&in.Days, "days", 90, "`N` days until it expires, at most 366")
	c.MarkFlagsMutuallyExclusive("login", "user")
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		if in.Grants, err = parseGrants(*roles); err != nil {
			return err
		}
		in.Name = args[0]
		api, err := s.client()
		if err != nil {
			return err
		}
		made, err := s.makeToken(c.Context(), api, *login, in)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "token %s (%s) of %s: %s; until %s\n", made.ID, made.Name, made.Owner, grantTexts(made.Grants), stamp(made.ExpiresAt))
		return s.print(made, func(w *tabwriter.Writer) { row(w, made.Text) })
	}
	return c
}

// makeToken makes a token, in a session of its own if login names a user.
func (s *session) makeToken(ctx context.Context, api *client.Client, login string, in client.NewToken) (made client.MadeToken, err error) {
	if login == "" {
		return api.AddToken(ctx, in)
	}
	password, err := s.password("password of " + login)
	if err != nil {
		return made, err
	}
	mine, err := api.LoggedIn(ctx, client.Login{Name: login, Password: password})
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, mine.LogOut(ctx)) }()
	return mine.AddToken(ctx, in)
}

func (s *session) tokenList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List one's own API tokens; an administrator's list has all", Args: cobra.NoArgs}
	c.RunE = func(c *cobra.Command, _ []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		list, err := api.Tokens(c.Context())
		if err != nil {
			return err
		}
		return s.print(list, func(w *tabwriter.Writer) {
			row(w, "TOKEN", "NAME", "USER", "ROLES", "EXPIRES", "USED")
			for _, t := range list {
				expires := stamp(t.ExpiresAt)
				if !t.Alive(time.Now()) {
					expires += " (expired)"
				}
				row(w, t.ID, t.Name, t.Owner, grantTexts(t.Grants), expires, stamp(t.UsedAt))
			}
		})
	}
	return c
}

func (s *session) tokenRevoke() *cobra.Command {
	c := &cobra.Command{Use: "revoke TOKEN", Short: "Revoke an API token; it holds at once", Args: cobra.ExactArgs(1)}
	c.RunE = func(c *cobra.Command, args []string) error {
		api, err := s.client()
		if err != nil {
			return err
		}
		if err := api.RevokeToken(c.Context(), args[0]); err != nil {
			return err
		}
		fmt.Fprintf(s.Stderr, "token %s revoked\n", printable(args[0]))
		return nil
	}
	return c
}
