package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/oidc"
	"drydock/internal/secret"
)

// oidcSetting is the key of the settings in the store, where they rest sealed.
const oidcSetting = "oidc"

// oidcState is the provider that was asked last, and the key that seals what a
// browser keeps of its login.
type oidcState struct {
	keys *secret.Keyring // made at the start: a login lives minutes

	mu       sync.Mutex // owns the rest
	settings string     // what provider was made of
	provider *oidc.Provider
}

func newOIDCState() *oidcState {
	keys, err := secret.NewKeyring(newSecret())
	if err != nil {
		panic(err) // it has a key
	}
	return &oidcState{keys: keys}
}

// loginLife is how long somebody may take at the provider.
const loginLife = 10 * time.Minute

// oidcLogin is what the browser keeps while it is at the provider.
type oidcLogin struct {
	oidc.Login
	Ends time.Time `json:"ends"`
}

// sent sends the browser elsewhere.
type sent struct {
	Status    int
	Location  string   `header:"Location"`
	SetCookie []string `header:"Set-Cookie"`
}

// arrived is sent, or a page that says why not.
type arrived struct {
	Status      int
	Location    string   `header:"Location"`
	SetCookie   []string `header:"Set-Cookie"`
	ContentType string   `header:"Content-Type"`
	Policy      string   `header:"Content-Security-Policy"`
	Body        []byte
}

