package migrate

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"drydock/internal/fault"
)

// script is a rule's function, written in Starlark: for what patterns and
// templates cannot say. It sees nothing but the tree: no clock, no file, no
// randomness; and it ends after scriptSteps.
type script struct {
	module   string
	function string
	fn       *starlark.Function
}

// Bounds of scripts.
const (
	scriptSteps  = 20_000_000 // of one call, and of a file's top level
	scriptDepth  = 10_000     // of calls within calls: a goroutine's stack ends the process
	scriptSource = 256 << 10  // bytes of a file
)

// watched is how many steps a script makes between two looks at its depth.
const watched = 1000

// bound makes a thread end at the bounds.
func bound(thread *starlark.Thread) {
	thread.SetMaxExecutionSteps(watched)
	thread.OnMaxSteps = func(t *starlark.Thread) {
		switch {
		case t.Steps >= scriptSteps:
			t.Cancel(fmt.Sprintf("too many steps: more than %d", scriptSteps))
		case t.CallStackDepth() > scriptDepth:
			t.Cancel(fmt.Sprintf("functions call each other more than %d deep", scriptDepth))
		default:
			t.SetMaxExecutionSteps(t.Steps + watched)
		}
	}
}

func (*script) verb() string       { return "script" }
func (*script) phase() phase       { return scripting }
func (*script) fits(captures) bool { return true }

// apply calls the function with what the rule's pattern has found.
func (s *script) apply(p *pass, m *match) bool {
	if m.n != nil && m.n.detached(p.d) {
		return false // an earlier call has dropped it
	}
	p.err = s.call(p, m)
	return false // what it did was counted by operation
}

func (s *script) call(p *pass, m *match) error {
	thread := &starlark.Thread{Name: m.rule.ID}
	bound(thread)
	x := &scriptCall{p: p, rule: m.rule, thread: thread}
	p.regexps.in(thread)
	thread.Print = func(_ *starlark.Thread, text string) { x.finding(&p.d.root, Info, text) }
	args := starlark.Tuple{&scriptContext{x, m.caps}}
	if s.fn.NumParams() == 2 {
		args = append(args, x.handle(cmp.Or(m.n, &p.d.root)))
	}
	if _, err := starlark.Call(thread, s.fn, args, nil); err != nil {
		return scriptFailed(m.rule, err)
	}
	return nil
}

// scriptFailed says where a script failed and why.
func scriptFailed(r *Rule, err error) error {
	where := ""
	var eval *starlark.EvalError
	if errors.As(err, &eval) {
		for i := range eval.CallStack {
			if at := eval.CallStack.At(i).Pos; at.Line > 0 {
				where = at.String() + ": "
				break
			}
		}
	}
	return fault.New(fault.Invalid, "migrate.Apply", "rule "+r.ID, "%s%s", where, strings.TrimPrefix(err.Error(), "fail: "))
}

// scripts loads a pack's Starlark files, each once.
type scripts struct {
	fsys    fs.FS
	dir     string
	modules map[string]*module
}

type module struct {
	globals starlark.StringDict
	err     error
	done    bool
}

func scriptOptions() *syntax.FileOptions {
	return &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, Recursion: true}
}

// load runs a file's top level and gives its globals, frozen.
func (s *scripts) load(name string) (starlark.StringDict, error) {
	name = path.Clean(name)
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("%s is outside of the pack's folder", name)
	}
	if m := s.modules[name]; m != nil {
		if !m.done {
			return nil, fmt.Errorf("%s loads itself", name)
		}
		return m.globals, m.err
	}
	m := &module{}
	s.modules[name] = m
	m.globals, m.err = s.run(name)
	m.done = true
	return m.globals, m.err
}

func (s *scripts) run(name string) (starlark.StringDict, error) {
	source, err := fs.ReadFile(s.fsys, path.Join(s.dir, name))
	if err != nil {
		return nil, err
	}
	if len(source) > scriptSource {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", name, len(source), scriptSource)
	}
	thread := &starlark.Thread{Name: name, Load: func(_ *starlark.Thread, wanted string) (starlark.StringDict, error) {
		return s.load(wanted)
	}}
	thread.Print = func(t *starlark.Thread, _ string) { t.Cancel("print outside of a function: nobody would read it") }
	bound(thread)
	(&regexps{}).in(thread)
	globals, err := starlark.ExecFileOptions(scriptOptions(), thread, name, source, scriptBuiltins())
	if err != nil {
		return nil, err
	}
	globals.Freeze()
	return globals, nil
}

// script reads a rule's "script: FILE:FUNCTION".
func (l *loader) script(o *object) action {
	text := o.text("script")
	file, function, ok := strings.Cut(text, ":")
	if !ok || file == "" || function == "" {
		l.Wrong(o.spot("script"), "for example: scripts/interfaces.star:pppoe", "script: FILE:FUNCTION is expected")
		return nil
	}
	globals, err := l.scripts.load(file)
	if err != nil {
		l.scriptMistakes(o.spot("script"), file, err)
		return nil
	}
	fn, ok := globals[function].(*starlark.Function)
	if !ok {
		l.Wrong(o.spot("script"), "", "%s has no function %s", file, function)
		return nil
	}
	if n := fn.NumParams(); n != 1 && n != 2 || fn.HasVarargs() || fn.HasKwargs() {
		l.Wrong(o.spot("script"), "def "+function+"(c), or with detect def "+function+"(c, node)", "%s takes %d parameters", text, n)
		return nil
	}
	return &script{file, function, fn}
}

// scriptMistakes puts what is wrong in a script's file among the pack's.
func (l *loader) scriptMistakes(at spot, file string, err error) {
	var unresolved resolve.ErrorList
	var unreadable syntax.Error
	var eval *starlark.EvalError
	add := func(pos syntax.Position, text string) {
		m := Mistake{File: pos.Filename(), Line: max(int(pos.Line), 1), Column: max(int(pos.Col), 1), Message: text}
		if m.File == "" {
			m.File = file
		}
		for _, have := range l.Mistakes {
			if have == m { // another rule names the same file
				return
			}
		}
		l.Mistakes = append(l.Mistakes, m)
	}
	switch {
	case errors.As(err, &unresolved):
		for _, e := range unresolved {
			add(e.Pos, e.Msg)
		}
	case errors.As(err, &unreadable):
		add(unreadable.Pos, unreadable.Msg)
	case errors.As(err, &eval) && len(eval.CallStack) > 0:
		add(eval.CallStack.At(0).Pos, eval.Msg)
	default:
		l.Wrong(at, "", "script: %v", err)
	}
}
