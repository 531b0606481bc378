package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/notify"
)

// linkStyle is the look of the pages of answer links, which have no script.
const linkStyle = "body{font:16px system-ui,sans-serif;max-width:40em;margin:2em auto;padding:0 1em}button{font:inherit;padding:.6em 1.2em}dt{font-weight:bold}dd{margin:0 0 .6em;overflow-wrap:anywhere}"

// showAnswerLink is the operation that shows a link's page. A link that needs a
// login sends who has none to drydock's page, which asks for it and then for
// the same answer.
const showAnswerLink = "show-answer-link"

// linkPage is what a browser shows for an answer link. The question is only
// answered by its button: programs that look at links in mail press none.
const linkPage = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>drydock: answer</title><style>` + linkStyle + `</style></head><body>
{{if .Error}}<h1>This link answers nothing</h1><p>{{.Error}}</p>
{{else if .Done}}<h1>Answered</h1><p>{{.Question.Device}} was told: {{.Choice}}.</p>
{{else}}<h1>{{.Question.Device}}: {{.Choice}}?</h1>
<dl><dt>Asked at</dt><dd>{{.Question.Step}}, attempt {{.Question.Attempt}}</dd><dt>Because of</dt><dd>{{.Question.Cause}}</dd>
{{with .Question.Detail}}<dt>In detail</dt><dd>{{.}}</dd>{{end}}<dt>Ends</dt><dd>{{.Ends}}</dd></dl>
<form method="post" action="{{.Action}}"><button>Answer {{.Choice}}</button></form>
{{if not .Open}}<p>You must be logged in to drydock in this browser.</p>{{end}}{{end}}
</body></html>
`

// linkView is what linkPage shows.
type linkView struct {
	client.AnswerLink
	Action, Ends, Error string
	Done                bool
}

type html struct {
	Status      int
	Location    string `header:"Location"`
	ContentType string `header:"Content-Type"`
	Policy      string `header:"Content-Security-Policy"`
	Referrer    string `header:"Referrer-Policy"`
	Body        []byte
}

func linkHTML(status int, view linkView) (*html, error) { return pageHTML(status, linkPage, view) }

// pageHTML makes a page without script from a template and what it shows.
func pageHTML(status int, text string, view any) (*html, error) {
	page, err := template.New("page").Parse(text)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if err := page.Execute(&b, view); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(linkStyle))
	policy := "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	return &html{Status: status, ContentType: "text/html; charset=utf-8", Policy: policy, Referrer: "same-origin", Body: []byte(b.String())}, nil
}

// answerLinks are the operations of the links in notifications: a page that
// asks for a click, and what the click does. A link that needs a login goes
// through the gate as any answer does.
func (s *server) answerLinks() {
	register(s, get(showAnswerLink, "/answer/{token}", "The page of an answer link"), func(ctx context.Context, in *linkInput) (*html, error) {
		link, q, err := s.followed(ctx, in.Token)
		if err != nil {
			return s.linkFailed(err)
		}
		if !link.Open && requestOf(ctx).who.Name == "" {
			return &html{Status: http.StatusSeeOther, Location: "/questions/" + url.PathEscape(q.ID) + "?answer=" + url.QueryEscape(string(link.Choice)), Referrer: "same-origin"}, nil
		}
		action := "/answer/" + in.Token
		if !link.Open {
			action += "/confirm"
		}
		return linkHTML(http.StatusOK, linkView{AnswerLink: client.AnswerLink{Question: q, Choice: link.Choice, Open: link.Open}, Action: action,
			Ends: time.Unix(link.Ends, 0).UTC().Format("2006-01-02 15:04 MST")})
	})
	register(s, post("answer-by-open-link", "/answer/{token}", "Answer by a link that needs no login"), s.click(true))
	register(s, post("answer-by-link", "/answer/{token}/confirm", "Answer by a link, logged in"), s.click(false))
}

type linkInput struct {
	Token string `path:"token" maxLength:"2048"`
}

// click answers the question of a link.
func (s *server) click(open bool) func(context.Context, *linkInput) (*html, error) {
	return func(ctx context.Context, in *linkInput) (*html, error) {
		link, q, err := s.followed(ctx, in.Token)
		switch {
		case err != nil:
		case !open:
			err = s.may(ctx, q.Device)
		case !link.Open:
			err = fault.New(fault.Denied, "", "answer link", "it needs a login")
		default:
			r := requestOf(ctx)
			r.object = "question " + q.ID
			err = s.record(ctx, r, access.Ordered, string(link.Choice)+" by link of channel "+link.Channel)
		}
		if err == nil {
			q, err = s.answer(ctx, q.ID, client.Reply{Choice: link.Choice, By: "link of channel " + link.Channel})
		}
		if err != nil {
			s.failed(ctx, err)
			return s.linkFailed(err)
		}
		return linkHTML(http.StatusOK, linkView{AnswerLink: client.AnswerLink{Question: q, Choice: link.Choice}, Done: true})
	}
}

// followed reads a link and its question, which must be open.
func (s *server) followed(ctx context.Context, token string) (link notify.Link, q client.Question, err error) {
	if link, err = s.Notifier.Linker.Parse(token, time.Now()); err != nil {
		return link, q, err
	}
	channel, err := s.Notifier.Channel(link.Channel)
	if err != nil || channel.Disabled || channel.Links == "" || channel.Links == notify.NoLinks || link.Open && channel.Links != notify.OpenLinks {
		return link, q, fault.New(fault.Conflict, "", "answer link", "its channel has no such links any more")
	}
	if q, err = s.question(ctx, link.Question); err != nil {
		return link, q, err
	}
	switch {
	case q.Choice != "":
		err = fault.New(fault.Conflict, "", "question "+q.ID, "%s has answered it with %q", q.AnsweredBy, q.Choice)
	case !q.Open:
		err = fault.New(fault.Conflict, "", "question "+q.ID, "it was withdrawn")
	}
	return link, q, err
}

func (s *server) linkFailed(err error) (*html, error) {
	if fault.CodeOf(err) == fault.Internal {
		return nil, err
	}
	return linkHTML(fault.CodeOf(err).Status(), linkView{Error: err.Error()})
}