// failedPage is what a person sees whose login at the provider was refused.
const failedPage = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>drydock: login</title>
<style>` + linkStyle + `</style></head><body><h1>The login did not succeed</h1><p>{{.Detail}}</p>{{with .Hint}}<p>{{.}}</p>{{end}}
<p><a href="/">Back to drydock</a></p></body></html>
`

func (s *server) oidcLogins() {
	register(s, get("oidc-start", "/api/v1/oidc/start", "Send the browser to the organisation's provider to log in"), func(ctx context.Context, _ *struct{}) (*sent, error) {
		return s.oidcStart(ctx)
	})
	register(s, get("oidc-return", "/api/v1/oidc/return", "Where the provider sends the browser back to"), func(ctx context.Context, q *struct {
		Code   string `query:"code"`
		State  string `query:"state"`
		Error  string `query:"error"`
		Why    string `query:"error_description"`
		Secure string `cookie:"__Host-drydock-oidc"`
		Plain  string `cookie:"drydock-oidc"`
		Accept string `header:"Accept"`
	}) (*arrived, error) {
		kept := q.Plain
		if requestOf(ctx).secure {
			kept = q.Secure
		}
		var to *sent
		err := error(fault.New(fault.Denied, "", "OIDC login", "the provider says: %s %s", q.Error, q.Why))
		if q.Error == "" {
			to, err = s.oidcReturn(ctx, kept, q.State, q.Code)
		}
		switch {
		case err == nil:
			return &arrived{Status: to.Status, Location: to.Location, SetCookie: to.SetCookie, Policy: noContent}, nil
		case fault.CodeOf(err) == fault.Internal || !strings.Contains(q.Accept, "text/html"):
			return nil, err
		}
		page, pageErr := pageHTML(fault.CodeOf(err).Status(), failedPage, client.Problem{Detail: err.Error(), Hint: fault.HintOf(err)})
		if pageErr != nil {
			return nil, pageErr
		}
		return &arrived{Status: page.Status, ContentType: page.ContentType, Policy: page.Policy, Body: page.Body}, nil
	})
	register(s, get("show-oidc", "/api/v1/settings/oidc", "How people log in at the organisation's provider; without the secret"),
		func(ctx context.Context, _ *struct{}) (*body[client.OIDC], error) {
			settings, err := s.oidcSettings(ctx)
			settings.ClientSecret = ""
			return answer(settings, err)
		})
	register(s, operation(http.MethodPut, "put-oidc", "/api/v1/settings/oidc", "Set how people log in at the organisation's provider; it is asked at once"),
		func(ctx context.Context, in *body[client.OIDC]) (*body[client.OIDC], error) {
			return answer(s.putOIDC(ctx, in.Body))
		})
	register(s, operation(http.MethodDelete, "remove-oidc", "/api/v1/settings/oidc", "Let nobody log in at a provider any more"),
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			return nil, s.Store.PutSetting(ctx, oidcSetting, nil, true)
		})
}

// oidcSettings gives the settings, or fault.NotFound.
func (s *server) oidcSettings(ctx context.Context) (out client.OIDC, err error) {
	raw, err := s.Store.Setting(ctx, oidcSetting)
	if fault.Is(err, fault.NotFound) || err == nil && len(raw) == 0 {
		return out, fault.New(fault.NotFound, "", "setting oidc", "OIDC is not set up").WithHint("an administrator does it with drydock oidc set")
	}
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	return out, err
}

// putOIDC keeps the settings if the provider answers to them. Where they have
// no secret, the one from before stays.
func (s *server) putOIDC(ctx context.Context, in client.OIDC) (client.OIDC, error) {
	if err := access.CheckGroups(in.Groups); err != nil {
		return in, err
	}
	before, err := s.oidcSettings(ctx)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return in, err
	}
	if in.ClientSecret == "" && before.Issuer == in.Issuer && before.ClientID == in.ClientID {
		in.ClientSecret = before.ClientSecret
	}
	if _, err := oidc.Open(ctx, providerSettings(in)); err != nil {
		return in, err
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return in, err
	}
	in.ClientSecret = ""
	return in, s.Store.PutSetting(ctx, oidcSetting, raw, true)
}

func providerSettings(in client.OIDC) oidc.Settings {
	return oidc.Settings{Issuer: in.Issuer, ClientID: in.ClientID, ClientSecret: secret.New(in.ClientSecret), Return: in.ReturnURL(),
		Scopes: in.Scopes, NameClaim: in.NameClaim, GroupsClaim: in.GroupsClaim, CA: in.CA}
}

// oidcProvider gives the provider of the settings, which is asked for its
// configuration once.
func (s *server) oidcProvider(ctx context.Context) (*oidc.Provider, client.OIDC, error) {
	settings, err := s.oidcSettings(ctx)
	if err != nil {
		return nil, settings, err
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return nil, settings, err
	}
	s.oidc.mu.Lock()
	defer s.oidc.mu.Unlock()
	if s.oidc.provider == nil || s.oidc.settings != string(raw) {
		provider, err := oidc.Open(ctx, providerSettings(settings))
		if err != nil {
			return nil, settings, err
		}
		s.oidc.provider, s.oidc.settings = provider, string(raw)
	}
	return s.oidc.provider, settings, nil
}

const oidcContext = "oidc login"

func (s *server) oidcStart(ctx context.Context) (*sent, error) {
	provider, _, err := s.oidcProvider(ctx)
	if err != nil {
		return nil, err
	}
	login := oidcLogin{oidc.Login{State: access.SecretText(newSecret()), Nonce: access.SecretText(newSecret()), Verifier: access.SecretText(newSecret())},
		time.Now().Add(loginLife)}
	raw, err := json.Marshal(login)
	if err != nil {
		return nil, err
	}
	kept := encode(s.oidc.keys.Seal(raw, oidcContext))
	return &sent{http.StatusFound, provider.Begin(login.Login), []string{oidcCookie(kept, requestOf(ctx).secure)}}, nil
}

// oidcCookie comes back with the browser from the provider, so it is Lax and
// not Strict.
func oidcCookie(kept string, secure bool) string {
	c := http.Cookie{Name: cookieName(secure) + "-oidc", Value: kept, Path: "/", HttpOnly: true, Secure: secure,
		SameSite: http.SameSiteLaxMode, MaxAge: int(loginLife / time.Second)}
	if kept == "" {
		c.MaxAge = -1
	}
	return c.String()
}

func (s *server) oidcReturn(ctx context.Context, kept, state, code string) (*sent, error) {
	provider, settings, err := s.oidcProvider(ctx)
	if err != nil {
		return nil, err
	}
	var login oidcLogin
	raw, err := s.oidc.keys.Open(decode(kept), oidcContext)
	if err == nil {
		err = json.Unmarshal(raw, &login)
	}
	if err != nil || time.Now().After(login.Ends) {
		login = oidcLogin{} // Finish says what is wrong with it
	}
	person, err := provider.Finish(ctx, login.Login, state, code)
	if err != nil {
		return nil, err
	}
	if err := s.admit(ctx, person, settings); err != nil {
		s.entranceRefused(ctx, person.Name, err)
		return nil, err
	}
	in, err := s.enterAs(ctx, person.Name)
	if err != nil {
		return nil, err
	}
	return &sent{http.StatusSeeOther, "/", []string{in.SetCookie, oidcCookie("", requestOf(ctx).secure)}}, nil
}

// admit makes or renews the user that a person is here. The provider's word is
// for its own people: a user with a password, or another person's, stays whose
// it is.
func (s *server) admit(ctx context.Context, person oidc.Person, settings client.OIDC) error {
	grants := access.GrantsOfGroups(settings.Groups, person.Groups)
	if len(grants) == 0 {
		return fault.New(fault.Denied, "", "OIDC login", "%q is in no group that has a role here", person.Name).
			WithHint("an administrator gives groups their roles with drydock oidc set")
	}
	u := access.User{Name: person.Name, External: person.ID, Grants: grants, CreatedAt: time.Now().UTC().Truncate(time.Microsecond)}
	err := s.Store.AddUser(ctx, u, "", false)
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	return s.Store.ChangeUser(ctx, person.Name, func(known *access.User, _ *string) error {
		if known.External != person.ID {
			return fault.New(fault.Denied, "", "OIDC login", "the user %s here is somebody else", person.Name).
				WithHint("an administrator removes that user, or chooses another claim for names")
		}
		if known.Disabled {
			return fault.New(fault.Denied, "", "OIDC login", "the user %s is disabled", person.Name)
		}
		known.Grants = grants
		return nil
	})
}
